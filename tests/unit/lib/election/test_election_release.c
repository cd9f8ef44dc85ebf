/* Handing over to a router that prepares for the addresses: release-first, who waits for whom, and
 * when a drain is done. */
#include "prepare_kit.h"

static struct election_params release_first(uint8_t priority)
{
    struct election_params params = params_of(priority);

    params.release_first = true;
    return params;
}

/* In this order: who hears of it knows that nobody holds them there. */
static void release_first_releases_and_then_says_so(void **state)
{
    const struct election_params params = release_first(100);
    uint64_t now = 0;
    struct election e = settled(&params, &now);
    struct election_actions out = kit_step(&e, (struct election_event){.type = ELECTION_STOP}, now);

    (void)state;
    assert_string_equal(kit_word(&out), "RZT");
    assert_false(election_lingering(&e));
    e = settled(&params, &now);
    out = kit_hear(&e, "10.0.0.9", 150, now + 1);
    assert_string_equal(kit_word(&out), "RZT");
    assert_int_equal(e.state, VRRP_BACKUP);
    e = settled(&params, &now);
    out = kit_step(&e, (struct election_event){.type = ELECTION_DEMOTE}, now);
    assert_string_equal(kit_word(&out), "RZT");
}

/* BACKUP of 10.0.0.1 at priority 50, which it deposes: MASTER at *now. */
static struct election deposing(const struct election_params *params, uint64_t *now)
{
    struct election e = kit_started(params, *now);

    while (e.state != VRRP_MASTER) {
        *now = election_deadline(&e);
        kit_hear(&e, "10.0.0.1", 50, *now - 1);
        kit_timer(&e, *now);
    }
    return e;
}

static void who_deposes_a_living_master_waits_for_its_release(void **state)
{
    const struct election_params params = release_first(100);
    uint64_t now = 0;
    struct election e = deposing(&params, &now);

    (void)state;
    assert_int_equal(e.preparation, PREPARATION_AWAITED);
    struct election_actions out = prepared(&e, true, now); /* of an earlier one */
    assert_string_equal(kit_word(&out), "");
    kit_hear(&e, "10.0.0.1", 0, now + 5 * MS);
    assert_int_equal(e.preparation, PREPARATION_RUNS);
    assert_int_equal(e.prepare_began, now + 5 * MS);
    out = prepared(&e, true, now + 6 * MS);
    assert_string_equal(kit_word(&out), "CA");
}

static void or_until_that_is_silent(void **state)
{
    const struct election_params params = release_first(100);
    uint64_t now = 0;
    struct election e = deposing(&params, &now);
    uint64_t began = now;

    (void)state;
    kit_hear(&e, "10.0.0.1", 50, now + SEC / 2);
    while (e.preparation == PREPARATION_AWAITED && now < began + 20 * SEC) {
        now = election_deadline(&e);
        kit_timer(&e, now);
    }
    assert_int_equal(now, began + SEC / 2 + 2 * SEC + ELECTION_SETTLE_NS);
}

static void from_one_that_is_gone_it_does_not_wait(void **state)
{
    const struct election_params params = release_first(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    assert_int_equal(e.preparation, PREPARATION_RUNS);
}

static void drained(struct election *e, uint64_t now)
{
    kit_step(e, (struct election_event){.type = ELECTION_DRAIN}, now);
    kit_hear(e, "10.0.0.9", 90, now + 1);
}

static void a_drain_is_done_when_the_successor_has_announced(void **state)
{
    const struct election_params params = params_of(100);
    uint64_t now = 0;
    struct election e = settled(&params, &now);

    (void)state;
    drained(&e, now + SEC / 2);
    assert_int_equal(e.state, VRRP_MASTER);
    assert_int_equal(e.offer, OFFER_HEARD);
    struct election_actions out =
        kit_step(&e, (struct election_event){.type = ELECTION_SUCCESSOR}, now + SEC);
    assert_int_equal(e.held_by, HOLD_DRAINED);
    assert_string_equal(kit_word(&out), "T");
    assert_int_equal(e.linger_until, now + SEC + ELECTION_SETTLE_NS);
}

static void and_is_withdrawn_when_that_gives_up(void **state)
{
    const struct election_params params = params_of(100);
    uint64_t now = 0;
    struct election e = settled(&params, &now);

    (void)state;
    drained(&e, now + SEC / 2);
    kit_hear(&e, "10.0.0.9", 0, now + SEC);
    assert_int_equal(e.state, VRRP_MASTER);
    assert_int_equal(e.offer, OFFER_NONE);
    assert_true(e.holding);
    assert_true(election_preparing(&e)); /* what the other one did is not known */
    struct election_actions out = prepared(&e, true, now + SEC + 1);
    assert_string_equal(kit_word(&out), "CA");
}

static void or_falls_silent(void **state)
{
    const struct election_params params = params_of(100);
    uint64_t now = 0;
    struct election e = settled(&params, &now);
    uint64_t until = now + 20 * SEC;

    (void)state;
    drained(&e, now + SEC / 2);
    while (e.offer == OFFER_HEARD && now < until) {
        now = election_deadline(&e);
        kit_timer(&e, now);
    }
    assert_int_equal(e.offer, OFFER_NONE);
    assert_int_equal(e.state, VRRP_MASTER);
}

/* It claimed nothing while it prepared again, as its successor had announced already. */
static void who_takes_over_from_one_that_has_announced_lets_go(void **state)
{
    const struct election_params params = params_of(100);
    uint64_t now = 0;
    struct election e = settled(&params, &now);

    (void)state;
    now += SEC / 2;
    kit_hear(&e, "10.0.0.9", 150, now);
    kit_step(&e, (struct election_event){.type = ELECTION_SUCCESSOR}, now + MS);
    struct election_actions out =
        kit_step(&e, (struct election_event){.type = ELECTION_TAKE}, now + 2 * MS);
    assert_string_equal(kit_word(&out), "RST");
    assert_true(election_preparing(&e));
    assert_false(e.holding);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(release_first_releases_and_then_says_so),
        cmocka_unit_test(who_deposes_a_living_master_waits_for_its_release),
        cmocka_unit_test(or_until_that_is_silent),
        cmocka_unit_test(from_one_that_is_gone_it_does_not_wait),
        cmocka_unit_test(a_drain_is_done_when_the_successor_has_announced),
        cmocka_unit_test(and_is_withdrawn_when_that_gives_up),
        cmocka_unit_test(or_falls_silent),
        cmocka_unit_test(who_takes_over_from_one_that_has_announced_lets_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
