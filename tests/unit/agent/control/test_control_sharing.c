/* Many clients that ask for the status of all at the same time: what is made for one is good for
 * the others, but nobody gets what is older than the question. */
#include "agent/control/press.h"
#include "tests/unit/agent/control/control_bench.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    CLIENTS = 40,
    INSTANCES = 150,
    LAPS_MAX = 2, /* for those who have asked before the first is begun, and for all others */
    REPLY_BYTES_MAX = 1024 * 1024,
    LONG_BYTES_MAX = 48 * 1024 * 1024,
    SLOW_PADDING = 20 * 1024, /* of what would take a slow reader a minute */
    SLOW_BYTES = 4096,
    SLOW_EVERY_MS = 100,
    LAPS = 20,
    PIECE_BYTES = 64 * 1024, /* more is the thread's to send */
    LONG_PADDING = 2 * 1024 * 1024,
    OLD_PADDING = 10,
    NEW_PADDING = 20,
};

#define GET_STATUS "{\"method\":\"io.vipd.GetStatus\"}"

/* Long pieces that the loop's thread has sent by itself. */
static pthread_t loop_thread;
static unsigned sent_by_loop;

ssize_t send(int fd, const void *octets, size_t length, int flags)
{
    if (length > PIECE_BYTES / 2 && pthread_equal(pthread_self(), loop_thread))
        sent_by_loop++;
    return syscall(SYS_sendto, fd, octets, length, flags, NULL, 0);
}

struct reader {
    int fd;
    char *text;
    size_t size;
    size_t used;
};

static bool has_all(const struct reader *reader)
{
    return reader->used > 0 && reader->text[reader->used - 1] == '\0';
}

/* Turns until each has its answer; all read whatever comes. */
static void read_all(struct control_bench *bench, struct reader *readers, size_t count)
{
    size_t left = count;

    for (unsigned turns = 0; left > 0 && turns < BENCH_TURNS_MAX; turns++) {
        bench_turn(bench);
        left = 0;
        for (size_t i = 0; i < count; i++) {
            struct reader *r = &readers[i];
            ssize_t got =
                has_all(r) ? 0 : recv(r->fd, r->text + r->used, r->size - r->used, MSG_DONTWAIT);

            if (got == 0 && !has_all(r))
                fail_msg("client %zu was turned away after %zu octets", i, r->used);
            r->used += got > 0 ? (size_t)got : 0;
            left += has_all(r) ? 0 : 1;
        }
    }
    assert_int_equal(left, 0);
}

static struct reader dial(const struct control_bench *bench, size_t size)
{
    struct reader reader = {.fd = bench_dial(bench), .text = malloc(size), .size = size};

    assert_non_null(reader.text);
    return reader;
}

/* How many instances it has, all of them with so much padding. */
static size_t instances_in(const struct reader *reader, size_t padding)
{
    json_t *message = json_loads(reader->text, 0, NULL);
    const json_t *list = json_object_get(json_object_get(message, "parameters"), "instances");
    size_t count = json_array_size(list);

    for (size_t i = 0; i < count; i++) {
        const json_t *instance = json_array_get(list, i);

        assert_int_equal(
            strtoul(json_string_value(json_object_get(instance, "name")) + 1, NULL, 10), i);
        assert_int_equal(json_string_length(json_object_get(instance, "priority_text")), padding);
    }
    json_decref(message);
    return count;
}

static void hang_up(struct reader *reader)
{
    close(reader->fd);
    free(reader->text);
}

static void many_who_ask_at_once_cost_little_more_than_one(void **state)
{
    struct control_bench *bench = *state;
    struct reader readers[CLIENTS];

    bench->instances = INSTANCES;
    for (size_t i = 0; i < CLIENTS; i++) {
        readers[i] = dial(bench, REPLY_BYTES_MAX);
        bench_call(readers[i].fd, GET_STATUS);
    }
    read_all(bench, readers, CLIENTS);
    for (size_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(instances_in(&readers[i], 0), INSTANCES);
        hang_up(&readers[i]);
    }
    assert_in_range(bench->made, INSTANCES, LAPS_MAX * INSTANCES);
    assert_int_equal(bench->written, 0);
    assert_int_equal(sent_by_loop, 0);
}

/* Begins an answer and leaves it in the middle. */
static struct reader begin(struct control_bench *bench)
{
    struct reader reader = dial(bench, REPLY_BYTES_MAX);

    bench_call(reader.fd, GET_STATUS);
    for (unsigned turns = 0; bench->made < INSTANCES / 2 && turns < BENCH_TURNS_MAX; turns++)
        bench_turn(bench);
    assert_true(bench->made >= INSTANCES / 2);
    return reader;
}

static void nobody_gets_what_is_older_than_the_question(void **state)
{
    struct control_bench *bench = *state;
    struct reader readers[3];

    bench->instances = INSTANCES;
    bench->padding = OLD_PADDING;
    readers[0] = dial(bench, REPLY_BYTES_MAX);
    bench_call(readers[0].fd, GET_STATUS);
    readers[1] = begin(bench);
    bench->padding = NEW_PADDING;
    readers[2] = dial(bench, REPLY_BYTES_MAX);
    bench_call(readers[2].fd, GET_STATUS);
    read_all(bench, readers, 3);
    assert_int_equal(instances_in(&readers[2], NEW_PADDING), INSTANCES);
    for (size_t i = 0; i < 3; i++)
        hang_up(&readers[i]);
}

