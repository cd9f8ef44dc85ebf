/* The state machine of RFC 9568 6.4, row by row (I1..A5), and version 2's differences. */
#include "tests/unit/lib/election/election_kit.h"

static void timers_follow_the_formulas(void **state)
{
    static const struct {
        uint64_t interval_ns;
        uint8_t priority;
        uint64_t skew_ns;
        uint64_t down_ns;
    } rows[] = {
        {SEC, 100, 609375000, 3609375000},
        {SEC, 150, 414062500, 3414062500},
        {SEC, 254, 7812500, 3007812500},
        {SEC, 1, 996093750, 3996093750},
        {10 * MS, 100, 6093750, 36093750},
        {10 * MS, 254, 78125, 30078125},
        {40950 * MS, 100, 24953906250, 147803906250},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct election_params params = kit_params(rows[i].priority);
        params.advert_interval_ns = rows[i].interval_ns;
        struct election e = kit_started(&params, 0);
        assert_int_equal(election_skew_ns(&e), rows[i].skew_ns);
        assert_int_equal(election_master_down_ns(&e), rows[i].down_ns);
        assert_int_equal(election_deadline(&e), rows[i].down_ns);
    }
    /* RFC 3768: the skew is a part of a second, whatever the interval. */
    struct election_params params = kit_params(100);
    params.version = VRRP_V2;
    params.advert_interval_ns = 3 * SEC;
    struct election e = kit_started(&params, 0);
    assert_int_equal(election_master_down_ns(&e), 9609375000);
}

static void init_waits_for_start_and_source(void **state)
{
    struct election_params params = kit_params(100);
    struct election e;

    (void)state;
    election_init(&e, &params);
    assert_int_equal(e.state, VRRP_INIT);
    assert_int_equal(election_deadline(&e), DEADLINE_NEVER);
    struct election_actions out = kit_step(&e, (struct election_event){.type = ELECTION_START}, 5);
    assert_int_equal(out.count, 0);
    assert_int_equal(e.held_by, HOLD_NO_PRIMARY_ADDRESS);
    assert_int_equal(kit_hear(&e, "10.0.0.1", 50, 6).count, 0);
    out = kit_step(
        &e, (struct election_event){.type = ELECTION_SOURCE, .address = kit_address("10.0.0.2")},
        7);
    assert_string_equal(kit_word(&out), "T");
    assert_int_equal(kit_reason(&out), REASON_PRIMARY_ADDRESS);
    assert_int_equal(e.state, VRRP_BACKUP);
}

static void owner_starts_as_master(void **state) /* I1 */
{
    struct election_params params = kit_params(PRIORITY_OWNER);
    struct election e;

    (void)state;
    election_init(&e, &params);
    kit_step(&e,
             (struct election_event){.type = ELECTION_SOURCE, .address = kit_address("10.0.0.2")},
             0);
    struct election_actions out = kit_step(&e, (struct election_event){.type = ELECTION_START}, 0);
    assert_string_equal(kit_word(&out), "CAST");
    assert_int_equal(kit_reason(&out), REASON_OWNER);
    assert_int_equal(e.state, VRRP_MASTER);
}

static void backup_shuts_down_silently(void **state) /* B1 */
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);
    struct election_actions out = kit_step(&e, (struct election_event){.type = ELECTION_STOP}, 1);

    (void)state;
    assert_string_equal(kit_word(&out), "T");
    assert_int_equal(e.state, VRRP_INIT);
    assert_int_equal(election_deadline(&e), DEADLINE_NEVER);
}

static void backup_takes_over_make_before_break(void **state) /* B2 */
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);
    uint64_t now = election_deadline(&e);

    (void)state;
    assert_int_equal(kit_timer(&e, now - 1).count, 0);
    struct election_actions out = kit_timer(&e, now);
    assert_string_equal(kit_word(&out), "CAST");
    assert_int_equal(out.list[2].priority, 100);
    assert_int_equal(kit_reason(&out), REASON_NO_RESPONSE);
    assert_int_equal(e.state, VRRP_MASTER);
    assert_int_equal(e.counters.master_transitions, 1);
}

