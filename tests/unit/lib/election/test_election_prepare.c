/* A router that is waited for before it holds the addresses: what it says and does not say
 * meanwhile, how that ends, and how long who held them before goes on. */
#include "prepare_kit.h"

static void adverts_at_once_and_claims_when_prepared(void **state)
{
    const struct election_params params = params_of(100);
    struct election e = kit_started(&params, 0);
    uint64_t now = election_deadline(&e);
    struct election_actions out = kit_timer(&e, now);

    (void)state;
    assert_string_equal(kit_word(&out), "ST");
    assert_int_equal(e.state, VRRP_MASTER);
    assert_true(election_preparing(&e));
    assert_false(e.holding);
    for (int i = 0; i < 5; i++) {
        now = election_deadline(&e);
        out = kit_timer(&e, now);
        assert_string_equal(kit_word(&out), "S"); /* and no announcement */
    }
    out = prepared(&e, true, now + 1);
    assert_string_equal(kit_word(&out), "CA");
    assert_true(e.holding);
    assert_false(election_preparing(&e));
    assert_true(e.announce_at != DEADLINE_NEVER);
    out = prepared(&e, true, now + 2);
    assert_string_equal(kit_word(&out), "");
}

static void a_failure_gives_up_at_once(void **state)
{
    const struct election_params params = params_of(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out = prepared(&e, false, now + 5);

    (void)state;
    assert_string_equal(kit_word(&out), "ZT");
    assert_int_equal(kit_reason(&out), REASON_NOT_PREPARED);
    assert_int_equal(e.state, VRRP_INIT);
    assert_int_equal(e.held_by, HOLD_NOT_PREPARED);
    assert_string_equal(election_hold_name(HOLD_NOT_PREPARED), "not-prepared");
    out = kit_step(&e, (struct election_event){.type = ELECTION_UNHOLD, .hold = HOLD_NOT_PREPARED},
                   now + SEC);
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_false(election_preparing(&e));
}

static void or_claims_all_the_same(void **state)
{
    struct election_params params = params_of(100);
    uint64_t now = 0;

    (void)state;
    params.claims_unprepared = true;
    struct election e = kit_master(&params, &now);
    struct election_actions out = prepared(&e, false, now + 5);
    assert_string_equal(kit_word(&out), "CA");
    assert_int_equal(e.state, VRRP_MASTER);
}

static void its_time_is_bounded(void **state)
{
    const struct election_params params = params_of(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    uint64_t began = now;

    (void)state;
    while (e.state == VRRP_MASTER && now <= began + WAIT_NS + SEC) {
        now = election_deadline(&e);
        kit_timer(&e, now);
    }
    assert_int_equal(e.held_by, HOLD_NOT_PREPARED);
    assert_int_equal(now, began + WAIT_NS);
}

static void nothing_of_it_is_left_behind(void **state)
{
    const struct election_params params = params_of(100);
    const struct election_event ends[] = {
        {.type = ELECTION_STOP},
        {.type = ELECTION_HOLD, .hold = HOLD_LINK_DOWN},
        {.type = ELECTION_HOLD, .hold = HOLD_CHECK_FAILED},
        {.type = ELECTION_CONFLICT},
        {.type = ELECTION_DEMOTE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        uint64_t now = 0;
        struct election e = kit_master(&params, &now);

        kit_step(&e, ends[i], now + SEC / 2);
        assert_int_not_equal(e.state, VRRP_MASTER);
        assert_false(election_preparing(&e));
        assert_false(election_lingering(&e));
        struct election_actions out = prepared(&e, true, now + SEC);
        assert_string_equal(kit_word(&out), "");
    }
}

static void yields_to_a_better_one_meanwhile(void **state)
{
    const struct election_params params = params_of(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out = kit_hear(&e, "10.0.0.9", 150, now + 1);

    (void)state;
    assert_string_equal(kit_word(&out), "T");
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_false(election_preparing(&e));
    assert_false(election_lingering(&e));
}

static void answers_by_adverts_alone(void **state)
{
    const struct election_params params = params_of(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out = kit_hear(&e, "10.0.0.9", 50, now + 1);

    (void)state;
    assert_string_equal(kit_word(&out), "S");
    out = kit_hear(&e, "10.0.0.9", 0, now + SEC / 2);
    assert_string_equal(kit_word(&out), "S");
    assert_true(e.announce_at == DEADLINE_NEVER);
}

/* Who held them before: as long as the successor is heard, and until it has announced. */
static void the_one_before_answers_until_the_successor_announces(void **state)
{
    const struct election_params params = params_of(100);
    uint64_t now = 0;
    struct election e = settled(&params, &now);

    (void)state;
    now += SEC / 2;
    kit_hear(&e, "10.0.0.9", 150, now);
    assert_int_equal(e.state, VRRP_BACKUP);
    for (int i = 0; i < 10; i++) {
        now += SEC;
        kit_hear(&e, "10.0.0.9", 150, now);
        assert_true(e.holding);
        assert_true(election_lingering(&e));
        assert_true(election_deadline(&e) > now + SEC);
    }
    kit_step(&e, (struct election_event){.type = ELECTION_SUCCESSOR}, now + 7);
    assert_int_equal(e.linger_until, now + 7 + ELECTION_SETTLE_NS);
    struct election_actions out = kit_timer(&e, e.linger_until);
    assert_string_equal(kit_word(&out), "R");
}

static void but_not_for_ever(void **state)
{
    const struct election_params params = params_of(100);
    uint64_t now = 0;
    struct election e = settled(&params, &now);
    uint64_t began = now;

    (void)state;
    kit_hear(&e, "10.0.0.9", 150, now);
    while (e.holding && now < began + 2 * WAIT_NS) {
        now += SEC / 10;
        kit_timer(&e, now);
        kit_hear(&e, "10.0.0.9", 150, now);
    }
    assert_true(now >= began + WAIT_NS);
    assert_true(now <= began + WAIT_NS + election_hand_over_ns(&params, SEC) + SEC);
}

static void it_takes_over_again_when_the_successor_gives_up(void **state)
{
    const struct election_params params = params_of(100);
    uint64_t now = 0;
    struct election e = settled(&params, &now);

    (void)state;
    kit_hear(&e, "10.0.0.9", 150, now);
    kit_hear(&e, "10.0.0.9", 0, now + SEC);
    assert_true(e.holding);
    now = election_deadline(&e);
    assert_true(now <= now + 2 * SEC);
    kit_timer(&e, now);
    assert_int_equal(e.state, VRRP_MASTER);
    assert_true(election_preparing(&e));
    assert_true(e.holding); /* it goes on answering */
    struct election_actions out = prepared(&e, true, now + SEC);
    assert_string_equal(kit_word(&out), "CA");
}

static void a_successor_that_announces_first_is_there(void **state)
{
    const struct election_params params = params_of(100);
    uint64_t now = 0;
    struct election e = settled(&params, &now);

    (void)state;
    now += SEC / 2;
    kit_step(&e, (struct election_event){.type = ELECTION_SUCCESSOR}, now);
    kit_hear(&e, "10.0.0.9", 150, now + 1);
    assert_int_equal(e.linger_until, now + 1 + ELECTION_SETTLE_NS);
}

static void a_reload_changes_the_time_or_ends_the_wait(void **state)
{
    struct election_params params = params_of(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    params.prepare_ns = 2 * WAIT_NS;
    struct election_event event = {.type = ELECTION_CONFIGURE, .params = &params};
    kit_step(&e, event, now + 1);
    assert_int_equal(e.prepare_until, now + 2 * WAIT_NS);
    params.prepare_ns = 0;
    struct election_actions out = kit_step(&e, event, now + 2);
    assert_string_equal(kit_word(&out), "CA");
    assert_true(e.holding);
}

/* Both families of an instance wait for one preparation. */
static void members_of_a_group_go_together(void **state)
{
    struct election_params params = params_of(100);
    struct election members[2];
    struct election_actions out[2];
    const struct election_event failed = {.type = ELECTION_PREPARED};

    (void)state;
    params.grouped = true;
    for (int i = 0; i < 2; i++)
        members[i] = kit_started(&params, 0);
    uint64_t now = group_deadline(members, 2);
    const struct election_event timer = {.type = ELECTION_TIMER};
    group_step(members, 2, 0, &timer, now, out);
    group_step(members, 2, 1, &timer, now, out);
    assert_int_equal(group_state(members, 2), VRRP_MASTER);
    assert_true(election_preparing(&members[0]) && election_preparing(&members[1]));
    group_step_span(members, 2, 0, 2, &failed, now + SEC, out);
    assert_string_equal(kit_word(&out[0]), "ZT");
    assert_string_equal(kit_word(&out[1]), "ZT");
    assert_int_equal(group_state(members, 2), VRRP_INIT);
}

/* One of them fails alone: the other one, which holds its addresses by then, goes with it. */
static void a_member_that_fails_takes_the_others_along(void **state)
{
    struct election_params params = params_of(100);
    struct election members[2];
    struct election_actions out[2];
    const struct election_event timer = {.type = ELECTION_TIMER};

    (void)state;
    params.grouped = true;
    for (int i = 0; i < 2; i++)
        members[i] = kit_started(&params, 0);
    uint64_t now = group_deadline(members, 2);
    group_step(members, 2, 0, &timer, now, out);
    group_step(members, 2, 1, &timer, now, out);
    const struct election_event well = {.type = ELECTION_PREPARED, .force = true};
    const struct election_event badly = {.type = ELECTION_PREPARED};
    group_step_span(members, 2, 0, 1, &well, now + 1, out);
    assert_true(members[0].holding);
    group_step_span(members, 2, 1, 1, &badly, now + 2, out);
    assert_int_equal(group_state(members, 2), VRRP_INIT);
    assert_int_equal(members[0].held_by, HOLD_GROUP);
    assert_true(election_lingering(&members[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adverts_at_once_and_claims_when_prepared),
        cmocka_unit_test(a_failure_gives_up_at_once),
        cmocka_unit_test(or_claims_all_the_same),
        cmocka_unit_test(its_time_is_bounded),
        cmocka_unit_test(nothing_of_it_is_left_behind),
        cmocka_unit_test(yields_to_a_better_one_meanwhile),
        cmocka_unit_test(answers_by_adverts_alone),
        cmocka_unit_test(the_one_before_answers_until_the_successor_announces),
        cmocka_unit_test(but_not_for_ever),
        cmocka_unit_test(it_takes_over_again_when_the_successor_gives_up),
        cmocka_unit_test(a_successor_that_announces_first_is_there),
        cmocka_unit_test(a_reload_changes_the_time_or_ends_the_wait),
        cmocka_unit_test(members_of_a_group_go_together),
        cmocka_unit_test(a_member_that_fails_takes_the_others_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