/* The same index is another instance then. */
static void what_was_made_is_forgotten_when_instances_come_or_go(void **state)
{
    struct control_bench *bench = *state;
    struct reader readers[2];

    bench->instances = INSTANCES;
    readers[0] = dial(bench, REPLY_BYTES_MAX);
    bench_call(readers[0].fd, GET_STATUS);
    readers[1] = begin(bench);
    unsigned before = bench->made;
    bench->generation++;
    read_all(bench, readers, 2);
    assert_true(bench->made >= before + INSTANCES / 4);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(instances_in(&readers[i], 0), INSTANCES);
        hang_up(&readers[i]);
    }
}

/* A little now and then, until it is cut off or `reader` has its answer. */
static void read_slowly(struct control_bench *bench, const struct reader *slow, size_t count,
                        struct reader *reader)
{
    char away[SLOW_BYTES];

    while (!has_all(reader)) {
        for (size_t i = 0; i < count; i++)
            (void)recv(slow[i].fd, away, sizeof(away), MSG_DONTWAIT);
        bench_turn(bench);
        ssize_t got = recv(reader->fd, reader->text + reader->used, reader->size - reader->used,
                           MSG_DONTWAIT);
        reader->used += got > 0 ? (size_t)got : 0;
        if (got < 0)
            poll(NULL, 0, SLOW_EVERY_MS);
    }
}

/* Two that read slowly have all the places; they had their time when somebody else waits. */
static void who_reads_slowly_keeps_nobody_from_it(void **state)
{
    struct control_bench *bench = *state;
    struct reader slow[PRESS_DELIVERIES_MAX];
    struct reader reader;

    bench->instances = INSTANCES;
    bench->padding = SLOW_PADDING;
    for (size_t i = 0; i < PRESS_DELIVERIES_MAX; i++) {
        slow[i] = dial(bench, SLOW_BYTES);
        bench_call(slow[i].fd, GET_STATUS);
        while (bench->made < (i + 1) * INSTANCES)
            bench_turn(bench);
    }
    reader = dial(bench, LONG_BYTES_MAX);
    bench_call(reader.fd, GET_STATUS);
    read_slowly(bench, slow, PRESS_DELIVERIES_MAX, &reader);
    assert_int_equal(instances_in(&reader, SLOW_PADDING), INSTANCES);
    assert_in_range(control_server_clients(bench->server), 1, PRESS_DELIVERIES_MAX);
    hang_up(&reader);
    for (size_t i = 0; i < PRESS_DELIVERIES_MAX; i++)
        hang_up(&slow[i]);
}

/* Longer than what is kept: it is made while the client reads, and it knows no difference. */
static void one_that_is_too_long_to_be_kept_comes_all_the_same(void **state)
{
    struct control_bench *bench = *state;
    struct reader reader = dial(bench, LONG_BYTES_MAX);

    bench->instances = PRESS_FEW + 1;
    bench->padding = LONG_PADDING;
    bench_call(reader.fd, GET_STATUS);
    read_all(bench, &reader, 1);
    assert_int_equal(instances_in(&reader, LONG_PADDING), PRESS_FEW + 1);
    assert_in_range(bench->written, 2 * PRESS_FEW, 2 * (PRESS_FEW + 1));
    /* That it is too long is found out once. */
    reader.used = 0;
    bench->padding = 0;
    bench_call(reader.fd, GET_STATUS);
    read_all(bench, &reader, 1);
    assert_int_equal(instances_in(&reader, 0), PRESS_FEW + 1);
    assert_in_range(bench->written, 3 * PRESS_FEW, 3 * (PRESS_FEW + 1));
    hang_up(&reader);
}

/* The thread may be at it. */
static void who_leaves_while_it_is_sent_is_forgotten(void **state)
{
    struct control_bench *bench = *state;
    struct reader readers[CLIENTS];

    bench->instances = INSTANCES;
    for (size_t lap = 0; lap < LAPS; lap++) {
        for (size_t i = 0; i < CLIENTS; i++) {
            readers[i] = dial(bench, REPLY_BYTES_MAX);
            bench_call(readers[i].fd, GET_STATUS);
        }
        for (size_t turn = 0; turn < CLIENTS + lap; turn++)
            bench_turn(bench);
        for (size_t i = 0; i < CLIENTS; i++)
            hang_up(&readers[i]);
        bench_settle(bench);
        assert_int_equal(control_server_clients(bench->server), 0);
    }
}

#define bench_test(f) cmocka_unit_test_setup_teardown(f, bench_open, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(many_who_ask_at_once_cost_little_more_than_one),
        bench_test(nobody_gets_what_is_older_than_the_question),
        bench_test(what_was_made_is_forgotten_when_instances_come_or_go),
        bench_test(who_reads_slowly_keeps_nobody_from_it),
        bench_test(one_that_is_too_long_to_be_kept_comes_all_the_same),
        bench_test(who_leaves_while_it_is_sent_is_forgotten),
    };

    loop_thread = pthread_self();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
