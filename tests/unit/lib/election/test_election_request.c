/* What the administrator asks for: drain (with and without a successor, by force), resume, take. */
#include "tests/unit/lib/election/election_kit.h"

static struct election_actions drain(struct election *e, bool force, uint64_t now)
{
    return kit_step(e, (struct election_event){.type = ELECTION_DRAIN, .force = force}, now);
}

static struct election_actions resume(struct election *e, uint64_t now)
{
    return kit_step(e, (struct election_event){.type = ELECTION_UNHOLD, .hold = HOLD_DRAINED}, now);
}

static struct election_actions take(struct election *e, uint64_t now)
{
    return kit_step(e, (struct election_event){.type = ELECTION_TAKE}, now);
}

static const struct election_action *sent(const struct election_actions *out)
{
    for (size_t i = 0; i < out->count; i++)
        if (out->list[i].type == ACTION_SEND_ADVERT)
            return &out->list[i];
    fail_msg("no advert was sent");
    return NULL;
}

static void drain_waits_for_the_successors_advert(void **state)
{
    struct election_params params = kit_params(150);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out = drain(&e, false, now);

    (void)state;
    assert_string_equal(kit_word(&out), "Z");
    assert_int_equal(e.state, VRRP_MASTER);
    assert_int_equal(e.announce_at, DEADLINE_NEVER); /* the last announcement is the successor's */
    /* Its announcement alone is no proof, another resignation even less. */
    kit_step(&e, (struct election_event){.type = ELECTION_SUCCESSOR}, now + 600 * MS);
    kit_hear(&e, "10.0.0.3", 0, now + 601 * MS);
    assert_int_equal(e.state, VRRP_MASTER);
    out = kit_hear(&e, "10.0.0.1", 100, now + 602 * MS);
    /* No second resignation: a third router would take it for the successor's. */
    assert_string_equal(kit_word(&out), "T");
    assert_int_equal(out.list[0].transition.reason, REASON_DRAINED);
    assert_int_equal(out.list[0].transition.evidence.peer_priority, 100);
    assert_int_equal(e.state, VRRP_INIT);
    assert_int_equal(e.held_by, HOLD_DRAINED);
    assert_true(e.holding); /* for frames that are on their way */
    assert_true(election_deadline(&e) <= now + 630 * MS);
    out = kit_timer(&e, election_deadline(&e));
    assert_string_equal(kit_word(&out), "R");
}

static void the_resignation_is_repeated(void **state)
{
    struct election_params params = kit_params(150);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    drain(&e, false, now);
    for (int i = 1; i <= 3; i++) {
        struct election_actions out = kit_timer(&e, now + (uint64_t)i * SEC);
        assert_string_equal(kit_word(&out), "Z");
    }
    assert_int_equal(e.counters.oversleeps, 0);
}

static void without_a_successor_it_stays_master_and_is_not_drained(void **state)
{
    struct election_params params = kit_params(150);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out = drain(&e, false, now);
    uint64_t end = now + election_offer_ns(&e);

    (void)state;
    for (out.count = 0; e.offer != OFFER_NONE; out = kit_timer(&e, election_deadline(&e)))
        assert_true(election_deadline(&e) <= end);
    assert_int_equal(e.state, VRRP_MASTER);
    assert_int_equal(e.held_by, 0);
    assert_true(e.holding);
    assert_int_equal(sent(&out)->priority, 150);
    assert_int_equal(kit_reason(&out), REASON_NO_SUCCESSOR);
    assert_int_equal(e.master_priority, 150);
    /* Nothing is pending: a peer that comes later is treated as ever. */
    out = kit_hear(&e, "10.0.0.1", 100, end + SEC / 2);
    assert_int_equal(e.state, VRRP_MASTER);
    assert_int_equal(sent(&out)->priority, 150);
}

