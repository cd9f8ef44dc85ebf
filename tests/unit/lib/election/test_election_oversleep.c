/* Beyond the RFC: what a router does that did not run for longer than its peers wait. */
#include "tests/unit/lib/election/election_kit.h"

static void a_master_that_overslept_hears_first(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out = kit_timer(&e, now + 2900 * MS);

    (void)state;
    assert_string_equal(kit_word(&out), "SA"); /* late, but nobody can have deposed it */
    now += 2900 * MS;
    out = kit_timer(&e, now + 3010 * MS);
    assert_int_equal(out.count, 0);
    assert_true(election_deadline(&e) <= now + 3010 * MS);
    /* Nobody was heard: nobody took over. */
    out = kit_timer(&e, now + 3011 * MS);
    assert_string_equal(kit_word(&out), "SA");
    assert_int_equal(e.state, VRRP_MASTER);
    assert_int_equal(e.counters.oversleeps, 1);
    /* And each time anew. */
    now += 3011 * MS;
    assert_int_equal(kit_timer(&e, now + 3010 * MS).count, 0);
    /* Somebody did, whoever that is. */
    out = kit_hear(&e, "10.0.0.1", 50, now + 3011 * MS);
    assert_string_equal(kit_word(&out), "RT");
    assert_int_equal(kit_reason(&out), REASON_OVERSLEPT);
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_int_equal(e.counters.oversleeps, 2);
}

static void a_master_that_overslept_for_long_releases_before_anything(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out = kit_timer(&e, now + 6020 * MS);

    (void)state;
    assert_string_equal(kit_word(&out), "RT");
    assert_int_equal(kit_reason(&out), REASON_OVERSLEPT);
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_int_equal(e.counters.oversleeps, 1);
    /* A losing advert found in the socket is not answered from the stale belief either. */
    now = 0;
    e = kit_master(&params, &now);
    out = kit_hear(&e, "10.0.0.1", 50, now + 10 * SEC);
    assert_string_equal(kit_word(&out), "RT");
    /* Nor does a stop resign for a router that is no longer master. */
    now = 0;
    e = kit_master(&params, &now);
    out = kit_step(&e, (struct election_event){.type = ELECTION_STOP}, now + 4 * SEC);
    assert_int_equal(e.counters.priority_zero_pkts_sent, 0);
}

/* What is offered may have been taken by somebody who says nothing yet. */
static void an_offer_does_not_outlast_a_sleep(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out;

    (void)state;
    kit_step(&e, (struct election_event){.type = ELECTION_DRAIN}, now);
    assert_int_equal(e.offer, OFFER_MADE);
    out = kit_timer(&e, now + 3010 * MS);
    assert_int_equal(kit_reason(&out), REASON_OVERSLEPT);
}

static void a_backup_that_overslept_listens_first(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);
    uint64_t now = election_deadline(&e) + 60 * SEC;

    (void)state;
    assert_int_equal(kit_timer(&e, now).count, 0);
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_int_equal(election_deadline(&e), now + SEC + election_skew_ns(&e));
    kit_timer(&e, election_deadline(&e));
    assert_int_equal(e.state, VRRP_MASTER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_master_that_overslept_hears_first),
        cmocka_unit_test(a_master_that_overslept_for_long_releases_before_anything),
        cmocka_unit_test(an_offer_does_not_outlast_a_sleep),
        cmocka_unit_test(a_backup_that_overslept_listens_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
