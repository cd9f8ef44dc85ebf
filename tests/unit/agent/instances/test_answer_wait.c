/* The wait for a kernel that answers: as long as it gets on, and a bound longer. */
#include "agent/instances/answer_wait.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ADDRESSES = 4000 };

#define BOUND_NS   (200 * NS_PER_MS)
#define START_NS   (5 * NS_PER_SEC)
#define LONGEST_NS (30 * NS_PER_SEC)

static void a_kernel_that_gets_on_is_waited_for(void **state)
{
    struct answer_wait wait;
    uint64_t now_ns = START_NS;

    (void)state;
    answer_wait_begin(&wait, BOUND_NS);
    /* One after the other, each almost too late; but not for ever. */
    for (uint64_t progress = 0; now_ns < START_NS + LONGEST_NS; progress++) {
        assert_false(answer_wait_over(&wait, progress, now_ns));
        now_ns += BOUND_NS - 1;
    }
    assert_true(answer_wait_over(&wait, ADDRESSES, now_ns));
}

static void one_that_does_not_is_given_up_after_the_bound(void **state)
{
    struct answer_wait wait;

    (void)state;
    answer_wait_begin(&wait, BOUND_NS);
    assert_false(answer_wait_over(&wait, 7, START_NS));
    assert_false(answer_wait_over(&wait, 7, START_NS + BOUND_NS - 1));
    assert_true(answer_wait_over(&wait, 7, START_NS + BOUND_NS));
    /* It has moved after all. */
    assert_false(answer_wait_over(&wait, 8, START_NS + 2 * BOUND_NS));
    assert_false(answer_wait_over(&wait, 8, START_NS + 3 * BOUND_NS - 1));
    assert_true(answer_wait_over(&wait, 8, START_NS + 3 * BOUND_NS));
}

static void the_bound_counts_from_the_first_look(void **state)
{
    struct answer_wait wait = {.give_up_ns = 1, .last_ns = 2, .progress = 9};

    (void)state;
    answer_wait_begin(&wait, BOUND_NS);
    assert_false(answer_wait_over(&wait, 0, START_NS));
    assert_true(answer_wait_over(&wait, 0, START_NS + BOUND_NS));
}

static void many_are_looked_at_less_often(void **state)
{
    (void)state;
    assert_int_equal(answer_wait_pause_ns(1), 500 * NS_PER_US);
    assert_int_equal(answer_wait_pause_ns(1000), 500 * NS_PER_US);
    assert_int_equal(answer_wait_pause_ns(ADDRESSES), NS_PER_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_that_gets_on_is_waited_for),
        cmocka_unit_test(one_that_does_not_is_given_up_after_the_bound),
        cmocka_unit_test(the_bound_counts_from_the_first_look),
        cmocka_unit_test(many_are_looked_at_less_often),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
