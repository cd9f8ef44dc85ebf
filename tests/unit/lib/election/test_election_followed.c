/* Whom a router follows, and whom it does not: losing adverts change nothing of what it knows, and
 * resignations are answered in time. */
#include "tests/unit/lib/election/election_kit.h"

static struct election_actions hear_form(struct election *e, const char *source, uint8_t priority,
                                         enum checksum_kind kind, uint64_t now)
{
    struct advert advert = kit_advert(source, priority);

    advert.checksum_kind = kind;
    return kit_step(e, (struct election_event){.type = ELECTION_ADVERT, .advert = &advert}, now);
}

/* With a backup that knows one form only both held the address. */
static void a_master_follows_no_losers_checksum(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);

    (void)state;
    hear_form(&e, "10.0.0.1", 1, CHECKSUM_MESSAGE_ONLY, now + MS);
    assert_int_equal(e.checksum_kind, CHECKSUM_IPV4_PSEUDO_HEADER);
    hear_form(&e, "10.0.0.1", 0, CHECKSUM_MESSAGE_ONLY, now + 2 * MS);
    assert_int_equal(e.checksum_kind, CHECKSUM_IPV4_PSEUDO_HEADER);
    hear_form(&e, "10.0.0.1", 200, CHECKSUM_MESSAGE_ONLY, now + 3 * MS);
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_int_equal(e.checksum_kind, CHECKSUM_MESSAGE_ONLY);
}

static void a_backup_follows_its_masters_checksum_alone(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);

    (void)state;
    /* The master to be deposed is heard by what it sends itself. */
    hear_form(&e, "10.0.0.1", 50, CHECKSUM_MESSAGE_ONLY, SEC);
    assert_int_equal(e.checksum_kind, CHECKSUM_MESSAGE_ONLY);
    hear_form(&e, "10.0.0.5", 150, CHECKSUM_IPV4_PSEUDO_HEADER, SEC + MS);
    assert_int_equal(e.checksum_kind, CHECKSUM_IPV4_PSEUDO_HEADER);
    hear_form(&e, "10.0.0.1", 50, CHECKSUM_MESSAGE_ONLY, SEC + 2 * MS);
    assert_int_equal(e.checksum_kind, CHECKSUM_IPV4_PSEUDO_HEADER);
}

/* The resignation of its master counted as a stray one: 3.3 s instead of 0.4 s. */
static void a_losing_advert_does_not_change_whom_it_follows(void **state)
{
    static const struct {
        const char *source;
        uint8_t priority;
        bool preempt;
    } rows[] = {
        {"10.0.0.9", 50, true},
        {"10.0.0.9", 50, false},
        {"10.0.0.9", 120, true}, /* better than ours, and loses all the same */
        {"10.0.0.0", 150, true}, /* of equal priority, with the lower address */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct election_params params = kit_params(100);
        params.preempt = rows[i].preempt;
        struct election e = kit_started(&params, 0);
        const struct ip_address master = kit_address("10.0.0.1");

        kit_hear(&e, "10.0.0.1", 150, SEC);
        uint64_t deadline = election_deadline(&e);
        kit_hear(&e, rows[i].source, rows[i].priority, SEC + 500 * MS);
        assert_true(ip_address_equal(&e.master, &master));
        assert_int_equal(e.master_priority, 150);
        assert_int_equal(election_deadline(&e), deadline);
        kit_hear(&e, "10.0.0.1", 0, SEC + 600 * MS);
        assert_int_equal(e.counters.stray_priority_zero, 0);
        assert_int_equal(election_deadline(&e), SEC + 600 * MS + election_skew_ns(&e));
    }
}

static void the_next_master_is_followed_at_its_first_advert(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);
    const struct ip_address second = kit_address("10.0.0.9");

    (void)state;
    kit_hear(&e, "10.0.0.1", 150, SEC);
    /* It was not heard for three intervals: the second one has taken over. */
    kit_hear(&e, "10.0.0.9", 120, SEC + 3530 * MS);
    assert_true(ip_address_equal(&e.master, &second));
    assert_int_equal(e.timer_at, SEC + 3530 * MS + election_master_down_ns(&e));
}

/* RFC 9568 and 3768 6.4.3. The others' timers are down to their skew: an answer that is left out
 * makes a second master. */
