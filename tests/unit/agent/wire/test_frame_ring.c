/* The ring of frames: order, its bounds in octets and in time, and that what comes again and again
 * takes little room. */
#include "agent/wire/frame_ring.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    PACKS = 3,
    RING_SIZE = PACKS * FRAME_PACK_SIZE,
    FRAME_SIZE_MAX = 900,
    ADVERT_SIZE = 46,
    ADVERTS = 250,
};

/* Any octets, the same for the same seed. */
static uint32_t noise(uint32_t seed)
{
    seed = seed * 2654435761U + 12345;
    seed ^= seed >> 15;
    seed *= 2246822519U;
    return seed ^ seed >> 13;
}

/* Frame n: every third is like the one of its size before it but for some octets. */
static void fill(uint8_t *octets, uint64_t n, uint32_t size)
{
    const uint32_t few = (uint32_t)(n % 3 == 0 ? 1 : n % 7);

    for (uint32_t i = 0; i < size; i++)
        octets[i] = (uint8_t)noise(n % 3 != 2 ? i : i + (uint32_t)n * 1009);
    for (uint32_t i = 0; i < few && size > 0; i++)
        octets[noise((uint32_t)n + i) % size] = (uint8_t)n;
}

static struct frame_record about(uint64_t n, uint32_t size)
{
    return (struct frame_record){.boot_ns = n * NS_PER_US,
                                 /* The wall clock may be set back. */
                                 .wall_ns = (n % 50 == 7 ? 1000 : 1000000 + n) * NS_PER_US,
                                 .captured = size,
                                 .length = size + (uint32_t)(n % 2),
                                 .kind = n % 5 == 0 ? FRAME_NOTE : FRAME_PACKET};
}

static uint32_t size_of(uint64_t n)
{
    const uint32_t sizes[] = {ADVERT_SIZE, 94, 42, 0, 60, 1, 500};

    return n % 11 == 0 ? noise((uint32_t)n) % FRAME_SIZE_MAX : sizes[n % 7];
}

static void add(struct frame_ring *ring, uint64_t n, uint32_t size)
{
    const struct frame_record record = about(n, size);
    uint8_t octets[2 * FRAME_PACK_SIZE];

    fill(octets, n, size);
    frame_ring_add(ring, &record, octets);
}

static void check_one(uint64_t n, const struct frame_record *record, const uint8_t *octets)
{
    const struct frame_record expected = about(n, record->captured);
    uint8_t expected_octets[2 * FRAME_PACK_SIZE];

    assert_int_equal(record->boot_ns, expected.boot_ns);
    assert_int_equal(record->wall_ns, expected.wall_ns);
    assert_int_equal(record->length, expected.length);
    assert_int_equal(record->kind, expected.kind);
    fill(expected_octets, n, record->captured);
    assert_memory_equal(octets, expected_octets, record->captured);
}

/* Checks that what is there is numbered without a gap up to `last`; returns how many there are. */
static size_t check(struct frame_ring *ring, uint64_t now_us, uint64_t last)
{
    size_t used = frame_ring_used(ring, now_us * NS_PER_US, 0);
    uint8_t *copy = malloc(used + 1);
    struct frame_record record;
    const uint8_t *octets;
    size_t count = 0;
    uint64_t expected = 0;

    assert_non_null(copy);
    assert_true(used <= PACKS * FRAME_PACK_UNPACKED_MAX);
    size_t size = frame_ring_copy(ring, 0, copy);
    assert_true(size <= used);
    const uint8_t *at = copy;
    while (frame_record_next(&at, copy + size, &record, &octets)) {
        uint64_t n = record.boot_ns / NS_PER_US;

        if (count++ > 0)
            assert_int_equal(n, expected);
        check_one(n, &record, octets);
        expected = n + 1;
    }
    if (count > 0)
        assert_int_equal(expected, last + 1);
    free(copy);
    return count;
}

static struct frame_ring *make(uint64_t keep_us)
{
    struct frame_ring *ring;

    assert_int_equal(
        frame_ring_new(RING_SIZE, keep_us == UINT64_MAX ? keep_us : keep_us * NS_PER_US, &ring), 0);
    return ring;
}

static void an_empty_ring_has_nothing(void **state)
{
    struct frame_ring *ring = make(UINT64_MAX);

    (void)state;
    assert_int_equal(check(ring, 0, 0), 0);
    frame_ring_free(ring);
    frame_ring_free(NULL);
}

static void the_newest_push_out_the_oldest(void **state)
{
    struct frame_ring *ring = make(UINT64_MAX);
    size_t octets = 0;

    (void)state;
    for (uint64_t n = 1; n < 3000; n++) {
        add(ring, n, size_of(n));
        octets += size_of(n);
        size_t count = check(ring, n, n);
        assert_true(octets > RING_SIZE / 2 ? count > 20 : count == n);
        assert_int_equal(frame_ring_lost(ring, 0), n - count);
    }
    assert_true(frame_ring_lost(ring, 0) > 1000);
    frame_ring_free(ring);
}

