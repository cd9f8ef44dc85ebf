/* The heap of deadlines: order, what is put off, what goes, its bound, and one wake-up for many. */
#include "agent/base/clock.h"
#include "agent/base/deadlines.h"
#include "agent/base/turns.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MANY = 200 };

struct bench;

struct item {
    struct deadline deadline;
    struct bench *bench;
    uint64_t again_ns; /* set to that when it is served; 0: not */
    unsigned served;
    uint64_t served_ns;
};

struct bench {
    sd_event *event;
    struct deadlines *deadlines;
    struct item items[MANY];
    struct item *remove;        /* by the next one that is served */
    struct item *before_off;    /* put off by the next turn's beginning */
    struct item *before_remove; /* removed by it */
    uint64_t due_ns[MANY];
    size_t count;
    unsigned before;
    unsigned after;
    unsigned behind; /* of these */
};

static void on_before(void *userdata)
{
    struct bench *bench = userdata;

    bench->before++;
    if (bench->before_off != NULL)
        deadline_set(bench->deadlines, &bench->before_off->deadline,
                     clock_boot_ns() + 60 * NS_PER_SEC);
    if (bench->before_remove != NULL)
        deadlines_remove(bench->deadlines, &bench->before_remove->deadline);
    bench->before_off = NULL;
    bench->before_remove = NULL;
}

static void on_after(void *userdata)
{
    struct bench *bench = userdata;

    bench->after++;
    bench->behind += deadlines_behind(bench->deadlines) ? 1 : 0;
}

static void on_due(void *userdata)
{
    struct item *item = userdata;
    struct bench *bench = item->bench;

    item->served++;
    item->served_ns = clock_boot_ns();
    bench->due_ns[bench->count++ % MANY] = item->deadline.looked_ns;
    if (item->again_ns != 0)
        deadline_set(bench->deadlines, &item->deadline, item->again_ns);
    if (bench->remove != NULL)
        deadlines_remove(bench->deadlines, &bench->remove->deadline);
    bench->remove = NULL;
}

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    const struct deadlines_options options = {
        .before = on_before, .after = on_after, .userdata = bench};

    assert_non_null(bench);
    assert_true(sd_event_new(&bench->event) >= 0);
    assert_int_equal(deadlines_open(bench->event, &options, &bench->deadlines), 0);
    for (size_t i = 0; i < MANY; i++) {
        bench->items[i] =
            (struct item){.deadline = {.fn = on_due, .userdata = &bench->items[i]}, .bench = bench};
        assert_int_equal(deadlines_add(bench->deadlines, &bench->items[i].deadline), 0);
    }
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < MANY; i++)
        deadlines_remove(bench->deadlines, &bench->items[i].deadline);
    deadlines_close(bench->deadlines);
    sd_event_unref(bench->event);
    free(bench);
    return 0;
}

static void set(struct bench *bench, size_t i, uint64_t at_ns)
{
    deadline_set(bench->deadlines, &bench->items[i].deadline, at_ns);
}

/* Turns until nothing more happens within 50 ms. Returns how many turns it were. */
static unsigned turn(struct bench *bench)
{
    unsigned turns = 0;

    while (turns < 10000 && turns_run(bench->event, 50000) > 0)
        turns++;
    return turns;
}

static void test_in_order_each_once(void **state)
{
    struct bench *bench = *state;
    uint64_t base = clock_boot_ns() - NS_PER_SEC;

    /* 37 and 200 have no common divisor. */
    for (size_t i = 0; i < MANY; i++)
        set(bench, i, base + i * 37 % MANY);
    deadlines_serve(bench->deadlines);
    assert_int_equal(bench->count, MANY);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(bench->due_ns[i], base + i);
    assert_int_equal(bench->before, 1);
    assert_int_equal(bench->after, 1);
    deadlines_serve(bench->deadlines);
    assert_int_equal(bench->count, MANY);
    assert_int_equal(bench->before, 1);
}