static void a_short_linger_does_not_make_a_drain_fail(void **state)
{
    struct election_params params = kit_params(150);
    params.linger_ns = 10 * MS;
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    drain(&e, false, now);
    /* The slowest peer: its skew is nearly an interval. */
    assert_true(e.offer_until > now + SEC);
    params.linger_ns = 9 * SEC;
    kit_step(&e, (struct election_event){.type = ELECTION_CONFIGURE, .params = &params}, now);
    assert_int_equal(election_offer_ns(&e), 9 * SEC);
}

static void force_gives_it_up_when_nobody_comes(void **state)
{
    struct election_params params = kit_params(150);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out = drain(&e, true, now);

    (void)state;
    while (e.state == VRRP_MASTER)
        out = kit_timer(&e, election_deadline(&e));
    assert_int_equal(e.held_by, HOLD_DRAINED);
    assert_false(e.holding);
    assert_int_equal(out.list[out.count - 1].transition.reason, REASON_DRAINED);
    assert_int_equal(election_deadline(&e), DEADLINE_NEVER);
}

static void a_drained_backup_stays_away_even_from_a_dead_master(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);

    (void)state;
    kit_hear(&e, "10.0.0.1", 150, SEC);
    struct election_actions out = drain(&e, false, SEC + MS);
    assert_string_equal(kit_word(&out), "T");
    assert_int_equal(e.held_by, HOLD_DRAINED);
    assert_int_equal(election_deadline(&e), DEADLINE_NEVER);
}

static void resume_before_the_end_withdraws_the_offer(void **state)
{
    struct election_params params = kit_params(150);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    drain(&e, false, now);
    struct election_actions out = resume(&e, now + MS);
    assert_string_equal(kit_word(&out), "CAS"); /* mastership never left: no report */
    assert_int_equal(sent(&out)->priority, 150);
    assert_int_equal(e.offer, OFFER_NONE);
    assert_int_equal(e.state, VRRP_MASTER);
}

static void resume_comes_back_as_backup(void **state)
{
    struct election_params params = kit_params(150);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    drain(&e, false, now);
    kit_hear(&e, "10.0.0.1", 100, now + MS);
    kit_timer(&e, election_deadline(&e));
    struct election_actions out = resume(&e, now + SEC);
    assert_int_equal(kit_reason(&out), REASON_RESUMED);
    assert_int_equal(e.state, VRRP_BACKUP);
    /* And takes over from a lower priority only after the master-down time. */
    kit_hear(&e, "10.0.0.1", 100, now + SEC + 500 * MS);
    assert_int_equal(election_deadline(&e), now + SEC + election_master_down_ns(&e));
}

static void an_offer_ends_with_the_mastership(void **state)
{
    struct election_params params = kit_params(150);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    drain(&e, false, now);
    kit_step(&e, (struct election_event){.type = ELECTION_HOLD, .hold = HOLD_LINK_DOWN}, now + MS);
    assert_int_equal(e.held_by, HOLD_LINK_DOWN);
    kit_step(&e, (struct election_event){.type = ELECTION_UNHOLD, .hold = HOLD_LINK_DOWN}, SEC);
    assert_int_equal(e.state, VRRP_BACKUP); /* the drain is not in force */
    assert_int_equal(e.offer, OFFER_NONE);
}

static void a_change_of_priority_does_not_break_an_offer(void **state)
{
    struct election_params params = kit_params(150);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    drain(&e, false, now);
    params.priority = 200;
    struct election_actions out = kit_step(
        &e, (struct election_event){.type = ELECTION_CONFIGURE, .params = &params}, now + MS);
    assert_int_equal(out.count, 0);
    out = kit_timer(&e, now + SEC);
    assert_string_equal(kit_word(&out), "Z");
}