static void frames_that_just_fit(void **state)
{
    struct frame_ring *ring = make(UINT64_MAX);

    (void)state;
    /* Two of the longest adverts do not fit into one pack, but what differs of the second does. */
    for (uint64_t n = 3; n < 3 + PACKS; n++)
        add(ring, n, FRAME_PACK_FRAME_MAX);
    assert_int_equal(check(ring, 5, 5), PACKS);
    assert_true(FRAME_PACK_FRAME_MAX > ADVERT_SIZE_MAX + 256);
    /* Longer than a pack: not kept, and nothing else is lost for it. */
    add(ring, 6, FRAME_PACK_FRAME_MAX + 1);
    assert_int_equal(check(ring, 6, 5), PACKS);
    frame_ring_clear(ring);
    assert_int_equal(check(ring, 6, 0), 0);
    add(ring, 7, 0);
    assert_int_equal(check(ring, 7, 7), 1);
    frame_ring_free(ring);
}

static void what_is_too_old_is_forgotten(void **state)
{
    struct frame_ring *ring = make(10);

    (void)state;
    for (uint64_t n = 1; n <= 8; n++)
        add(ring, n, 8);
    assert_int_equal(check(ring, 8, 8), 8);
    assert_int_equal(check(ring, 12, 8), 7); /* frame 2 is just as old as allowed */
    add(ring, 15, 8);                        /* adding forgets as well: 5..8 stay */
    add(ring, 16, 8);
    assert_int_equal(frame_ring_lost(ring, 0), 0);
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
    static uint8_t copy[2 * PACKS * FRAME_PACK_UNPACKED_MAX];

    (void)state;
    for (uint64_t first = 0; first < 120; first += 3) {
        for (uint64_t more = 0; more < 6; more++) {
            struct frame_ring *ring = make(UINT64_MAX);
            struct frame_record record;
            const uint8_t *octets;
            const uint8_t *at = copy;
            uint64_t expected = 1;

            for (uint64_t n = 1; n <= first; n++)
                add(ring, n, size_of(n));
            size_t size = frame_ring_copy(ring, 0, copy);
            uint64_t since = frame_ring_added(ring);
            assert_int_equal(since, first);
            for (uint64_t n = first + 1; n <= first + more; n++)
                add(ring, n, size_of(n));
            assert_int_equal(frame_ring_lost(ring, since), 0);
            size_t most = frame_ring_used(ring, (first + more) * NS_PER_US, since);
            size_t rest = frame_ring_copy(ring, since, copy + size);
            assert_true(rest <= most && (more > 0 || most == 0));
            while (frame_record_next(&at, copy + size + rest, &record, &octets))
                check_one(expected++, &record, octets);
            assert_int_equal(expected, first + more + 1);
            frame_ring_free(ring);
        }
    }
}

static void what_a_copy_misses_is_counted(void **state)
{
    struct frame_ring *ring = make(UINT64_MAX);
    const uint64_t last = 600;

    (void)state;
    for (uint64_t n = 1; n <= last; n++)
        add(ring, n, 300 + (uint32_t)n);
    size_t there = check(ring, last, last);
    assert_true(there < last);
    assert_int_equal(frame_ring_lost(ring, 1), last - 1 - there);
    assert_int_equal(frame_ring_lost(ring, last - 1), 0);
    assert_int_equal(frame_ring_lost(ring, last), 0);
    assert_int_equal(frame_ring_used(ring, last * NS_PER_US, last), 0);
    frame_ring_free(ring);
}

/* The adverts of 250 virtual routers, each different from all others, every 4 ms. */
static void add_advert(struct frame_ring *ring, uint64_t n)
{
    const struct frame_record record = {.boot_ns = n * 4 * NS_PER_MS + noise((uint32_t)n) % 99999,
                                        .wall_ns = n * 4 * NS_PER_MS,
                                        .captured = ADVERT_SIZE,
                                        .length = ADVERT_SIZE};
    const uint32_t router = (uint32_t)(n % ADVERTS);
    uint8_t octets[ADVERT_SIZE];

    for (uint32_t i = 0; i < ADVERT_SIZE; i++)
        octets[i] = (uint8_t)noise(i);
    octets[35] = (uint8_t)router;
    octets[40] = (uint8_t)noise(router);
    octets[41] = (uint8_t)(noise(router) >> 8);
    octets[44] = (uint8_t)(router >> 6);
    octets[45] = (uint8_t)router;
    frame_ring_add(ring, &record, octets);
}

static void what_comes_again_takes_little_room(void **state)
{
    struct frame_ring *ring = make(UINT64_MAX);
    const uint64_t last = 10000;

    (void)state;
    for (uint64_t n = 0; n < last; n++)
        add_advert(ring, n);
    uint64_t there = last - frame_ring_lost(ring, 0);
    /* A quarter of what they are, with what is kept beside each. */
    assert_true(there * (sizeof(struct frame_record) + ADVERT_SIZE) > 4 * RING_SIZE);
    frame_ring_free(ring);
}

static size_t resident(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*u %lu", &pages), 1); /* NOLINT(cert-err34-c) */
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* What is allocated is not touched before what is young enough needs it. */
static void what_few_frames_need_is_touched(void **state)
{
    const size_t size = 32 * 1024 * 1024;
    struct frame_ring *ring;

    (void)state;
    assert_int_equal(frame_ring_new(size, 100 * NS_PER_US, &ring), 0);
    size_t before = resident();
    for (uint64_t n = 1; n < 50000; n++)
        add(ring, n, FRAME_SIZE_MAX);
    assert_true(resident() < before + size / 16);
    assert_in_range(check(ring, 50000, 49999), 90, 101);
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
        cmocka_unit_test(what_comes_again_takes_little_room),
        cmocka_unit_test(what_few_frames_need_is_touched),
    };

    return cmocka_run_group_tests_name("frame_ring", tests, NULL, NULL);
}