static void backup_hears_resignation(void **state) /* B3 */
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);

    (void)state;
    kit_hear(&e, "10.0.0.1", 150, SEC);
    kit_hear(&e, "10.0.0.1", 0, SEC + 10 * MS);
    assert_int_equal(election_deadline(&e), SEC + 10 * MS + election_skew_ns(&e));
    struct election_actions out = kit_timer(&e, election_deadline(&e));
    assert_int_equal(kit_reason(&out), REASON_PRIORITY);
    assert_int_equal(e.counters.priority_zero_pkts_rcvd, 1);
}

static void stray_resignation_changes_nothing(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);

    (void)state;
    kit_hear(&e, "10.0.0.1", 150, SEC);
    uint64_t before = election_deadline(&e);
    kit_hear(&e, "10.0.0.3", 0, SEC + 10 * MS);
    assert_int_equal(election_deadline(&e), before);
    assert_int_equal(e.counters.stray_priority_zero, 1);
}

static void backup_respects_equal_and_higher(void **state) /* B4 */
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);
    /* Equal priority, lower address: in BACKUP addresses are not compared. */
    struct advert advert = kit_advert("10.0.0.1", 100);

    (void)state;
    advert.interval_ns = 2 * SEC;
    kit_step(&e, (struct election_event){.type = ELECTION_ADVERT, .advert = &advert}, SEC / 2);
    kit_step(&e, (struct election_event){.type = ELECTION_ADVERT, .advert = &advert}, SEC);
    assert_int_equal(e.learned_interval_ns, 2 * SEC);
    assert_int_equal(election_skew_ns(&e), 156 * 2 * SEC / 256);
    assert_int_equal(election_deadline(&e), SEC + 6 * SEC + 156 * 2 * SEC / 256);
    assert_int_equal(e.master_priority, 100);
}

static void backup_without_preempt_respects_lower(void **state) /* B4 */
{
    struct election_params params = kit_params(100);
    params.preempt = false;
    struct election e = kit_started(&params, 0);

    (void)state;
    kit_hear(&e, "10.0.0.1", 10, SEC);
    assert_int_equal(election_deadline(&e), SEC + election_master_down_ns(&e));
}

static void backup_preempts_lower(void **state) /* B5 */
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);
    uint64_t before = election_deadline(&e);

    (void)state;
    kit_hear(&e, "10.0.0.1", 10, SEC);
    assert_int_equal(election_deadline(&e), before);
    struct election_actions out = kit_timer(&e, before);
    assert_string_equal(kit_word(&out), "CAST");
    assert_int_equal(kit_reason(&out), REASON_PREEMPTED);
}

static void preempt_delay_counts_from_the_first_lower_advert(void **state)
{
    struct election_params params = kit_params(100);
    params.preempt_delay_ns = 10 * SEC;
    struct election e = kit_started(&params, 0);
    uint64_t now = SEC;

    (void)state;
    for (; now < 11 * SEC; now += SEC) {
        kit_hear(&e, "10.0.0.1", 10, now);
        assert_int_equal(election_deadline(&e), now + election_master_down_ns(&e));
    }
    uint64_t deadline = election_deadline(&e);
    for (; now < deadline; now += SEC)
        kit_hear(&e, "10.0.0.1", 10, now);
    assert_int_equal(election_deadline(&e), deadline);
    struct election_actions out = kit_timer(&e, deadline);
    assert_int_equal(kit_reason(&out), REASON_PREEMPTED);
}

static void master_adverts_by_its_own_interval(void **state) /* A2 */
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);
    struct advert slow = kit_advert("10.0.0.1", 200);

    (void)state;
    slow.interval_ns = 4 * SEC;
    kit_step(&e, (struct election_event){.type = ELECTION_ADVERT, .advert = &slow}, 0);
    kit_step(&e, (struct election_event){.type = ELECTION_ADVERT, .advert = &slow}, SEC);
    uint64_t now = election_deadline(&e);
    kit_timer(&e, now);
    params.announce_repeat = 0;
    for (int i = 0; i < 5; i++) {
        while (e.timer_at > election_deadline(&e))
            kit_timer(&e, election_deadline(&e));
        now += SEC;
        assert_int_equal(e.timer_at, now);
        struct election_actions out = kit_timer(&e, now);
        assert_string_equal(kit_word(&out), "S");
    }
}

