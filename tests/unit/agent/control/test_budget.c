/* The loop within the loop: it serves, it keeps to its share of the CPU, and it rests without being
 * forgotten. */
#include "agent/base/clock.h"
#include "agent/base/source.h"
#include "agent/base/turns.h"
#include "agent/control/budget.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const struct budget_rule rule = {.burst_ns = 20 * NS_PER_MS, .percent = 5};

struct bench {
    sd_event *outer;
    struct budget *budget;
    sd_event_source *source;
    int pipe[2];
    unsigned served;
    uint64_t burn_ns; /* what serving costs */
    uint64_t burnt_ns;
    uint64_t last_ns; /* of that the last time */
    uint64_t owed_ns; /* and as much as is accounted for */
};

static uint64_t cpu_ns(void)
{
    struct timespec ts = {0};

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void burn(struct bench *bench)
{
    uint64_t begun = cpu_ns();

    while (cpu_ns() - begun < bench->burn_ns)
        continue;
    bench->last_ns = cpu_ns() - begun;
    bench->burnt_ns += bench->last_ns;
    bench->owed_ns += bench->last_ns < BUDGET_OWED_MAX_NS ? bench->last_ns : BUDGET_OWED_MAX_NS;
    bench->served++;
}

static int on_byte(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    char byte;

    (void)source;
    (void)revents;
    assert_int_equal(read(fd, &byte, 1), 1);
    burn(userdata);
    return 0;
}

/* Somebody who asks again and again. */
static int on_greed(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)usec;
    burn(userdata);
    assert_true(source_set_time(source, 0) >= 0);
    return source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int setup(void **state)
{
    static struct bench bench;

    bench = (struct bench){0};
    assert_int_equal(pipe(bench.pipe), 0);
    assert_true(sd_event_new(&bench.outer) >= 0);
    assert_int_equal(budget_open(bench.outer, 0, &rule, &bench.budget), 0);
    *state = &bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;

    sd_event_source_disable_unref(bench->source);
    budget_close(bench->budget);
    sd_event_unref(bench->outer);
    close(bench->pipe[0]);
    close(bench->pipe[1]);
    return 0;
}

static void run_for(struct bench *bench, uint64_t span_ns)
{
    uint64_t until_ns = clock_boot_ns() + span_ns;

    while (clock_boot_ns() < until_ns)
        assert_true(turns_run(bench->outer, 1000) >= 0);
}

static void add_reader(struct bench *bench)
{
    assert_true(sd_event_add_io(budget_event(bench->budget), &bench->source, bench->pipe[0],
                                EPOLLIN, on_byte, bench) >= 0);
    budget_wake(bench->budget);
}

static void add_greed(struct bench *bench)
{
    assert_true(source_add_time(budget_event(bench->budget), &bench->source, CLOCK_MONOTONIC, 0, 1,
                                on_greed, bench) >= 0);
    budget_wake(bench->budget);
}

static void test_serves_what_comes(void **state)
{
    struct bench *bench = *state;

    add_reader(bench);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(write(bench->pipe[1], "x", 1), 1);
        for (int turns = 0; bench->served < i && turns < 1000; turns++)
            run_for(bench, 1 * NS_PER_MS);
        assert_int_equal(bench->served, i);
    }
    assert_int_equal(budget_rests(bench->budget), 0);
}

static void test_a_source_armed_from_outside_is_served_after_a_wake(void **state)
{
    struct bench *bench = *state;

    add_greed(bench);
    assert_true(source_set_enabled(bench->source, SD_EVENT_OFF) >= 0);
    run_for(bench, 5 * NS_PER_MS);
    unsigned before = bench->served;
    assert_true(source_set_enabled(bench->source, SD_EVENT_ONESHOT) >= 0);
    budget_wake(bench->budget);
    for (int turns = 0; bench->served == before && turns < 1000; turns++)
        run_for(bench, 1 * NS_PER_MS);
    assert_true(bench->served > before);
}

