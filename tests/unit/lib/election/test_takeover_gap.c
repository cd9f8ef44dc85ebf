/* The histogram of takeovers: bounds rise, a gap counts where it belongs, sums add up. */
#include "lib/election/takeover_gap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_bounds_rise(void **state)
{
    (void)state;
    for (size_t i = 1; i < TAKEOVER_GAP_BOUNDS; i++)
        assert_true(takeover_gap_bound_ns(i - 1) < takeover_gap_bound_ns(i));
}

static void test_a_gap_counts_up_to_its_bound(void **state)
{
    struct takeover_gaps gaps = {0};

    (void)state;
    takeover_gap_add(&gaps, takeover_gap_bound_ns(3));
    takeover_gap_add(&gaps, takeover_gap_bound_ns(3) + 1);
    takeover_gap_add(&gaps, 0);
    assert_int_equal(gaps.within[0], 1);
    assert_int_equal(gaps.within[3], 1);
    assert_int_equal(gaps.within[4], 1);
    assert_int_equal(gaps.count, 3);
    assert_int_equal(gaps.sum_ns, 2 * takeover_gap_bound_ns(3) + 1);
}

static void test_one_beyond_the_last_bound_counts_in_all(void **state)
{
    struct takeover_gaps gaps = {0};

    (void)state;
    takeover_gap_add(&gaps, takeover_gap_bound_ns(TAKEOVER_GAP_BOUNDS - 1) + 1);
    assert_int_equal(gaps.count, 1);
    for (size_t i = 0; i < TAKEOVER_GAP_BOUNDS; i++)
        assert_int_equal(gaps.within[i], 0);
}

static void test_those_of_others_are_added(void **state)
{
    struct takeover_gaps one = {0};
    struct takeover_gaps other = {0};

    (void)state;
    takeover_gap_add(&one, 1);
    takeover_gap_add(&other, 2);
    takeover_gap_add(&other, takeover_gap_bound_ns(5));
    takeover_gap_add_all(&one, &other);
    assert_int_equal(one.count, 3);
    assert_int_equal(one.within[0], 2);
    assert_int_equal(one.within[5], 1);
    assert_int_equal(one.sum_ns, 3 + takeover_gap_bound_ns(5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds_rise),
        cmocka_unit_test(test_a_gap_counts_up_to_its_bound),
        cmocka_unit_test(test_one_beyond_the_last_bound_counts_in_all),
        cmocka_unit_test(test_those_of_others_are_added),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
