/* Flap damping: what counts as a withdrawal, when the node is held back, and for how long. */
#include "lib/damping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S NS_PER_SEC

static const struct damping_params params = {
    .transitions = 3, .window_ns = 60 * S, .hold_ns = 300 * S};

static void enough_withdrawals_in_the_window_hold_it_back(void **state)
{
    struct damping damping = {0};

    (void)state;
    assert_false(damping_note(&damping, &params, 100 * S));
    assert_false(damping_note(&damping, &params, 110 * S));
    assert_int_equal(damping_recent(&damping, &params, 110 * S), 2);
    assert_int_equal(damping_remaining(&damping, &params, 110 * S), 0);
    assert_true(damping_note(&damping, &params, 120 * S));
    assert_int_equal(damping_remaining(&damping, &params, 120 * S), 300 * S);
    assert_int_equal(damping_remaining(&damping, &params, 419 * S), 1 * S);
    assert_int_equal(damping_remaining(&damping, &params, 420 * S), 0);
}

static void slow_ones_do_not(void **state)
{
    struct damping damping = {0};

    (void)state;
    for (uint64_t t = 1000; t < 5000; t += 31)
        assert_false(damping_note(&damping, &params, t * S));
    assert_int_equal(damping_recent(&damping, &params, 5100 * S), 0);
}

static void it_is_held_longer_when_it_goes_on(void **state)
{
    struct damping damping = {0};
    uint64_t t;

    (void)state;
    for (t = 100; t < 200; t++)
        (void)damping_note(&damping, &params, t * S);
    assert_int_equal(damping_remaining(&damping, &params, 200 * S), 299 * S);
    assert_true(damping.count <= DAMPING_TRANSITIONS_MAX);
}

static void off_is_off(void **state)
{
    const struct damping_params off = {0};
    struct damping damping = {0};

    (void)state;
    for (uint64_t t = 100; t < 200; t++)
        assert_false(damping_note(&damping, &off, t * S));
    assert_int_equal(damping_remaining(&damping, &off, 150 * S), 0);
    /* Turned off by a reload while held back. */
    for (uint64_t t = 100; t < 103; t++)
        (void)damping_note(&damping, &params, t * S);
    assert_int_equal(damping_remaining(&damping, &off, 103 * S), 0);
}

static void only_what_this_node_caused_counts(void **state)
{
    static const struct {
        enum vrrp_state from;
        enum vrrp_state to;
        enum reason reason;
        bool lowered;
        bool counts;
    } rows[] = {
        {VRRP_MASTER, VRRP_INIT, REASON_CHECK_FAILED, false, true},
        {VRRP_BACKUP, VRRP_INIT, REASON_LINK_DOWN, false, true},
        {VRRP_MASTER, VRRP_BACKUP, REASON_OVERSLEPT, false, true},
        {VRRP_MASTER, VRRP_BACKUP, REASON_HIGHER_PRIORITY, true, true},
        {VRRP_MASTER, VRRP_BACKUP, REASON_HIGHER_PRIORITY, false, false},
        {VRRP_MASTER, VRRP_INIT, REASON_STOPPED, true, false},
        {VRRP_MASTER, VRRP_INIT, REASON_DRAINED, true, false},
        {VRRP_BACKUP, VRRP_MASTER, REASON_NO_RESPONSE, true, false},
        {VRRP_INIT, VRRP_BACKUP, REASON_CHECK_PASSED, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct transition t = {
            .from = rows[i].from, .to = rows[i].to, .reason = rows[i].reason};

        if (damping_counts(&t, rows[i].lowered) != rows[i].counts)
            fail_msg("%s %s counted", reason_name(t.reason), rows[i].counts ? "is not" : "is");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enough_withdrawals_in_the_window_hold_it_back),
        cmocka_unit_test(slow_ones_do_not),
        cmocka_unit_test(it_is_held_longer_when_it_goes_on),
        cmocka_unit_test(off_is_off),
        cmocka_unit_test(only_what_this_node_caused_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