static void master_answers_resignation(void **state) /* A3 */
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out = kit_hear(&e, "10.0.0.1", 0, now + MS);

    (void)state;
    assert_string_equal(kit_word(&out), "AS");
    assert_int_equal(e.state, VRRP_MASTER);
}

static void master_answers_losing_advert_within_a_rate(void **state) /* A4 */
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out = kit_hear(&e, "10.0.0.1", 100, now + MS);
    int answers = 0;

    (void)state;
    assert_string_equal(kit_word(&out), "AS"); /* tie, lower address */
    assert_int_equal(e.state, VRRP_MASTER);
    for (int i = 2; i < 1000; i++)
        answers += kit_hear(&e, "10.0.0.9", 99, now + (uint64_t)i * MS).count > 0;
    assert_in_range(answers, 3, 4);
    assert_int_equal(e.counters.losing_adverts_rcvd, 999);
    assert_int_equal(e.counters.answers_suppressed, 998 - answers);
}

static void master_yields(void **state) /* A5 */
{
    static const struct {
        const char *source;
        uint8_t priority;
        enum reason reason;
    } rows[] = {
        {"10.0.0.1", 101, REASON_HIGHER_PRIORITY},
        {"10.0.0.3", 100, REASON_HIGHER_ADDRESS},
        {"200.0.0.1", 100, REASON_HIGHER_ADDRESS}, /* a signed comparison would fail here */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct election_params params = kit_params(100);
        uint64_t now = 0;
        struct election e = kit_master(&params, &now);
        struct election_actions out = kit_hear(&e, rows[i].source, rows[i].priority, now + MS);
        assert_string_equal(kit_word(&out), "T");
        assert_int_equal(kit_reason(&out), rows[i].reason);
        assert_int_equal(e.state, VRRP_BACKUP);
        assert_int_equal(e.timer_at, now + MS + election_master_down_ns(&e));
        /* It keeps answering for a moment, hints that there were two, then lets go. */
        for (int hint = 0; hint < 3; hint++) {
            assert_true(e.holding);
            assert_true(election_deadline(&e) <= now + 100 * MS);
            out = kit_timer(&e, election_deadline(&e));
            assert_int_equal(out.count, 1);
            assert_int_equal(out.list[0].type, ACTION_SEND_ADVERT);
            assert_int_equal(out.list[0].priority, 1);
        }
        assert_true(election_deadline(&e) <= now + 100 * MS);
        out = kit_timer(&e, election_deadline(&e));
        assert_string_equal(kit_word(&out), "R");
        assert_false(e.holding);
    }
}

static void no_hint_to_a_successor_that_announced(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    kit_step(&e, (struct election_event){.type = ELECTION_SUCCESSOR}, now + 50 * MS);
    kit_hear(&e, "10.0.0.1", 150, now + 51 * MS);
    struct election_actions out = kit_timer(&e, election_deadline(&e));
    assert_string_equal(kit_word(&out), "R");
}

/* Two masters met while both announced: nobody knows whom the neighbours heard last. */
static void a_hint_when_we_announced_at_the_same_moment(void **state)
{
    struct election_params params = kit_params(100);

    (void)state;
    for (int advert_first = 0; advert_first < 2; advert_first++) {
        uint64_t now = 0;
        struct election e = kit_master(&params, &now);
        if (advert_first)
            kit_hear(&e, "10.0.0.1", 150, now + MS);
        kit_step(&e, (struct election_event){.type = ELECTION_SUCCESSOR}, now + MS);
        if (!advert_first)
            kit_hear(&e, "10.0.0.1", 150, now + MS);
        struct election_actions out = kit_timer(&e, election_deadline(&e));
        assert_string_equal(kit_word(&out), "S");
        assert_true(e.holding);
        /* It announces once more: now it has the last word. */
        now = election_deadline(&e);
        kit_step(&e, (struct election_event){.type = ELECTION_SUCCESSOR}, now - MS);
        out = kit_timer(&e, now);
        assert_string_equal(kit_word(&out), "R");
    }
}

