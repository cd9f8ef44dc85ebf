/* Few messages wake the loop each; a flood is looked at now and then, until it is over. Nothing
 * here says how long that takes: a busy machine has all of it later. */
#include "agent/wire/pace.h"

#include "agent/base/turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    TURNS_MAX = 20 * 1000,
    TURN_US = 1000 * 1000,
    FULL = 8,
};

struct bench {
    sd_event *event;
    struct pace *pace;
    int ends[2];
    size_t read;
    unsigned times;
    bool closes;
};

/* What waits, FULL at the most. */
static size_t read_some(void *userdata)
{
    struct bench *bench = userdata;
    char octet;
    size_t n = 0;

    while (n < FULL && recv(bench->ends[1], &octet, 1, MSG_DONTWAIT) == 1)
        n++;
    bench->read += n;
    bench->times++;
    if (bench->closes) {
        pace_close(bench->pace);
        bench->pace = NULL;
    }
    return n;
}

static int set_up(void **state)
{
    static struct bench bench;

    bench = (struct bench){0};
    *state = &bench;
    if (sd_event_new(&bench.event) < 0 ||
        socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, bench.ends) < 0)
        return -1;
    const struct pace_options options = {
        .fd = bench.ends[1], .read = read_some, .full = FULL, .userdata = &bench};
    return pace_open(bench.event, &options, &bench.pace);
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    pace_close(bench->pace);
    close(bench->ends[0]);
    close(bench->ends[1]);
    sd_event_unref(bench->event);
    return 0;
}

static void send_one(const struct bench *bench)
{
    assert_int_equal(send(bench->ends[0], "x", 1, 0), 1);
}

static void turn(const struct bench *bench)
{
    assert_true(turns_run(bench->event, TURN_US) >= 0);
}

/* Of a machine that is slow not every window has enough for it. */
static void flood(const struct bench *bench)
{
    for (unsigned i = 0; i < TURNS_MAX && !pace_looks(bench->pace); i++) {
        send_one(bench);
        turn(bench);
    }
    assert_true(pace_looks(bench->pace));
}

static void a_few_wake_each(void **state)
{
    struct bench *bench = *state;

    for (unsigned i = 0; i < PACE_WOKEN_MAX; i++) {
        send_one(bench);
        turn(bench);
        assert_int_equal(bench->read, i + 1);
        assert_int_equal(bench->times, i + 1);
        assert_false(pace_looks(bench->pace));
    }
}

static void a_flood_is_read_many_at_a_time(void **state)
{
    struct bench *bench = *state;
    unsigned before;

    flood(bench);
    bench->read = 0;
    before = bench->times;
    for (unsigned i = 0; i < 2 * FULL; i++)
        send_one(bench);
    for (unsigned i = 0; i < TURNS_MAX && bench->read < (size_t)2 * FULL; i++)
        turn(bench);
    assert_int_equal(bench->read, 2 * FULL);
    assert_int_equal(bench->times, before + 2);
}

static void after_it_each_wakes_again(void **state)
{
    struct bench *bench = *state;
    unsigned before;

    flood(bench);
    for (unsigned i = 0; i < TURNS_MAX && pace_looks(bench->pace); i++)
        turn(bench);
    assert_false(pace_looks(bench->pace));
    before = bench->times;
    assert_int_equal(turns_run(bench->event, 0), 0);
    send_one(bench);
    turn(bench);
    assert_int_equal(bench->times, before + 1);
}

/* What a few hundred masters send is none. */
static void what_is_no_flood_ends_the_looking(void **state)
{
    struct bench *bench = *state;

    flood(bench);
    for (unsigned i = 0; i < TURNS_MAX && pace_looks(bench->pace); i++) {
        for (unsigned n = 0; n < FULL - 3; n++)
            send_one(bench);
        turn(bench);
    }
    assert_false(pace_looks(bench->pace));
}

/* Without a flood and with one. */
static void nothing_is_read_while_it_rests(void **state)
{
    struct bench *bench = *state;

    for (unsigned looks = 0; looks < 2; looks++) {
        if (looks > 0)
            flood(bench);
        pace_rest(bench->pace, true);
        send_one(bench);
        bench->times = 0;
        assert_int_equal(turns_run(bench->event, 20 * PACE_LOOK_MS * 1000), 0);
        assert_int_equal(bench->times, 0);
        pace_rest(bench->pace, false);
        turn(bench);
        assert_int_equal(bench->times, 1);
    }
    assert_true(pace_looks(bench->pace));
}

static void closed_by_whoever_reads(void **state)
{
    struct bench *bench = *state;

    send_one(bench);
    bench->closes = true;
    turn(bench);
    assert_null(bench->pace);
    assert_int_equal(turns_run(bench->event, 0), 0);
}

static void closed_by_whoever_looks(void **state)
{
    struct bench *bench = *state;

    flood(bench);
    bench->closes = true;
    turn(bench);
    assert_null(bench->pace);
    send_one(bench);
    assert_int_equal(turns_run(bench->event, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_few_wake_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flood_is_read_many_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(after_it_each_wakes_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_flood_ends_the_looking, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_read_while_it_rests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closed_by_whoever_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closed_by_whoever_looks, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