static void test_greed_gets_its_share_and_no_more(void **state)
{
    struct bench *bench = *state;
    uint64_t begun_ns = clock_boot_ns();

    bench->burn_ns = 1 * NS_PER_MS;
    add_greed(bench);
    for (int turns = 0; budget_rests(bench->budget) < 20 && turns < 200; turns++)
        run_for(bench, 100 * NS_PER_MS);
    uint64_t allowed_ns = rule.burst_ns + (clock_boot_ns() - begun_ns) * rule.percent / 100;
    /* It is served again after each rest, however seldom. */
    assert_true(budget_rests(bench->budget) > 1);
    assert_true(bench->burnt_ns >= rule.burst_ns);
    /* The last time there was something left for it. What it took then is owed: a millisecond, or
     * as long as somebody else had the processor of a virtual machine, which is counted as ours. */
    assert_true(bench->owed_ns <= allowed_ns + bench->last_ns);
}

/* A burst is as much as without pauses, but half of the time is everybody's. */
static void test_a_burst_pauses(void **state)
{
    const struct budget_rule pausing = {
        .burst_ns = 10 * NS_PER_SEC, .percent = 5, .stretch_ns = 5 * NS_PER_MS};
    struct bench *bench = *state;

    budget_close(bench->budget);
    assert_int_equal(budget_open(bench->outer, 0, &pausing, &bench->budget), 0);
    bench->burn_ns = 1 * NS_PER_MS;
    add_greed(bench);
    uint64_t begun_ns = clock_boot_ns();
    for (int turns = 0; bench->burnt_ns < 100 * NS_PER_MS && turns < 10000; turns++)
        run_for(bench, 1 * NS_PER_MS);
    assert_true(bench->burnt_ns >= 100 * NS_PER_MS);
    assert_int_equal(budget_rests(bench->budget), 0);
    /* The last stretch's pause has not been yet; that stretch may be as long as somebody else had
     * the processor. */
    assert_true(clock_boot_ns() - begun_ns >=
                2 * (bench->burnt_ns - bench->last_ns) - 2 * pausing.stretch_ns);
}

static void test_what_comes_during_a_rest_is_served_after_it(void **state)
{
    struct bench *bench = *state;

    bench->burn_ns = 25 * NS_PER_MS; /* more than all there is */
    add_reader(bench);
    assert_int_equal(write(bench->pipe[1], "xx", 2), 2);
    for (int turns = 0; bench->served == 0 && turns < 1000; turns++)
        assert_true(turns_run(bench->outer, 1000) >= 0);
    assert_int_equal(bench->served, 1);
    assert_true(budget_spent(bench->budget));
    for (int turns = 0; bench->served < 2 && turns < 5000; turns++)
        run_for(bench, 1 * NS_PER_MS);
    assert_int_equal(bench->served, 2);
}

/* A second of it would be twenty of rest. */
static void test_a_machine_that_stood_still_is_not_paid_for(void **state)
{
    struct bench *bench = *state;
    uint64_t begun_ns;

    bench->burn_ns = 1000 * NS_PER_MS;
    add_reader(bench);
    assert_int_equal(write(bench->pipe[1], "xx", 2), 2);
    for (int turns = 0; bench->served == 0 && turns < 1000; turns++)
        assert_true(turns_run(bench->outer, 1000) >= 0);
    bench->burn_ns = 0;
    begun_ns = clock_boot_ns();
    for (int turns = 0; bench->served < 2 && turns < 1000; turns++)
        run_for(bench, 20 * NS_PER_MS);
    assert_int_equal(bench->served, 2);
    assert_true(clock_boot_ns() - begun_ns < 12 * NS_PER_SEC);
}

static void test_the_outer_loop_goes_on(void **state)
{
    struct bench *bench = *state;
    sd_event_source *urgent = NULL;
    struct bench beside = {.outer = bench->outer};

    bench->burn_ns = 1 * NS_PER_MS;
    add_greed(bench);
    assert_true(source_add_time(bench->outer, &urgent, CLOCK_MONOTONIC, 0, 1, on_greed, &beside) >=
                0);
    assert_true(sd_event_source_set_priority(urgent, -10) >= 0);
    for (int i = 0; i < 100; i++)
        assert_true(turns_run(bench->outer, 1000) >= 0);
    /* It is always pending, so nobody of lower priority has a turn. */
    assert_int_equal(beside.served, 100);
    assert_int_equal(bench->served, 0);
    sd_event_source_disable_unref(urgent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_serves_what_comes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_source_armed_from_outside_is_served_after_a_wake,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_greed_gets_its_share_and_no_more, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_burst_pauses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_comes_during_a_rest_is_served_after_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_machine_that_stood_still_is_not_paid_for, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_the_outer_loop_goes_on, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