/* What is read then may be what they waited for. */
static void test_what_the_beginning_of_a_turn_puts_off_or_removes_is_not_served(void **state)
{
    struct bench *bench = *state;
    uint64_t base = clock_boot_ns() - NS_PER_SEC;

    for (size_t i = 0; i < 3; i++)
        set(bench, i, base + i);
    bench->before_off = &bench->items[0];
    bench->before_remove = &bench->items[1];
    deadlines_serve(bench->deadlines);
    assert_int_equal(bench->before, 1);
    assert_int_equal(bench->after, 1);
    assert_int_equal(bench->count, 1);
    assert_int_equal(bench->items[2].served, 1);
}

static void test_the_timer_serves_a_bounded_number_a_turn(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < MANY; i++)
        set(bench, i, clock_boot_ns());
    assert_true(turns_run(bench->event, 1000000) > 0);
    assert_true(bench->count > 1 && bench->count < MANY);
    turn(bench);
    assert_int_equal(bench->count, MANY);
}

static void test_put_off_is_served_at_its_time(void **state)
{
    struct bench *bench = *state;
    uint64_t soon = clock_boot_ns() + 5 * NS_PER_MS;
    uint64_t later = soon + 20 * NS_PER_MS;

    set(bench, 0, soon);
    set(bench, 0, later);
    set(bench, 1, soon);
    set(bench, 1, DEADLINE_NEVER);
    set(bench, 2, later);
    set(bench, 2, soon);
    turn(bench);
    assert_int_equal(bench->items[0].served, 1);
    assert_true(bench->items[0].served_ns >= later);
    assert_int_equal(bench->items[1].served, 0);
    assert_int_equal(bench->items[2].served, 1);
    assert_true(bench->items[2].served_ns >= soon);
    assert_int_equal(bench->due_ns[0], soon);
}

/* What is put off again and again wakes nobody. */
static void test_putting_off_costs_no_wake_up(void **state)
{
    struct bench *bench = *state;
    uint64_t now = clock_boot_ns();
    uint64_t last = now + 30 * NS_PER_MS;

    for (size_t i = 0; i < MANY; i++)
        for (unsigned n = 0; n < 20; n++)
            set(bench, i, last + n * NS_PER_US);
    /* Looked at once, then served; in turns of a bounded number. */
    assert_true(turn(bench) <= 2 * MANY / 50);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(bench->items[i].served, 1);
}

static void test_who_asks_is_told_that_more_is_due(void **state)
{
    struct bench *bench = *state;

    set(bench, 0, 1);
    turn(bench);
    assert_int_equal(bench->behind, 0);
    for (size_t i = 0; i < MANY; i++)
        set(bench, i, 1 + i);
    assert_true(turns_run(bench->event, 0) > 0);
    assert_true(deadlines_behind(bench->deadlines));
    turn(bench);
    assert_int_equal(bench->behind, bench->after - 2);
    assert_false(deadlines_behind(bench->deadlines));
    /* A wake-up in vain is nothing that waits. */
    set(bench, 0, 1);
    set(bench, 0, clock_boot_ns() + 60 * NS_PER_SEC);
    deadlines_serve(bench->deadlines);
    assert_false(deadlines_behind(bench->deadlines));
}

/* What was put off for long does not wake the loop in vain, if it looks ahead in between. */
static void test_what_is_put_off_for_long_is_not_waited_for(void **state)
{
    struct bench *bench = *state;
    uint64_t now = clock_boot_ns();

    for (size_t i = 0; i < MANY; i++) {
        set(bench, i, now + 100 * NS_PER_MS + i);
        set(bench, i, i % 2 == 0 ? now + 30 * NS_PER_SEC : DEADLINE_NEVER);
    }
    deadlines_look_ahead(bench->deadlines);
    assert_int_equal(turns_run(bench->event, 300000), 0);
    /* And nothing is lost by that. */
    set(bench, 1, now);
    turn(bench);
    assert_int_equal(bench->items[1].served, 1);
    assert_int_equal(bench->count, 1);
}