static void one_hint_to_a_successor_that_answers(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    kit_hear(&e, "10.0.0.1", 150, now + MS);
    struct election_actions out = kit_timer(&e, election_deadline(&e));
    assert_string_equal(kit_word(&out), "S");
    kit_step(&e, (struct election_event){.type = ELECTION_SUCCESSOR}, election_deadline(&e) - MS);
    out = kit_timer(&e, election_deadline(&e));
    assert_string_equal(kit_word(&out), "R");
}

static void no_hint_when_late(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    kit_hear(&e, "10.0.0.1", 150, now + MS);
    struct election_actions out = kit_timer(&e, election_deadline(&e) + SEC);
    assert_string_equal(kit_word(&out), "R");
}

static void no_hint_when_it_is_time_to_take_over(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;

    (void)state;
    struct election e = kit_master(&params, &now);
    kit_hear(&e, "10.0.0.1", 150, now + MS);
    e.timer_at = e.linger_until; /* so it is at short intervals, after some hints */
    struct election_actions out = kit_timer(&e, e.linger_until);
    assert_string_equal(kit_word(&out), "RCAST");
}

static void version_2_differs(void **state)
{
    struct election_params params = kit_params(100);
    params.version = VRRP_V2;
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    struct election_actions out = kit_hear(&e, "10.0.0.1", 50, now + MS);

    (void)state;
    assert_string_equal(kit_word(&out), "A"); /* RFC 3768: no answer by advert */
    kit_hear(&e, "10.0.0.1", 200, now + 2 * MS);
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_int_equal(e.learned_interval_ns, SEC);
}

static void equal_owners_are_settled_by_address(void **state)
{
    struct election_params params = kit_params(PRIORITY_OWNER);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    kit_hear(&e, "10.0.0.1", 255, now + MS);
    assert_int_equal(e.state, VRRP_MASTER);
    kit_hear(&e, "10.0.0.3", 255, now + 2 * MS);
    assert_int_equal(e.state, VRRP_BACKUP);
}

static void follows_the_peers_checksum_form(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);
    struct advert advert = kit_advert("10.0.0.1", 150);

    (void)state;
    assert_int_equal(e.checksum_kind, CHECKSUM_IPV4_PSEUDO_HEADER);
    advert.checksum_kind = CHECKSUM_MESSAGE_ONLY;
    kit_step(&e, (struct election_event){.type = ELECTION_ADVERT, .advert = &advert}, SEC);
    assert_int_equal(e.checksum_kind, CHECKSUM_MESSAGE_ONLY);
    params.checksum = CHECKSUM_MODE_RFC5798;
    e = kit_started(&params, 0);
    kit_step(&e, (struct election_event){.type = ELECTION_ADVERT, .advert = &advert}, SEC);
    assert_int_equal(e.checksum_kind, CHECKSUM_IPV4_PSEUDO_HEADER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_follow_the_formulas),
        cmocka_unit_test(init_waits_for_start_and_source),
        cmocka_unit_test(owner_starts_as_master),
        cmocka_unit_test(backup_shuts_down_silently),
        cmocka_unit_test(backup_takes_over_make_before_break),
        cmocka_unit_test(backup_hears_resignation),
        cmocka_unit_test(stray_resignation_changes_nothing),
        cmocka_unit_test(backup_respects_equal_and_higher),
        cmocka_unit_test(backup_without_preempt_respects_lower),
        cmocka_unit_test(backup_preempts_lower),
        cmocka_unit_test(preempt_delay_counts_from_the_first_lower_advert),
        cmocka_unit_test(master_adverts_by_its_own_interval),
        cmocka_unit_test(master_answers_resignation),
        cmocka_unit_test(master_answers_losing_advert_within_a_rate),
        cmocka_unit_test(master_yields),
        cmocka_unit_test(no_hint_to_a_successor_that_announced),
        cmocka_unit_test(a_hint_when_we_announced_at_the_same_moment),
        cmocka_unit_test(one_hint_to_a_successor_that_answers),
        cmocka_unit_test(no_hint_when_late),
        cmocka_unit_test(no_hint_when_it_is_time_to_take_over),
        cmocka_unit_test(version_2_differs),
        cmocka_unit_test(equal_owners_are_settled_by_address),
        cmocka_unit_test(follows_the_peers_checksum_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