static void every_resignation_is_answered_by_an_advert(void **state)
{
    for (enum vrrp_version version = VRRP_V2; version <= VRRP_V3; version++) {
        struct election_params params = kit_params(100);
        params.version = version;
        uint64_t now = 0;
        struct election e = kit_master(&params, &now);
        struct election_actions out = kit_hear(&e, "10.0.0.1", 0, now + 100 * MS);

        (void)state;
        assert_string_equal(kit_word(&out), "AS");
        assert_int_equal(e.timer_at, now + 1100 * MS);
        out = kit_hear(&e, "10.0.0.3", 0, now + 150 * MS);
        assert_string_equal(kit_word(&out), "S");
        assert_int_equal(e.timer_at, now + 1150 * MS);
    }
}

static void a_flood_of_resignations_is_answered_at_a_bounded_rate(void **state)
{
    struct election_params params = kit_params(100);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    uint64_t unanswered_since = DEADLINE_NEVER;
    uint64_t from = now + MS;
    uint64_t sent = 0;

    (void)state;
    for (now = from; now < from + 500 * MS; now += 50 * NS_PER_US) {
        struct election_actions out = kit_hear(&e, "10.0.0.1", 0, now);

        if (election_deadline(&e) <= now)
            election_step(&e, &(struct election_event){.type = ELECTION_TIMER}, now, &out);
        if (unanswered_since == DEADLINE_NEVER)
            unanswered_since = now;
        for (size_t i = 0; i < out.count; i++)
            if (out.list[i].type == ACTION_SEND_ADVERT) {
                unanswered_since = DEADLINE_NEVER;
                sent++;
            }
        /* Less than the skew of priority 254. */
        assert_true(unanswered_since == DEADLINE_NEVER || now - unanswered_since < 7 * MS);
    }
    assert_in_range(sent, 100, 300);
}

/* The new delay counts from the first advert of the lower priority, as the old one did. */
static void a_shorter_preempt_delay_counts_at_once(void **state)
{
    struct election_params params = kit_params(100);
    params.preempt_delay_ns = 1000 * SEC;
    struct election e = kit_started(&params, 0);
    uint64_t now = SEC;

    (void)state;
    for (; now < 10 * SEC; now += SEC)
        kit_hear(&e, "10.0.0.1", 10, now);
    params.preempt_delay_ns = 5 * SEC;
    kit_step(&e, (struct election_event){.type = ELECTION_CONFIGURE, .params = &params}, now);
    uint64_t deadline = election_deadline(&e);
    for (; now < deadline; now += SEC)
        kit_hear(&e, "10.0.0.1", 10, now);
    assert_int_equal(election_deadline(&e), deadline);
    /* And a longer one holds it back. */
    params.preempt_delay_ns = 20 * SEC;
    kit_step(&e, (struct election_event){.type = ELECTION_CONFIGURE, .params = &params}, now);
    kit_hear(&e, "10.0.0.1", 10, now);
    assert_int_equal(election_deadline(&e), now + election_master_down_ns(&e));
}

/* A link that blinks: silence says nothing, and then the master has its time again. */
static void a_deaf_backup_does_not_take_over(void **state)
{
    const struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);
    struct election_event deaf = {.type = ELECTION_DEAF, .force = true};

    (void)state;
    kit_hear(&e, "10.0.0.1", 200, SEC);
    kit_step(&e, deaf, 2 * SEC);
    assert_int_equal(election_deadline(&e), DEADLINE_NEVER);
    kit_timer(&e, 60 * SEC);
    assert_int_equal(e.state, VRRP_BACKUP);
    deaf.force = false;
    kit_step(&e, deaf, 60 * SEC);
    assert_int_equal(election_deadline(&e), 60 * SEC + election_master_down_ns(&e));
    kit_timer(&e, election_deadline(&e));
    assert_int_equal(e.state, VRRP_MASTER);
    /* A MASTER goes on. */
    deaf.force = true;
    kit_step(&e, deaf, 64 * SEC);
    assert_int_equal(e.state, VRRP_MASTER);
    assert_true(election_deadline(&e) < DEADLINE_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_master_follows_no_losers_checksum),
        cmocka_unit_test(a_backup_follows_its_masters_checksum_alone),
        cmocka_unit_test(a_losing_advert_does_not_change_whom_it_follows),
        cmocka_unit_test(the_next_master_is_followed_at_its_first_advert),
        cmocka_unit_test(every_resignation_is_answered_by_an_advert),
        cmocka_unit_test(a_flood_of_resignations_is_answered_at_a_bounded_rate),
        cmocka_unit_test(a_deaf_backup_does_not_take_over),
        cmocka_unit_test(a_shorter_preempt_delay_counts_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
