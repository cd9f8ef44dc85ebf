/* The ring of frames: order, wrap-around at every offset, its bounds in octets and in time. */
#include "agent/wire/frame_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RING_SIZE = 1024, FRAME_SIZE_MAX = 200 };

/* Frame n has its number in all octets, and is seen at n. */
static void add(struct frame_ring *ring, uint64_t n, uint32_t size)
{
    const struct frame_record record = {
        .boot_ns = n, .wall_ns = 1000 + n, .captured = size, .length = size + 1};
    uint8_t octets[RING_SIZE * 2];

    memset(octets, (int)(n & 0xff), sizeof(octets));
    frame_ring_add(ring, &record, octets);
}

/* Checks that what is there is numbered without a gap up to `last`; returns how many there are. */
static size_t check(struct frame_ring *ring, uint64_t now, uint64_t last)
{
    size_t used = frame_ring_used(ring, now, 0);
    uint8_t *copy = malloc(used + 1);
    struct frame_record record;
    const uint8_t *octets;
    size_t count = 0;
    uint64_t expected = 0;

    assert_non_null(copy);
    assert_true(used <= RING_SIZE);
    assert_int_equal(frame_ring_copy(ring, 0, copy), used);
    const uint8_t *at = copy;
    while (frame_record_next(&at, copy + used, &record, &octets)) {
        if (count++ > 0)
            assert_int_equal(record.boot_ns, expected);
        expected = record.boot_ns + 1;
        assert_int_equal(record.wall_ns, 1000 + record.boot_ns);
        assert_int_equal(record.length, record.captured + 1);
        for (uint32_t i = 0; i < record.captured; i++)
            assert_int_equal(octets[i], record.boot_ns & 0xff);
    }
    if (count > 0)
        assert_int_equal(expected, last + 1);
    free(copy);
    return count;
}

static void an_empty_ring_has_nothing(void **state)
{
    struct frame_ring *ring;

    (void)state;
    assert_int_equal(frame_ring_new(RING_SIZE, UINT64_MAX, &ring), 0);
    assert_int_equal(check(ring, 0, 0), 0);
    frame_ring_free(ring);
    frame_ring_free(NULL);
}

static void the_newest_push_out_the_oldest(void **state)
{
    struct frame_ring *ring;

    (void)state;
    /* Many sizes, so that the end of the ring is met at many offsets. */
    for (uint32_t base = 0; base < 64; base++) {
        assert_int_equal(frame_ring_new(RING_SIZE, UINT64_MAX, &ring), 0);
        for (uint64_t n = 1; n < 400; n++) {
            uint32_t size = (uint32_t)((n * 37 + base * 11) % FRAME_SIZE_MAX);

            add(ring, n, size);
            size_t count = check(ring, n, n);
            assert_true(count >= 1);
            /* At most one frame's room is wasted at the end, and one was in the way. */
            if (n > 60)
                assert_true(frame_ring_used(ring, n, 0) >= RING_SIZE - 3 * (FRAME_SIZE_MAX + 48));
        }
        frame_ring_free(ring);
    }
}

static void frames_that_just_fit(void **state)
{
    const uint32_t whole = RING_SIZE - sizeof(struct frame_record);
    struct frame_ring *ring;

    (void)state;
    assert_int_equal(frame_ring_new(RING_SIZE, UINT64_MAX, &ring), 0);
    add(ring, 1, whole);
    assert_int_equal(check(ring, 1, 1), 1);
    add(ring, 2, whole);
    assert_int_equal(check(ring, 2, 2), 1);
    /* Larger than the ring: not kept, and nothing else is lost for it. */
    add(ring, 3, whole + 1);
    assert_int_equal(check(ring, 3, 2), 1);
    /* Two halves fill it to the last octet. */
    const uint32_t half = RING_SIZE / 2 - sizeof(struct frame_record);
    add(ring, 4, half);
    add(ring, 5, half);
    assert_int_equal(check(ring, 5, 5), 2);
    assert_int_equal(frame_ring_used(ring, 5, 0), RING_SIZE);
    add(ring, 6, half);
    assert_int_equal(check(ring, 6, 6), 2);
    add(ring, 7, 0);
    assert_int_equal(check(ring, 7, 7), 2);
    frame_ring_clear(ring);
    assert_int_equal(check(ring, 7, 0), 0);
    frame_ring_free(ring);
}

