/* Many clients that ask for the status of all at the same time: what is made for one is good for
 * the others, but nobody gets what is older than the question. */
#include "tests/unit/agent/control/control_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    CLIENTS = 40,
    INSTANCES = 150,
    LAPS_MAX = 4, /* each instance is made so often at most, whatever the order of turns */
    REPLY_BYTES_MAX = 1024 * 1024,
    OLD_PADDING = 10,
    NEW_PADDING = 20,
};

#define GET_STATUS "{\"method\":\"io.vipd.GetStatus\"}"

struct reader {
    int fd;
    char *text;
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
            ssize_t got = has_all(r) ? 0
                                     : recv(r->fd, r->text + r->used, REPLY_BYTES_MAX - r->used,
                                            MSG_DONTWAIT);

            if (got == 0 && !has_all(r))
                fail_msg("client %zu was turned away after %zu octets", i, r->used);
            r->used += got > 0 ? (size_t)got : 0;
            left += has_all(r) ? 0 : 1;
        }
    }
    assert_int_equal(left, 0);
}

static struct reader dial(const struct control_bench *bench)
{
    struct reader reader = {.fd = bench_dial(bench), .text = malloc(REPLY_BYTES_MAX)};

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
        assert_int_equal(json_string_length(json_object_get(instance, "padding")), padding);
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
        readers[i] = dial(bench);
        bench_call(readers[i].fd, GET_STATUS);
    }
    read_all(bench, readers, CLIENTS);
    for (size_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(instances_in(&readers[i], 0), INSTANCES);
        hang_up(&readers[i]);
    }
    assert_in_range(bench->made, INSTANCES, LAPS_MAX * INSTANCES);
}

/* Begins an answer and leaves it in the middle. */
static struct reader begin(struct control_bench *bench)
{
    struct reader reader = dial(bench);

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
    readers[0] = dial(bench);
    bench_call(readers[0].fd, GET_STATUS);
    readers[1] = begin(bench);
    bench->padding = NEW_PADDING;
    readers[2] = dial(bench);
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
    readers[0] = dial(bench);
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

#define bench_test(f) cmocka_unit_test_setup_teardown(f, bench_open, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(many_who_ask_at_once_cost_little_more_than_one),
        bench_test(nobody_gets_what_is_older_than_the_question),
        bench_test(what_was_made_is_forgotten_when_instances_come_or_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