/* It slept by the new interval, had it gone on by the old one, and the address had gone. */
static void a_shorter_interval_does_not_break_an_offer(void **state)
{
    for (int taken = 0; taken < 2; taken++) {
        struct election_params params = kit_params(150);
        uint64_t now = 0;

        (void)state;
        params.grouped = taken == 1;
        struct election e = kit_started(&params, 0);
        now = election_deadline(&e);
        kit_timer(&e, now);
        if (params.grouped)
            kit_step(&e, (struct election_event){.type = ELECTION_PROMOTE}, now);
        drain(&e, false, now);
        if (params.grouped)
            kit_hear(&e, "10.0.0.1", 100, now + MS);
        params.advert_interval_ns = 10 * MS;
        struct election_actions out = kit_step(
            &e, (struct election_event){.type = ELECTION_CONFIGURE, .params = &params}, now + MS);
        assert_string_equal(kit_word(&out), taken == 1 ? "" : "Z");
        assert_int_equal(e.timer_at, now + 11 * MS);
        for (int i = 0; i < 20; i++)
            kit_timer(&e, e.timer_at);
        assert_int_equal(e.state, VRRP_MASTER);
        assert_int_equal(e.counters.oversleeps, 0);
    }
}

/* A BACKUP of priority 100 without preemption, whose master has 200. */
static struct election follower(uint64_t *now)
{
    struct election_params params = kit_params(100);
    struct election e;

    params.preempt = false;
    e = kit_started(&params, *now);
    *now += SEC;
    kit_hear(&e, "10.0.0.1", 200, *now);
    return e;
}

static void take_makes_a_higher_priority_yield_and_goes_back_to_its_own(void **state)
{
    uint64_t now = 0;
    struct election e = follower(&now);
    struct election_actions out = take(&e, now);

    (void)state;
    assert_string_equal(kit_word(&out), "CAST");
    assert_int_equal(sent(&out)->priority, 254);
    assert_int_equal(kit_reason(&out), REASON_TAKEN);
    assert_int_equal(out.list[3].transition.evidence.peer_priority, 200);
    out = kit_timer(&e, now + SEC);
    assert_int_equal(sent(&out)->priority, 254);
    out = kit_timer(&e, e.raised_until);
    assert_int_equal(sent(&out)->priority, 100);
    assert_int_equal(e.raised_until, DEADLINE_NEVER);
    assert_int_equal(e.state, VRRP_MASTER);
    /* A peer that preempts takes it back then. */
    out = kit_hear(&e, "10.0.0.1", 200, now + 5 * SEC);
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_int_equal(kit_reason(&out), REASON_HIGHER_PRIORITY);
}

static void take_stays_raised_while_the_other_adverts_but_not_for_ever(void **state)
{
    uint64_t now = 0;
    struct election e = follower(&now);
    uint64_t begun = now;

    (void)state;
    take(&e, now);
    for (int i = 0; i < 12 && e.state == VRRP_MASTER; i++) {
        now += 700 * MS;
        kit_hear(&e, "10.0.0.1", 200, now);
        now += 300 * MS;
        if (election_deadline(&e) <= now)
            kit_timer(&e, now);
    }
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_in_range(now, begun + 9 * SEC, begun + 12 * SEC);
}

static void take_is_refused_where_it_cannot_work(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_started(&params, now);

    (void)state;
    assert_int_equal(election_take_verdict(&e), TAKE_POSSIBLE); /* nobody is known */
    kit_hear(&e, "10.0.0.1", 255, now);
    assert_int_equal(election_take_verdict(&e), TAKE_OWNER);
    kit_hear(&e, "10.0.0.1", 254, now);
    assert_int_equal(election_take_verdict(&e), TAKE_POSSIBLE);
    kit_hear(&e, "10.0.0.3", 254, now);
    assert_int_equal(election_take_verdict(&e), TAKE_TIE_LOST);
    drain(&e, false, now);
    assert_int_equal(election_take_verdict(&e), TAKE_HELD);
    assert_int_equal(take(&e, now).count, 0);
    e = kit_master(&params, &now);
    assert_int_equal(election_take_verdict(&e), TAKE_MASTER);
    assert_int_equal(take(&e, now).count, 0);
}

