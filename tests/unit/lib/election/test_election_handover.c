/* Beyond the RFC: make before break, linger, announcements, reconfiguration. */
#include "tests/unit/lib/election/election_kit.h"

static void graceful_stop_lingers_until_the_successor_adverts(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out = kit_step(&e, (struct election_event){.type = ELECTION_STOP}, now);

    (void)state;
    assert_string_equal(kit_word(&out), "ZT"); /* no release yet */
    assert_true(election_lingering(&e));
    assert_int_equal(e.state, VRRP_INIT);
    /* Another resignation is no successor. */
    kit_hear(&e, "10.0.0.3", 0, now + 300 * MS);
    uint64_t bound = election_deadline(&e);
    /* No successor can take longer: 3 intervals and a skew of at most one. */
    assert_int_equal(bound, now + 4 * SEC + 20 * MS);
    kit_hear(&e, "10.0.0.1", 90, now + 400 * MS);
    assert_true(election_deadline(&e) < bound);
    assert_true(election_deadline(&e) > now + 400 * MS);
    out = kit_timer(&e, election_deadline(&e));
    assert_string_equal(kit_word(&out), "R");
    assert_false(election_lingering(&e));
}

static void an_announcement_ends_the_linger_too(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    kit_step(&e, (struct election_event){.type = ELECTION_STOP}, now);
    kit_step(&e, (struct election_event){.type = ELECTION_SUCCESSOR}, now + 400 * MS);
    assert_in_range(election_deadline(&e), now + 400 * MS, now + 500 * MS);
    /* More of them do not prolong it. */
    uint64_t end = election_deadline(&e);
    kit_step(&e, (struct election_event){.type = ELECTION_SUCCESSOR}, now + 410 * MS);
    assert_int_equal(election_deadline(&e), end);
}

static void a_linger_without_successor_is_bounded(void **state)
{
    struct election_params params = kit_params(100);
    params.linger_ns = 700 * MS;
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    kit_step(&e, (struct election_event){.type = ELECTION_STOP}, now);
    assert_int_equal(election_deadline(&e), now + 700 * MS);
    struct election_actions out = kit_timer(&e, now + 700 * MS);
    assert_string_equal(kit_word(&out), "R");
}

static void an_announcement_does_not_move_a_master(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    assert_int_equal(kit_step(&e, (struct election_event){.type = ELECTION_SUCCESSOR}, now).count,
                     0);
    assert_int_equal(e.state, VRRP_MASTER);
    assert_false(election_lingering(&e));
}

static void resume_while_lingering_keeps_the_addresses(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    kit_step(&e, (struct election_event){.type = ELECTION_HOLD, .hold = HOLD_DRAINED}, now);
    struct election_actions out = kit_step(
        &e, (struct election_event){.type = ELECTION_UNHOLD, .hold = HOLD_DRAINED}, now + MS);
    assert_string_equal(kit_word(&out), "T");
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_true(e.holding && election_lingering(&e));
}

static void link_loss_releases_at_once(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_event down = {.type = ELECTION_HOLD, .hold = HOLD_LINK_DOWN};
    struct election_actions out = kit_step(&e, down, now);

    (void)state;
    assert_string_equal(kit_word(&out), "RT");
    assert_int_equal(e.counters.priority_zero_pkts_sent, 0);
    /* And ends a linger that was under way. */
    now = 0;
    e = kit_master(&params, &now);
    kit_step(&e, (struct election_event){.type = ELECTION_STOP}, now);
    out = kit_step(&e, down, now + MS);
    assert_string_equal(kit_word(&out), "R");
    /* After link up it waits a full master-down interval as BACKUP. */
    now = 0;
    e = kit_master(&params, &now);
    kit_step(&e, down, now);
    out = kit_step(&e, (struct election_event){.type = ELECTION_UNHOLD, .hold = HOLD_LINK_DOWN},
                   now + SEC);
    assert_int_equal(kit_reason(&out), REASON_LINK_UP);
    assert_int_equal(election_deadline(&e), now + SEC + election_master_down_ns(&e));
}