static void what_is_too_old_is_forgotten(void **state)
{
    struct frame_ring *ring;

    (void)state;
    assert_int_equal(frame_ring_new(RING_SIZE, 10, &ring), 0);
    for (uint64_t n = 1; n <= 8; n++)
        add(ring, n, 8);
    assert_int_equal(check(ring, 8, 8), 8);
    assert_int_equal(check(ring, 12, 8), 7); /* frame 2 is just as old as allowed */
    add(ring, 15, 8);                        /* adding forgets as well: 5..8 stay */
    add(ring, 16, 8);
    assert_int_equal(check(ring, 25, 16), 2);
    assert_int_equal(check(ring, 26, 16), 1);
    assert_int_equal(check(ring, 27, 0), 0);
    add(ring, 28, 8);
    assert_int_equal(check(ring, 28, 28), 1);
    frame_ring_free(ring);
}

/* Two copies, the second of what came after the first, are as good as one. */
static void a_copy_is_continued(void **state)
{
    struct frame_ring *ring;

    (void)state;
    for (uint64_t first = 0; first < 40; first++) {
        for (uint64_t more = 0; more < 6; more++) {
            uint8_t copy[2 * RING_SIZE];
            struct frame_record record;
            const uint8_t *octets;
            const uint8_t *at = copy;
            uint64_t expected = 0;
            size_t size;

            assert_int_equal(frame_ring_new(RING_SIZE, UINT64_MAX, &ring), 0);
            for (uint64_t n = 1; n <= first; n++)
                add(ring, n, (uint32_t)(n * 29 % 90));
            size = frame_ring_copy(ring, 0, copy);
            uint64_t since = frame_ring_added(ring);
            assert_int_equal(since, first);
            for (uint64_t n = first + 1; n <= first + more; n++)
                add(ring, n, (uint32_t)(n * 29 % 90));
            assert_int_equal(frame_ring_lost(ring, since), 0);
            size_t rest = frame_ring_copy(ring, since, copy + size);
            assert_int_equal(rest, frame_ring_used(ring, first + more, since));
            while (frame_record_next(&at, copy + size + rest, &record, &octets)) {
                assert_true(expected == 0 || record.boot_ns == expected + 1);
                expected = record.boot_ns;
            }
            assert_int_equal(expected, first + more);
            frame_ring_free(ring);
        }
    }
}

static void what_a_copy_misses_is_counted(void **state)
{
    struct frame_ring *ring;

    (void)state;
    assert_int_equal(frame_ring_new(RING_SIZE, UINT64_MAX, &ring), 0);
    add(ring, 1, 8);
    for (uint64_t n = 2; n <= 100; n++)
        add(ring, n, 8);
    size_t there = check(ring, 100, 100);
    assert_int_equal(frame_ring_lost(ring, 1), 99 - there);
    assert_int_equal(frame_ring_lost(ring, 99), 0);
    assert_int_equal(frame_ring_lost(ring, 100), 0);
    assert_int_equal(frame_ring_used(ring, 100, 100), 0);
    frame_ring_free(ring);
}

static void another_size_keeps_the_newest(void **state)
{
    struct frame_ring *ring;

    (void)state;
    assert_int_equal(frame_ring_new(RING_SIZE, UINT64_MAX, &ring), 0);
    /* Round its end more than once. */
    for (uint64_t n = 1; n <= 50; n++)
        add(ring, n, 40);
    size_t whole = check(ring, 50, 50);
    assert_int_equal(frame_ring_resize(ring, RING_SIZE / 2), 0);
    size_t half = check(ring, 50, 50);
    assert_in_range(half, whole / 2 - 1, whole / 2);
    assert_true(frame_ring_used(ring, 50, 0) <= RING_SIZE / 2);
    assert_int_equal(frame_ring_added(ring), 50);
    assert_int_equal(frame_ring_lost(ring, 0), 50 - half);
    assert_int_equal(frame_ring_resize(ring, RING_SIZE), 0);
    assert_int_equal(check(ring, 50, 50), half);
    for (uint64_t n = 51; n <= 100; n++)
        add(ring, n, 40);
    assert_int_equal(check(ring, 100, 100), whole);
    /* What is larger than it is lost, and is counted so. */
    frame_ring_clear(ring);
    add(ring, 101, FRAME_SIZE_MAX);
    assert_int_equal(frame_ring_resize(ring, FRAME_SIZE_MAX / 2), 0);
    assert_int_equal(frame_ring_used(ring, 101, 0), 0);
    assert_int_equal(frame_ring_lost(ring, 100), 1);
    frame_ring_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_ring_has_nothing),
        cmocka_unit_test(the_newest_push_out_the_oldest),
        cmocka_unit_test(frames_that_just_fit),
        cmocka_unit_test(what_is_too_old_is_forgotten),
        cmocka_unit_test(a_copy_is_continued),
        cmocka_unit_test(what_a_copy_misses_is_counted),
        cmocka_unit_test(another_size_keeps_the_newest),
    };

    return cmocka_run_group_tests_name("frame_ring", tests, NULL, NULL);
}
