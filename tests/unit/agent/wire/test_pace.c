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
    FULL = 64,
    FEW = 5,
    CRUMBS_LOOKS = PACE_WINDOW_MS / PACE_CRUMBS_LOOK_MS,
    FLOOD_LOOKS = PACE_WINDOW_MS / PACE_LOOK_MS,
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

static void send_many(const struct bench *bench, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        send_one(bench);
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

/* It looks before it was woken often enough for a flood. */
static void crumbs(const struct bench *bench)
{
    for (unsigned i = 0; i < TURNS_MAX && !pace_looks(bench->pace); i++) {
        send_many(bench, FEW);
        turn(bench);
    }
    assert_true(pace_looks(bench->pace));
}

/* So many looks, each finding n; how many it took until it was woken, or all. */
static unsigned look(const struct bench *bench, unsigned looks, unsigned n)
{
    unsigned seen = 0;

    for (; seen < looks && pace_looks(bench->pace); seen++) {
        const unsigned before = bench->times;
        send_many(bench, n);
        for (unsigned i = 0; i < TURNS_MAX && bench->times == before; i++)
            turn(bench);
    }
    return seen;
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
    send_many(bench, 2 * FULL);
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
        send_many(bench, FEW);
        turn(bench);
    }
    assert_false(pace_looks(bench->pace));
}

/* Many, but the loop is seldom woken for them. */
static void what_comes_in_heaps_wakes_each(void **state)
{
    struct bench *bench = *state;

    for (unsigned i = 0; i < PACE_CRUMBS_WOKEN_MAX; i++) {
        send_many(bench, FULL / 2);
        turn(bench);
        assert_int_equal(bench->times, i + 1);
        assert_false(pace_looks(bench->pace));
    }
}

/* They are over when a window has fewer than so many; a flood's is longer. */
static void crumbs_are_looked_at(void **state)
{
    struct bench *bench = *state;
    const unsigned n = PACE_CRUMBS_MIN / CRUMBS_LOOKS + 1;

    assert_true((n - 1) * FLOOD_LOOKS < PACE_FLOOD_MIN);
    crumbs(bench);
    assert_int_equal(look(bench, CRUMBS_LOOKS, n), CRUMBS_LOOKS);
    assert_int_equal(look(bench, FLOOD_LOOKS, n - 1), CRUMBS_LOOKS);
    assert_false(pace_looks(bench->pace));
}

/* What still comes apart is seen soon; what does not is left to wake it. */
static void crumbs_are_not_looked_at_for_ever(void **state)
{
    struct bench *bench = *state;
    const unsigned all = PACE_CRUMBS_WINDOWS * CRUMBS_LOOKS;

    crumbs(bench);
    assert_int_equal(look(bench, 2 * all, 2 * FEW), all);
    assert_false(pace_looks(bench->pace));
    crumbs(bench);
}

/* Which is told by what ends it. */
static void crumbs_become_a_flood(void **state)
{
    struct bench *bench = *state;
    const unsigned n = PACE_CRUMBS_MAX / CRUMBS_LOOKS + 1;

    assert_true(n < FULL);
    crumbs(bench);
    assert_int_equal(look(bench, CRUMBS_LOOKS, n), CRUMBS_LOOKS);
    assert_int_equal(look(bench, 2 * FLOOD_LOOKS, FEW), FLOOD_LOOKS);
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
        cmocka_unit_test_setup_teardown(what_comes_in_heaps_wakes_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(crumbs_are_looked_at, set_up, tear_down),
        cmocka_unit_test_setup_teardown(crumbs_are_not_looked_at_for_ever, set_up, tear_down),
        cmocka_unit_test_setup_teardown(crumbs_become_a_flood, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_read_while_it_rests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closed_by_whoever_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closed_by_whoever_looks, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