static void an_owner_does_not_yield_to_a_take(void **state)
{
    uint64_t now = 0;
    struct election e = follower(&now);

    (void)state;
    take(&e, now);
    kit_hear(&e, "10.0.0.1", 255, now + MS);
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_int_equal(e.raised_until, DEADLINE_NEVER);
}

static void preempts_only_when_healthy_for_the_time(void **state)
{
    struct election_params params = kit_params(150);
    params.preempt_healthy_ns = 10 * SEC;
    struct election e = kit_started(&params, 0);
    uint64_t now;

    (void)state;
    for (now = 0; now < 10 * SEC; now += SEC)
        kit_hear(&e, "10.0.0.1", 100, now);
    assert_int_equal(election_deadline(&e), 9 * SEC + election_master_down_ns(&e));
    /* A hold in between starts the time again. */
    kit_step(&e, (struct election_event){.type = ELECTION_HOLD, .hold = HOLD_CHECK_FAILED}, now);
    kit_step(&e, (struct election_event){.type = ELECTION_UNHOLD, .hold = HOLD_CHECK_FAILED}, now);
    uint64_t healthy = now;
    for (; now < healthy + 10 * SEC; now += SEC) {
        kit_hear(&e, "10.0.0.1", 100, now);
        assert_int_equal(election_deadline(&e), now + election_master_down_ns(&e));
    }
    /* Healthy for long enough: lower priorities do not stop the timer any more. */
    uint64_t deadline = election_deadline(&e);
    kit_hear(&e, "10.0.0.1", 100, now);
    assert_int_equal(election_deadline(&e), deadline);
    struct election_actions out = kit_timer(&e, deadline);
    assert_int_equal(kit_reason(&out), REASON_PREEMPTED);
}

static void an_impaired_node_is_not_healthy(void **state)
{
    struct election_params params = kit_params(150);
    params.preempt_healthy_ns = 10 * SEC;
    params.impaired = true;
    struct election e = kit_started(&params, 0);
    struct election_event configure = {.type = ELECTION_CONFIGURE, .params = &params};

    (void)state;
    kit_hear(&e, "10.0.0.1", 100, 20 * SEC);
    assert_int_equal(election_deadline(&e), 20 * SEC + election_master_down_ns(&e));
    params.impaired = false;
    kit_step(&e, configure, 21 * SEC);
    kit_hear(&e, "10.0.0.1", 100, 22 * SEC);
    assert_int_equal(election_deadline(&e), 22 * SEC + election_master_down_ns(&e));
    kit_hear(&e, "10.0.0.1", 100, 31 * SEC);
    assert_true(e.lower_heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drain_waits_for_the_successors_advert),
        cmocka_unit_test(the_resignation_is_repeated),
        cmocka_unit_test(without_a_successor_it_stays_master_and_is_not_drained),
        cmocka_unit_test(a_short_linger_does_not_make_a_drain_fail),
        cmocka_unit_test(force_gives_it_up_when_nobody_comes),
        cmocka_unit_test(a_drained_backup_stays_away_even_from_a_dead_master),
        cmocka_unit_test(resume_before_the_end_withdraws_the_offer),
        cmocka_unit_test(resume_comes_back_as_backup),
        cmocka_unit_test(an_offer_ends_with_the_mastership),
        cmocka_unit_test(a_change_of_priority_does_not_break_an_offer),
        cmocka_unit_test(a_shorter_interval_does_not_break_an_offer),
        cmocka_unit_test(take_makes_a_higher_priority_yield_and_goes_back_to_its_own),
        cmocka_unit_test(take_stays_raised_while_the_other_adverts_but_not_for_ever),
        cmocka_unit_test(take_is_refused_where_it_cannot_work),
        cmocka_unit_test(an_owner_does_not_yield_to_a_take),
        cmocka_unit_test(preempts_only_when_healthy_for_the_time),
        cmocka_unit_test(an_impaired_node_is_not_healthy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
