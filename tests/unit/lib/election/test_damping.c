/* Flap damping: what counts as a withdrawal, when the node is held back, and for how long. */
#include "lib/election/damping.h"

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
        bool counts;
    } rows[] = {
        {VRRP_MASTER, VRRP_INIT, REASON_CHECK_FAILED, true},
        {VRRP_BACKUP, VRRP_INIT, REASON_LINK_DOWN, true},
        {VRRP_MASTER, VRRP_BACKUP, REASON_OVERSLEPT, true},
        {VRRP_MASTER, VRRP_INIT, REASON_STOPPED, false},
        {VRRP_MASTER, VRRP_INIT, REASON_DRAINED, false},
        {VRRP_BACKUP, VRRP_MASTER, REASON_NO_RESPONSE, false},
        {VRRP_INIT, VRRP_BACKUP, REASON_CHECK_PASSED, false},
    };
    const struct damping_standing fallen = {.as_master = 150, .now = 50};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct transition t = {
            .from = rows[i].from, .to = rows[i].to, .reason = rows[i].reason};

        if (damping_counts(&t, &fallen) != rows[i].counts)
            fail_msg("%s %s counted", reason_name(t.reason), rows[i].counts ? "is not" : "is");
    }
}

/* 150 is configured, a check takes 100 away. */
static void a_rival_counts_only_against_a_node_that_fell_below_it(void **state)
{
    static const struct {
        const char *what;
        struct damping_standing standing;
        enum reason reason;
        uint8_t peer_priority;
        bool counts;
    } rows[] = {
        {"a check that fails now", {150, 50, false}, REASON_HIGHER_PRIORITY, 100, true},
        {"one that leaves a tie", {150, 100, false}, REASON_HIGHER_ADDRESS, 100, true},
        {"a rival of the old priority", {150, 50, false}, REASON_HIGHER_PRIORITY, 150, true},
        {"a better rival coming back", {150, 150, false}, REASON_HIGHER_PRIORITY, 200, false},
        {"the same while a check fails", {150, 50, false}, REASON_HIGHER_PRIORITY, 200, false},
        {"a check that failed before", {50, 50, false}, REASON_HIGHER_PRIORITY, 100, false},
        {"a check that recovered", {50, 150, false}, REASON_HIGHER_PRIORITY, 200, false},
        {"a take that is won back", {100, 100, false}, REASON_HIGHER_PRIORITY, 150, false},
        {"the priority 1 of the hold", {150, 150, true}, REASON_HIGHER_PRIORITY, 100, false},
        {"the same as a check fails", {150, 50, true}, REASON_HIGHER_PRIORITY, 100, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct transition t = {.from = VRRP_MASTER,
                                     .to = VRRP_BACKUP,
                                     .reason = rows[i].reason,
                                     .evidence.peer_priority = rows[i].peer_priority};

        if (damping_counts(&t, &rows[i].standing) != rows[i].counts)
            fail_msg("%s %s counted", rows[i].what, rows[i].counts ? "is not" : "is");
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
        cmocka_unit_test(a_rival_counts_only_against_a_node_that_fell_below_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