/* As a BACKUP's adverts of some 100 ms put off what is due without them. */
static void test_nor_is_what_each_advert_puts_off(void **state)
{
    struct bench *bench = *state;
    uint64_t at = clock_boot_ns() + 450 * NS_PER_MS;

    set(bench, 0, at - 400 * NS_PER_MS);
    set(bench, 0, at);
    deadlines_look_ahead(bench->deadlines);
    assert_true(turns_run(bench->event, 200000) == 0 || clock_boot_ns() >= at);
}

/* Of 255 instances the adverts come in four groups: none of them has the timer set for itself. */
static void test_what_would_be_put_off_next_goes_along(void **state)
{
    struct bench *bench = *state;
    const unsigned looked_ms[] = {4000, 5500, 6000, 6500};
    uint64_t now = clock_boot_ns();

    for (unsigned i = 0; i < 4; i++) {
        set(bench, i, now + looked_ms[i] * NS_PER_MS);
        set(bench, i, now + 10000 * NS_PER_MS);
    }
    deadlines_look_ahead(bench->deadlines);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(bench->items[i].deadline.looked_ns, bench->items[i].deadline.at_ns);
}

static void test_set_to_the_past_while_served(void **state)
{
    struct bench *bench = *state;

    bench->items[0].again_ns = 1;
    set(bench, 0, 1);
    set(bench, 1, clock_boot_ns() - 1);
    deadlines_serve(bench->deadlines);
    assert_int_equal(bench->items[0].served, 1);
    assert_int_equal(bench->items[1].served, 1);
    bench->items[0].again_ns = 0;
    turn(bench);
    assert_int_equal(bench->items[0].served, 2);
}

static void test_removed_while_served(void **state)
{
    struct bench *bench = *state;

    set(bench, 0, 1);
    set(bench, 1, 2);
    set(bench, 2, 3);
    bench->remove = &bench->items[1];
    deadlines_serve(bench->deadlines);
    assert_int_equal(bench->items[0].served, 1);
    assert_int_equal(bench->items[1].served, 0);
    assert_int_equal(bench->items[2].served, 1);
    set(bench, 3, 4);
    bench->remove = &bench->items[3];
    deadlines_serve(bench->deadlines);
    assert_int_equal(bench->items[3].served, 1);
}

static void test_random_against_a_list(void **state)
{
    struct bench *bench = *state;
    uint64_t at[MANY];
    uint64_t base = clock_boot_ns() - NS_PER_SEC;

    srand(1);
    for (size_t i = 0; i < MANY; i++)
        at[i] = DEADLINE_NEVER;
    for (unsigned n = 0; n < 5000; n++) {
        size_t i = (size_t)rand() % MANY;
        struct deadline *deadline = &bench->items[i].deadline;

        if (rand() % 10 == 0) {
            deadlines_remove(bench->deadlines, deadline);
            assert_int_equal(deadlines_add(bench->deadlines, deadline), 0);
            at[i] = DEADLINE_NEVER;
        } else {
            at[i] = base + (uint64_t)(rand() % 1000);
            deadline_set(bench->deadlines, deadline, at[i]);
        }
    }
    deadlines_serve(bench->deadlines);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(bench->items[i].served, at[i] != DEADLINE_NEVER ? 1 : 0);
    for (size_t i = 1; i < bench->count; i++)
        assert_true(bench->due_ns[i - 1] <= bench->due_ns[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_order_each_once, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_what_the_beginning_of_a_turn_puts_off_or_removes_is_not_served, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_timer_serves_a_bounded_number_a_turn, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_put_off_is_served_at_its_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_putting_off_costs_no_wake_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_asks_is_told_that_more_is_due, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_put_off_for_long_is_not_waited_for, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_nor_is_what_each_advert_puts_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_would_be_put_off_next_goes_along, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_set_to_the_past_while_served, setup, teardown),
        cmocka_unit_test_setup_teardown(test_removed_while_served, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_against_a_list, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