static void conflict_resigns_and_releases(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out =
        kit_step(&e, (struct election_event){.type = ELECTION_CONFLICT}, now);

    (void)state;
    assert_string_equal(kit_word(&out), "ZRT");
    assert_int_equal(e.held_by, HOLD_CONFLICT);
    out =
        kit_step(&e, (struct election_event){.type = ELECTION_UNHOLD, .hold = HOLD_CONFLICT}, now);
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_int_equal(out.list[0].transition.reason, REASON_CONFLICT_OVER);
}

/* Whoever cannot serve makes way at once, and takes part again later. */
static void who_cannot_claim_resigns_and_releases(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_event event = {.type = ELECTION_HOLD, .hold = HOLD_CANNOT_CLAIM};
    struct election_actions out = kit_step(&e, event, now);

    (void)state;
    assert_string_equal(kit_word(&out), "ZRT");
    assert_int_equal(kit_reason(&out), REASON_CANNOT_CLAIM);
    assert_string_equal(election_hold_name(HOLD_CANNOT_CLAIM), "cannot-claim");
    assert_int_equal(e.state, VRRP_INIT);
    event.type = ELECTION_UNHOLD;
    out = kit_step(&e, event, now + SEC);
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_int_equal(kit_reason(&out), REASON_CLAIM_RETRIED);
}

/* The interface cannot be used any more: a peer takes over, and nothing lingers where nobody is. */
static void who_has_no_use_of_its_interface_resigns_and_releases(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_event event = {.type = ELECTION_HOLD, .hold = HOLD_UNUSABLE};
    struct election_actions out = kit_step(&e, event, now);

    (void)state;
    assert_string_equal(kit_word(&out), "ZRT");
    assert_int_equal(kit_reason(&out), REASON_UNUSABLE_INTERFACE);
    assert_string_equal(election_hold_name(HOLD_UNUSABLE), "unusable-interface");
    event.type = ELECTION_UNHOLD;
    out = kit_step(&e, event, now + SEC);
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_int_equal(kit_reason(&out), REASON_USABLE_INTERFACE);
}

static void a_conflict_says_who_it_is_with(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    const struct election_event event = {
        .type = ELECTION_CONFLICT, .address = kit_address("10.0.0.9"), .mac = {2, 0, 0, 0, 0, 7}};
    struct election_actions out = kit_step(&e, event, now);
    const struct transition *t = &out.list[out.count - 1].transition;
    char text[REASON_TEXT_SIZE];

    (void)state;
    assert_int_equal(t->reason, REASON_CONFLICT);
    assert_int_equal(t->evidence.own_priority, 100);
    assert_string_equal(reason_text(t, text, sizeof(text)),
                        "another machine, 02:00:00:00:00:07, holds our address 10.0.0.9");
}

static void several_holds_must_all_end(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);

    (void)state;
    kit_step(&e, (struct election_event){.type = ELECTION_HOLD, .hold = HOLD_LINK_DOWN}, 1);
    kit_step(&e, (struct election_event){.type = ELECTION_HOLD, .hold = HOLD_DRAINED}, 2);
    kit_step(&e, (struct election_event){.type = ELECTION_UNHOLD, .hold = HOLD_LINK_DOWN}, 3);
    assert_int_equal(e.state, VRRP_INIT);
    kit_step(&e, (struct election_event){.type = ELECTION_UNHOLD, .hold = HOLD_DRAINED}, 4);
    assert_int_equal(e.state, VRRP_BACKUP);
}

