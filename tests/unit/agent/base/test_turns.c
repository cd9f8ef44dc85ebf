/* Turns around an sd-event: what an urgent function sets there is not forgotten, who comes first,
 * and who is kept waiting by whom. */
#include "agent/base/clock.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/base/turns.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    URGENT = 3,
    TURNS_MAX = 1000,
    WAIT_US = 20 * 1000 * 1000, /* is not reached unless something is forgotten */
    LATER_US = 30 * 1000,
    STALE_MS = 60, /* twice as long as that */
    CODE = 7,
};

struct bench;

struct one {
    struct urgent urgent;
    struct bench *bench;
    char name;
    bool stays; /* ready */
    unsigned times;
    void (*then)(struct bench *bench);
};

struct bench {
    sd_event *event;
    struct one urgent[URGENT];
    sd_event_source *timer;
    sd_event_source *defer;
    unsigned timed;
    unsigned deferred;
    uint64_t timed_ns;
    uint64_t set_ns;
    char order[64];
};

static void note(struct bench *bench, char name)
{
    size_t n = strlen(bench->order);

    if (n + 1 < sizeof(bench->order))
        bench->order[n] = name;
}

static void on_urgent(void *userdata)
{
    struct one *one = userdata;
    uint64_t count;

    one->times++;
    note(one->bench, one->name);
    if (!one->stays)
        assert_int_equal(read(one->urgent.fd, &count, sizeof(count)), sizeof(count));
    if (one->then != NULL)
        one->then(one->bench);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct bench *bench = userdata;

    (void)source;
    (void)usec;
    bench->timed++;
    bench->timed_ns = clock_boot_ns();
    note(bench, 't');
    return 0;
}

static int on_defer(sd_event_source *source, void *userdata)
{
    struct bench *bench = userdata;

    (void)source;
    bench->deferred++;
    note(bench, 'd');
    return 0;
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    const int64_t priorities[URGENT] = {AGENT_PRIORITY_NEIGHBOURS, AGENT_PRIORITY_DEADLINES,
                                        AGENT_PRIORITY_PACKETS};

    assert_non_null(bench);
    assert_true(sd_event_new(&bench->event) >= 0);
    assert_true(source_add_time(bench->event, &bench->timer, CLOCK_BOOTTIME, UINT64_MAX, 1,
                                on_timer, bench) >= 0);
    assert_true(source_set_enabled(bench->timer, SD_EVENT_OFF) >= 0);
    assert_true(source_add_defer(bench->event, &bench->defer, on_defer, bench) >= 0);
    assert_true(source_set_enabled(bench->defer, SD_EVENT_OFF) >= 0);
    for (size_t i = 0; i < URGENT; i++) {
        struct one *one = &bench->urgent[i];

        *one = (struct one){.bench = bench,
                            .name = (char)('0' + i),
                            .urgent = {.fd = eventfd(0, EFD_CLOEXEC),
                                       .events = EPOLLIN,
                                       .priority = priorities[i],
                                       .fn = on_urgent,
                                       .userdata = one}};
        assert_true(one->urgent.fd >= 0);
        assert_int_equal(urgent_open(bench->event, &one->urgent), 0);
    }
    /* The sd-event sleeps, with nothing to do. */
    assert_int_equal(turns_run(bench->event, 0), 0);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < URGENT; i++) {
        urgent_close(&bench->urgent[i].urgent);
        close(bench->urgent[i].urgent.fd);
    }
    sd_event_source_disable_unref(bench->timer);
    sd_event_source_disable_unref(bench->defer);
    sd_event_unref(bench->event);
    free(bench);
    return 0;
}

static void make_ready(struct bench *bench, size_t i)
{
    const uint64_t one = 1;

    assert_int_equal(write(bench->urgent[i].urgent.fd, &one, sizeof(one)), sizeof(one));
}

static void set_timer(struct bench *bench)
{
    bench->set_ns = clock_boot_ns();
    assert_true(source_set_time_relative(bench->timer, LATER_US) >= 0);
    assert_true(source_set_enabled(bench->timer, SD_EVENT_ONESHOT) >= 0);
}

static void defer(struct bench *bench)
{
    assert_true(source_set_enabled(bench->defer, SD_EVENT_ONESHOT) >= 0);
}

static void leave(struct bench *bench)
{
    assert_true(source_exit(bench->event, CODE) >= 0);
}

static void close_others(struct bench *bench)
{
    urgent_close(&bench->urgent[1].urgent);
    urgent_enable(&bench->urgent[0].urgent, false);
}

/* The sd-event has not been awake for longer than the timer is set for. */
static void a_timer_set_by_an_urgent_function_fires_and_not_early(void **state)
{
    struct bench *bench = *state;

    defer(bench);
    assert_int_equal(turns_run(bench->event, WAIT_US), 1);
    usleep(STALE_MS * 1000);
    bench->urgent[2].then = set_timer;
    make_ready(bench, 2);
    assert_int_equal(turns_run(bench->event, 0), 1);
    assert_int_equal(bench->timed, 0);
    assert_int_equal(turns_run(bench->event, WAIT_US), 1);
    assert_int_equal(bench->timed, 1);
    assert_true(bench->timed_ns >= bench->set_ns + LATER_US * NS_PER_US);
}

