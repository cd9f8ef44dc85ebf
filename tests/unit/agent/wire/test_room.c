/* One room for many sockets: who is handed a message may have the others read, and none of the
 * messages is lost or overwritten by that, however long they are and however deep it goes.
 */
#include "agent/wire/room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    SOCKETS = 24, /* together they have more than there is room for */
    DEEP = 4,
    EACH =
        40, /* more than the first call reads, and than one within another; a socket keeps them */
    LIMIT = 128,
    PASSES = 100,
    TOO_LONG = ROOM_WHOLE + 1000,
    MARK = 0x5a,
};

struct bench {
    struct room *room;
    int from[SOCKETS];
    int to[SOCKETS];
    unsigned next[SOCKETS]; /* number of the message that comes next */
    bool reading[SOCKETS];
    unsigned depth;
    unsigned deepest;
};

/* Who reads one socket. */
struct reader {
    struct bench *bench;
    size_t which;
};

/* In one piece, in two, and up to the longest that is kept whole. */
static size_t size_of(size_t which, unsigned number)
{
    static const size_t sizes[] = {60, 256, 257, 1500, ROOM_WHOLE};

    return sizes[(which + number) % (sizeof(sizes) / sizeof(sizes[0]))];
}

static void fill(uint8_t *octets, size_t which, unsigned number)
{
    size_t size = size_of(which, number);

    for (size_t i = 0; i < size; i++)
        octets[i] = (uint8_t)(i * 7 + which * 31 + number);
}

static int set_up(void **state)
{
    static struct bench bench;

    bench = (struct bench){.room = room_new()};
    *state = &bench;
    for (size_t i = 0; i < SOCKETS; i++) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
            return -1;
        bench.from[i] = pair[0];
        bench.to[i] = pair[1];
    }
    return bench.room != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < SOCKETS; i++) {
        close(bench->from[i]);
        close(bench->to[i]);
    }
    room_free(bench->room);
    return 0;
}

/* As many as the socket takes. */
static unsigned send_to(const struct bench *bench, size_t which, unsigned count)
{
    static uint8_t octets[ROOM_WHOLE];
    unsigned sent = 0;

    for (; sent < count; sent++) {
        fill(octets, which, sent);
        if (send(bench->from[which], octets, size_of(which, sent), 0) < 0)
            break;
    }
    return sent;
}

static void check(struct bench *bench, size_t which, const struct room_message *message)
{
    static uint8_t expected[ROOM_WHOLE];
    unsigned number = bench->next[which];

    fill(expected, which, number);
    assert_int_equal(message->size, size_of(which, number));
    assert_memory_equal(message->octets, expected, message->size);
    memset(message->octets - ROOM_HEAD, 0xee, ROOM_HEAD);
}

static size_t read_one(struct bench *bench, size_t which);

/* Reads all others, before it looks at its message once more. */
static void on_message(void *userdata, const struct room_message *message)
{
    const struct reader *reader = userdata;
    struct bench *bench = reader->bench;

    check(bench, reader->which, message);
    for (size_t i = 0; i < SOCKETS; i++)
        (void)read_one(bench, i);
    check(bench, reader->which, message);
    bench->next[reader->which]++;
}

static size_t read_one(struct bench *bench, size_t which)
{
    struct reader reader = {.bench = bench, .which = which};

    if (bench->reading[which])
        return 0;
    bench->reading[which] = true;
    bench->depth++;
    bench->deepest = bench->depth > bench->deepest ? bench->depth : bench->deepest;
    size_t n = room_read(bench->room, bench->to[which], LIMIT, on_message, &reader);
    bench->depth--;
    bench->reading[which] = false;
    return n;
}

static void a_read_within_a_read_takes_nothing_from_it(void **state)
{
    struct bench *bench = *state;
    unsigned sent[SOCKETS];

    for (size_t i = 0; i < SOCKETS; i++) {
        sent[i] = send_to(bench, i, EACH);
        assert_true(sent[i] > 0);
    }
    for (unsigned pass = 0; pass < PASSES; pass++)
        for (size_t i = 0; i < SOCKETS; i++)
            (void)read_one(bench, i);
    for (size_t i = 0; i < SOCKETS; i++)
        assert_int_equal(bench->next[i], sent[i]);
    assert_true(bench->deepest > DEEP);
}

static void count_up(void *userdata, const struct room_message *message)
{
    (void)message;
    ++*(size_t *)userdata;
}

static void take_whole(void *userdata, const struct room_message *message)
{
    static uint8_t expected[TOO_LONG];

    memset(expected, MARK, sizeof(expected));
    assert_int_equal(message->size, TOO_LONG);
    assert_memory_equal(message->octets, expected, TOO_LONG);
    ++*(size_t *)userdata;
}

static void no_more_are_read_than_was_asked_for(void **state)
{
    const struct bench *bench = *state;
    size_t count = 0;
    unsigned sent = send_to(bench, 0, 5);

    assert_int_equal(sent, 5);
    assert_int_equal(room_read(bench->room, bench->to[0], 2, count_up, &count), 2);
    assert_int_equal(room_read(bench->room, bench->to[0], 3, count_up, &count), 3);
    assert_int_equal(room_read(bench->room, bench->to[0], LIMIT, count_up, &count), 0);
    assert_int_equal(count, 5);
}

static void one_that_is_too_long_is_handed_on_all_the_same(void **state)
{
    static uint8_t octets[TOO_LONG];
    const struct bench *bench = *state;
    size_t count = 0;

    memset(octets, MARK, sizeof(octets));
    assert_int_equal(send(bench->from[0], octets, sizeof(octets), 0), sizeof(octets));
    assert_int_equal(room_read(bench->room, bench->to[0], LIMIT, take_whole, &count), 1);
    assert_int_equal(count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_read_within_a_read_takes_nothing_from_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_more_are_read_than_was_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_is_too_long_is_handed_on_all_the_same, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