static void announcements_follow_their_schedule(void **state)
{
    struct election_params params = kit_params(100);
    params.advert_interval_ns = 10 * SEC;
    params.announce_repeat = 3;
    params.announce_refresh_ns = 60 * SEC;
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    uint64_t times[5];
    size_t n = 0;

    (void)state;
    while (n < 5) {
        uint64_t at = election_deadline(&e);
        struct election_actions out = kit_timer(&e, at);
        for (size_t i = 0; i < out.count; i++)
            if (out.list[i].type == ACTION_ANNOUNCE)
                times[n++] = at - now;
    }
    assert_in_range(times[0], 1, SEC);
    /* Past the second for which Linux ignores another change. */
    assert_in_range(times[1] - times[0], SEC + 1, 2 * SEC);
    assert_true(times[2] - times[1] >= times[1] - times[0]);
    assert_int_equal(times[3] - times[2], 60 * SEC);
    assert_int_equal(times[4] - times[3], 60 * SEC);
    params.announce_repeat = 0;
    params.announce_refresh_ns = 0;
    e = kit_master(&params, &now);
    assert_int_equal(e.announce_at, DEADLINE_NEVER);
}

static void changes_do_not_put_the_next_announcement_off(void **state)
{
    struct election_params params = kit_params(100);
    params.announce_refresh_ns = 60 * SEC;
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    unsigned announced = 0;

    (void)state;
    for (uint64_t end = now + 130 * SEC; now < end; now = election_deadline(&e)) {
        struct election_actions out = kit_timer(&e, now);
        announced += strchr(kit_word(&out), 'A') != NULL;
        params.priority ^= 1;
        kit_step(&e, (struct election_event){.type = ELECTION_CONFIGURE, .params = &params}, now);
    }
    assert_int_equal(announced, params.announce_repeat + 2);
}

static void a_new_priority_moves_the_backups_deadline(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);

    (void)state;
    kit_hear(&e, "10.0.0.1", 150, SEC);
    params.priority = 200;
    kit_step(&e, (struct election_event){.type = ELECTION_CONFIGURE, .params = &params}, 2 * SEC);
    assert_int_equal(election_deadline(&e), SEC + 3 * SEC + 56 * SEC / 256);
}

static void a_master_tells_its_new_priority_at_once(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    struct election_event event = {.type = ELECTION_CONFIGURE, .params = &params};
    assert_int_equal(kit_step(&e, event, now + MS).count, 0);
    params.priority = 50;
    struct election_actions out = kit_step(&e, event, now + 2 * MS);
    assert_string_equal(kit_word(&out), "S");
    assert_int_equal(out.list[0].priority, 50);
}

static void losing_the_source_resigns_from_it_and_lingers(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out =
        kit_step(&e, (struct election_event){.type = ELECTION_SOURCE}, now);

    (void)state;
    assert_int_equal(out.count, 0);
    assert_int_equal(e.state, VRRP_MASTER);
    for (; e.state == VRRP_MASTER; now = election_deadline(&e))
        out = kit_timer(&e, now);
    assert_string_equal(kit_word(&out), "ZT");
    assert_true(e.holding);
    out = kit_hear(&e, "10.0.0.1", 50, now);
    out = kit_timer(&e, election_deadline(&e));
    assert_string_equal(kit_word(&out), "R");
    /* Without an address and without sockets nobody waits for anything. */
    now = 0;
    e = kit_master(&params, &now);
    out = kit_step(&e, (struct election_event){.type = ELECTION_SOURCE, .force = true}, now);
    assert_string_equal(kit_word(&out), "ZTR");
    assert_int_not_equal(out.list[0].source.family, IP_FAMILY_NONE);
    assert_int_equal(e.source.family, IP_FAMILY_NONE);
    assert_int_equal(kit_reason(&out), REASON_NO_PRIMARY_ADDRESS);
}

/* A DHCP client renews, netplan applies: removed and added again. */
static void an_address_that_blinks_moves_nobody(void **state)
{
    const struct election_event back = {.type = ELECTION_SOURCE,
                                        .address = kit_address("10.0.0.2")};

    (void)state;
    for (int master = 0; master < 2; master++) {
        struct election_params params = kit_params(100);
        uint64_t now = SEC;
        struct election e = master == 1 ? kit_master(&params, &now) : kit_started(&params, 0);
        enum vrrp_state before = e.state;

        for (int i = 0; i < 3; i++, now += MS) {
            assert_int_equal(
                kit_step(&e, (struct election_event){.type = ELECTION_SOURCE}, now).count, 0);
            assert_true(election_deadline(&e) <= now + 200 * MS);
            kit_step(&e, (struct election_event){.type = ELECTION_TIMER}, now + 149 * MS);
            assert_int_equal(e.state, before);
            assert_int_equal(kit_step(&e, back, now + 150 * MS).count, 0);
            now += 150 * MS;
        }
        assert_int_equal(e.source_doubt_until, DEADLINE_NEVER);
        assert_int_equal(e.state, before);
    }
}

