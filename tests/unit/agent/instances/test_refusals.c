/* Claims that are refused again and again: told when it begins, kept back until it ends. */
#include "agent/instances/refusals.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t now_ns;

/* Each transition is a second after the one before. */
static struct moved move(enum vrrp_state from, enum vrrp_state to, enum reason reason)
{
    struct moved moved = {.transition = {.from = from, .to = to, .reason = reason}};

    now_ns += NS_PER_SEC;
    moved.boot_ns = now_ns;
    if (reason == REASON_CANNOT_CLAIM)
        strcpy(moved.transition.evidence.note, "Operation not permitted");
    return moved;
}

static struct refusals *begin(void)
{
    const struct moved refused = move(VRRP_MASTER, VRRP_INIT, REASON_CANNOT_CLAIM);
    struct refusals *refusals = refusals_begin(&refused);

    assert_non_null(refusals);
    return refusals;
}

static bool keeps(struct refusals *refusals, enum vrrp_state from, enum vrrp_state to,
                  enum reason reason)
{
    const struct moved moved = move(from, to, reason);

    return refusals_keep(refusals, &moved);
}

static void attempt(struct refusals *refusals)
{
    assert_true(keeps(refusals, VRRP_INIT, VRRP_BACKUP, REASON_CLAIM_RETRIED));
    assert_true(keeps(refusals, VRRP_BACKUP, VRRP_MASTER, REASON_NO_RESPONSE));
    assert_int_equal(refusals->count, 2);
}

static void attempts_that_are_refused_alike_leave_a_number(void **state)
{
    struct refusals *refusals = begin();
    char text[REFUSALS_TEXT_SIZE];

    (void)state;
    for (int i = 0; i < 4; i++) {
        attempt(refusals);
        assert_true(keeps(refusals, VRRP_MASTER, VRRP_INIT, REASON_CANNOT_CLAIM));
        assert_int_equal(refusals->count, 0);
    }
    assert_string_equal(refusals_text(refusals, text, sizeof(text)),
                        "5 times in 12 s: none of the addresses could be added here: "
                        "Operation not permitted");
    free(refusals);
}

/* The way up is told with its own times, once it is known to be one. */
static void what_an_attempt_began_with_is_kept(void **state)
{
    struct refusals *refusals = begin();

    (void)state;
    attempt(refusals);
    assert_int_equal(refusals->kept[0].transition.reason, REASON_CLAIM_RETRIED);
    assert_int_equal(refusals->kept[0].boot_ns, now_ns - NS_PER_SEC);
    assert_int_equal(refusals->kept[1].transition.to, VRRP_MASTER);
    free(refusals);
}

/* The owner of the addresses is MASTER at once. */
static void an_attempt_may_begin_as_master(void **state)
{
    struct refusals *refusals = begin();

    (void)state;
    assert_true(keeps(refusals, VRRP_INIT, VRRP_MASTER, REASON_OWNER));
    assert_true(keeps(refusals, VRRP_MASTER, VRRP_INIT, REASON_CANNOT_CLAIM));
    assert_int_equal(refusals->times, 2);
    free(refusals);
}

static void whatever_else_happens_is_told(void **state)
{
    static const enum reason others[] = {REASON_LINK_DOWN, REASON_NOT_PREPARED, REASON_STOPPED};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct refusals *refusals = begin();

        attempt(refusals);
        assert_false(keeps(refusals, VRRP_MASTER, VRRP_INIT, others[i]));
        assert_int_equal(refusals->count, 2);
        free(refusals);
    }
    struct refusals *refusals = begin();
    attempt(refusals);
    assert_false(keeps(refusals, VRRP_MASTER, VRRP_BACKUP, REASON_HIGHER_PRIORITY));
    free(refusals);
}

static void without_a_refusal_nothing_is_kept(void **state)
{
    const struct moved failed = move(VRRP_MASTER, VRRP_INIT, REASON_CHECK_FAILED);
    const struct moved prepared = move(VRRP_MASTER, VRRP_INIT, REASON_NOT_PREPARED);
    struct refusals *refusals = refusals_begin(&failed);

    (void)state;
    assert_null(refusals);
    assert_false(refusals_keep(NULL, &prepared));
    refusals = refusals_begin(&prepared);
    assert_non_null(refusals);
    assert_false(keeps(refusals, VRRP_MASTER, VRRP_INIT, REASON_CANNOT_CLAIM));
    free(refusals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attempts_that_are_refused_alike_leave_a_number),
        cmocka_unit_test(what_an_attempt_began_with_is_kept),
        cmocka_unit_test(an_attempt_may_begin_as_master),
        cmocka_unit_test(whatever_else_happens_is_told),
        cmocka_unit_test(without_a_refusal_nothing_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