static void what_it_defers_is_not_left(void **state)
{
    struct bench *bench = *state;

    bench->urgent[2].then = defer;
    make_ready(bench, 2);
    assert_int_equal(turns_run(bench->event, 0), 1);
    assert_int_equal(turns_run(bench->event, WAIT_US), 1);
    assert_int_equal(bench->deferred, 1);
    assert_int_equal(turns_run(bench->event, 0), 0);
}

static void it_may_end_the_loop(void **state)
{
    struct bench *bench = *state;

    bench->urgent[2].then = leave;
    make_ready(bench, 2);
    assert_int_equal(turns_loop(bench->event), CODE);
}

/* Packets, deadlines, neighbours, and only then the rest. */
static void they_are_served_by_their_priorities(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < URGENT; i++)
        make_ready(bench, i);
    defer(bench);
    while (turns_run(bench->event, 0) > 0)
        ;
    assert_string_equal(bench->order, "210d");
}

/* Both were ready when the turn began. */
static void who_was_closed_or_disabled_meanwhile_is_not_called(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < URGENT; i++)
        make_ready(bench, i);
    bench->urgent[2].then = close_others;
    assert_int_equal(turns_run(bench->event, 0), 1);
    assert_int_equal(turns_run(bench->event, 0), 0);
    assert_string_equal(bench->order, "2");
    urgent_enable(&bench->urgent[0].urgent, true);
    assert_int_equal(turns_run(bench->event, 0), 1);
    assert_string_equal(bench->order, "20");
}

/* Disabled and with nothing to read: once, and not early. */
static void who_has_a_time_is_called_then(void **state)
{
    struct bench *bench = *state;
    struct one *one = &bench->urgent[0];
    const uint64_t at_ns = clock_boot_ns() + LATER_US * NS_PER_US;

    one->stays = true;
    urgent_enable(&one->urgent, false);
    urgent_call_at(&one->urgent, at_ns);
    assert_int_equal(turns_run(bench->event, WAIT_US), 1);
    assert_int_equal(one->times, 1);
    assert_true(clock_boot_ns() >= at_ns);
    assert_int_equal(turns_run(bench->event, 2 * LATER_US), 0);
    assert_int_equal(one->times, 1);
}

static void call_no_others(struct bench *bench)
{
    urgent_close(&bench->urgent[1].urgent);
    urgent_call_at(&bench->urgent[0].urgent, UINT64_MAX);
}

static void they_are_called_by_their_priorities_unless_it_is_taken_back(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < URGENT; i++) {
        bench->urgent[i].stays = true;
        urgent_call_at(&bench->urgent[i].urgent, 1);
    }
    assert_int_equal(turns_run(bench->event, WAIT_US), 1);
    assert_string_equal(bench->order, "210");
    bench->urgent[2].then = call_no_others;
    for (size_t i = 0; i < URGENT; i++)
        urgent_call_at(&bench->urgent[i].urgent, 1);
    assert_int_equal(turns_run(bench->event, WAIT_US), 1);
    assert_string_equal(bench->order, "2102");
    assert_int_equal(turns_run(bench->event, 0), 0);
}

/* Only packets have a rest of their own. */
static void who_is_always_ready_keeps_the_rest_waiting_only_with_packets(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < URGENT; i++) {
        bool packets = i == 2;

        bench->deferred = 0;
        bench->urgent[i].stays = true;
        make_ready(bench, i);
        defer(bench);
        for (unsigned n = 0; n < TURNS_MAX; n++)
            assert_int_equal(turns_run(bench->event, 0), 1);
        assert_int_equal(bench->deferred, packets ? 0 : 1);
        urgent_enable(&bench->urgent[i].urgent, false);
        while (turns_run(bench->event, 0) > 0)
            ;
        assert_int_equal(bench->deferred, 1);
    }
}

/* Nor is one served twice in a turn, whatever else is pending. */
static void the_rest_has_one_source_a_turn(void **state)
{
    struct bench *bench = *state;

    defer(bench);
    assert_true(source_set_time(bench->timer, 0) >= 0);
    assert_true(source_set_enabled(bench->timer, SD_EVENT_ONESHOT) >= 0);
    assert_int_equal(turns_run(bench->event, WAIT_US), 1);
    assert_int_equal(bench->deferred + bench->timed, 1);
    assert_int_equal(turns_run(bench->event, WAIT_US), 1);
    assert_int_equal(bench->deferred + bench->timed, 2);
    assert_int_equal(turns_run(bench->event, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_timer_set_by_an_urgent_function_fires_and_not_early,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_it_defers_is_not_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_may_end_the_loop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(they_are_served_by_their_priorities, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_was_closed_or_disabled_meanwhile_is_not_called, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_has_a_time_is_called_then, set_up, tear_down),
        cmocka_unit_test_setup_teardown(they_are_called_by_their_priorities_unless_it_is_taken_back,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            who_is_always_ready_keeps_the_rest_waiting_only_with_packets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_rest_has_one_source_a_turn, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