static void nobody_takes_over_with_an_address_in_doubt(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);
    uint64_t now = election_deadline(&e);

    (void)state;
    kit_step(&e, (struct election_event){.type = ELECTION_SOURCE}, now - MS);
    struct election_actions out = kit_timer(&e, now);
    assert_string_equal(kit_word(&out), "T");
    assert_int_equal(e.state, VRRP_INIT);
    assert_int_equal(e.held_by, HOLD_NO_PRIMARY_ADDRESS);
    /* Nor does another hold leave the doubt behind. */
    e = kit_started(&params, 0);
    kit_step(&e, (struct election_event){.type = ELECTION_SOURCE}, MS);
    kit_step(&e, (struct election_event){.type = ELECTION_HOLD, .hold = HOLD_LINK_DOWN}, 2 * MS);
    assert_int_equal(e.held_by, HOLD_NO_PRIMARY_ADDRESS | HOLD_LINK_DOWN);
    assert_int_equal(election_deadline(&e), DEADLINE_NEVER);
}

/* Found by simulation: it took over from a living master that it had become lower than. */
static void a_lowered_priority_ends_a_preemption(void **state)
{
    struct election_params params = kit_params(115);
    struct election_params lower = kit_params(100);
    struct election e = kit_started(&params, 0);

    (void)state;
    kit_hear(&e, "10.0.0.9", 113, SEC);
    kit_hear(&e, "10.0.0.9", 113, 2 * SEC);
    assert_true(e.lower_heard);
    kit_step(&e, (struct election_event){.type = ELECTION_CONFIGURE, .params = &lower},
             2 * SEC + 10 * MS);
    assert_int_equal(election_deadline(&e), 2 * SEC + election_master_down_ns(&e));
    /* The same when preemption is forbidden. */
    e = kit_started(&params, 0);
    kit_hear(&e, "10.0.0.9", 113, SEC);
    lower = params;
    lower.preempt = false;
    kit_step(&e, (struct election_event){.type = ELECTION_CONFIGURE, .params = &lower}, SEC + MS);
    assert_int_equal(election_deadline(&e), SEC + election_master_down_ns(&e));
    assert_false(e.lower_heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graceful_stop_lingers_until_the_successor_adverts),
        cmocka_unit_test(a_lowered_priority_ends_a_preemption),
        cmocka_unit_test(an_announcement_ends_the_linger_too),
        cmocka_unit_test(a_linger_without_successor_is_bounded),
        cmocka_unit_test(an_announcement_does_not_move_a_master),
        cmocka_unit_test(resume_while_lingering_keeps_the_addresses),
        cmocka_unit_test(link_loss_releases_at_once),
        cmocka_unit_test(conflict_resigns_and_releases),
        cmocka_unit_test(who_cannot_claim_resigns_and_releases),
        cmocka_unit_test(who_has_no_use_of_its_interface_resigns_and_releases),
        cmocka_unit_test(a_conflict_says_who_it_is_with),
        cmocka_unit_test(several_holds_must_all_end),
        cmocka_unit_test(announcements_follow_their_schedule),
        cmocka_unit_test(changes_do_not_put_the_next_announcement_off),
        cmocka_unit_test(a_new_priority_moves_the_backups_deadline),
        cmocka_unit_test(a_master_tells_its_new_priority_at_once),
        cmocka_unit_test(losing_the_source_resigns_from_it_and_lingers),
        cmocka_unit_test(an_address_that_blinks_moves_nobody),
        cmocka_unit_test(nobody_takes_over_with_an_address_in_doubt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
