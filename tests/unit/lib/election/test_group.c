/* The two families of an instance move together, and never swing. */
#include "tests/unit/lib/election/election_kit.h"

enum { V4, V6, FAMILIES };

struct pair {
    struct election members[FAMILIES];
    struct election_actions out[FAMILIES];
};

static void step(struct pair *pair, size_t target, struct election_event event, uint64_t now)
{
    group_step(pair->members, FAMILIES, target, &event, now, pair->out);
}

static void hear(struct pair *pair, size_t target, const char *source, uint8_t priority,
                 uint64_t now)
{
    struct advert advert = kit_advert(source, priority);

    step(pair, target, (struct election_event){.type = ELECTION_ADVERT, .advert = &advert}, now);
}

static void init(struct pair *pair, uint8_t priority)
{
    struct election_params params = kit_params(priority);

    params.grouped = true;
    election_init(&pair->members[V4], &params);
    params.family = IP_FAMILY_IPV6;
    election_init(&pair->members[V6], &params);
}

static void give_sources(struct pair *pair, uint64_t now)
{
    struct election_event event = {.type = ELECTION_SOURCE, .address = kit_address("10.0.0.2")};

    step(pair, V4, event, now);
    event.address = kit_address("fe80::2");
    step(pair, V6, event, now);
}

static void start(struct pair *pair, uint8_t priority, uint64_t now)
{
    init(pair, priority);
    give_sources(pair, now);
    step(pair, V4, (struct election_event){.type = ELECTION_START}, now);
    assert_int_equal(pair->members[V4].state, pair->members[V6].state);
}

/* Fires all that is due until both are MASTER. */
static uint64_t run_to_master(struct pair *pair)
{
    uint64_t now = 0;

    for (int i = 0; i < 10 && group_state(pair->members, FAMILIES) != VRRP_MASTER; i++) {
        now = group_deadline(pair->members, FAMILIES);
        for (size_t m = 0; m < FAMILIES; m++)
            if (election_deadline(&pair->members[m]) <= now)
                step(pair, m, (struct election_event){.type = ELECTION_TIMER}, now);
    }
    assert_int_equal(group_state(pair->members, FAMILIES), VRRP_MASTER);
    return now;
}

static void both_become_master_in_one_step(void **state)
{
    struct pair pair;

    (void)state;
    start(&pair, 100, 0);
    uint64_t now = group_deadline(pair.members, FAMILIES);
    step(&pair, V4, (struct election_event){.type = ELECTION_TIMER}, now);
    assert_int_equal(pair.members[V4].state, VRRP_BACKUP);
    assert_true(pair.members[V4].ready);
    step(&pair, V6, (struct election_event){.type = ELECTION_TIMER}, now);
    assert_string_equal(kit_word(&pair.out[V4]), "CAST");
    assert_string_equal(kit_word(&pair.out[V6]), "CAST");
}

static void one_deaf_family_does_not_depose_a_living_master(void **state)
{
    struct pair pair;

    (void)state;
    start(&pair, 100, 0);
    for (uint64_t now = 0; now < 60 * SEC; now += SEC) {
        hear(&pair, V4, "10.0.0.1", 150, now);
        if (election_deadline(&pair.members[V6]) <= now)
            step(&pair, V6, (struct election_event){.type = ELECTION_TIMER}, now);
        assert_int_equal(group_state(pair.members, FAMILIES), VRRP_BACKUP);
    }
    assert_true(pair.members[V6].ready);
    /* The master dies: the deaf family does not delay the take-over. */
    uint64_t now = election_deadline(&pair.members[V4]);
    step(&pair, V4, (struct election_event){.type = ELECTION_TIMER}, now);
    assert_int_equal(group_state(pair.members, FAMILIES), VRRP_MASTER);
}

static void an_advert_takes_readiness_back(void **state)
{
    struct pair pair;

    (void)state;
    start(&pair, 100, 0);
    uint64_t now = group_deadline(pair.members, FAMILIES);
    step(&pair, V6, (struct election_event){.type = ELECTION_TIMER}, now);
    hear(&pair, V6, "fe80::1", 150, now + 1);
    assert_false(pair.members[V6].ready);
    step(&pair, V4, (struct election_event){.type = ELECTION_TIMER}, now + 2);
    assert_int_equal(group_state(pair.members, FAMILIES), VRRP_BACKUP);
}

static void both_yield_when_one_must(void **state)
{
    struct pair pair;

    (void)state;
    start(&pair, 100, 0);
    uint64_t now = run_to_master(&pair);
    hear(&pair, V6, "fe80::1", 150, now + MS);
    assert_int_equal(pair.members[V4].state, VRRP_BACKUP);
    assert_int_equal(pair.members[V6].state, VRRP_BACKUP);
    assert_int_equal(kit_reason(&pair.out[V4]), REASON_GROUP);
    assert_int_equal(kit_reason(&pair.out[V6]), REASON_HIGHER_PRIORITY);
    /* The family that follows says so, and its successor is there. */
    assert_string_equal(kit_word(&pair.out[V4]), "ZT");
    hear(&pair, V4, "10.0.0.1", 150, now + 2 * MS);
    /* The other router may have been MASTER all along: each hints for its own addresses. */
    for (size_t m = 0; m < FAMILIES; m++) {
        now = election_deadline(&pair.members[m]);
        step(&pair, m, (struct election_event){.type = ELECTION_TIMER}, now);
        assert_string_equal(kit_word(&pair.out[m]), "S");
        assert_int_equal(pair.out[m].list[0].priority, 1); /* surely a losing one */
    }
}

/* A peer whose families are routers of their own is MASTER of one, and still BACKUP of the other.
 */
static void who_follows_lingers_until_its_own_successor_is_there(void **state)
{
    struct pair pair;

    (void)state;
    start(&pair, 100, 0);
    uint64_t now = run_to_master(&pair);
    hear(&pair, V6, "fe80::1", 150, now + MS);
    assert_true(election_deadline(&pair.members[V6]) <= now + 30 * MS);
    assert_true(pair.members[V4].linger_until >= now + 4 * SEC);
    assert_true(pair.members[V4].holding);
    hear(&pair, V4, "10.0.0.1", 50, now + 800 * MS);
    assert_true(pair.members[V4].holding);
    assert_true(pair.members[V4].linger_until <= now + 830 * MS);
    /* And when nobody comes it does not keep the address for ever. */
    start(&pair, 100, 0);
    now = run_to_master(&pair);
    hear(&pair, V6, "fe80::1", 150, now + MS);
    for (int i = 0; i < 20 && pair.members[V4].holding; i++) {
        now = election_deadline(&pair.members[V4]);
        step(&pair, V4, (struct election_event){.type = ELECTION_TIMER}, now);
    }
    assert_false(pair.members[V4].holding);
    assert_int_equal(pair.members[V4].state, VRRP_BACKUP);
}

static void the_lead_settles_ties(void **state)
{
    struct pair pair;

    (void)state;
    start(&pair, 100, 0);
    uint64_t now = run_to_master(&pair);
    /* The rival has the lower IPv4 address and the greater IPv6 address. */
    for (int i = 0; i < 20; i++, now += 100 * MS) {
        hear(&pair, V4, "10.0.0.1", 100, now);
        hear(&pair, V6, "fe80::9", 100, now);
        assert_int_equal(group_state(pair.members, FAMILIES), VRRP_MASTER);
        for (size_t m = 0; m < FAMILIES; m++)
            if (election_deadline(&pair.members[m]) <= now)
                step(&pair, m, (struct election_event){.type = ELECTION_TIMER}, now);
    }
}

static void a_deaf_lead_leaves_the_tie_to_the_other(void **state)
{
    struct pair pair;
    int i;

    (void)state;
    start(&pair, 100, 0);
    uint64_t now = run_to_master(&pair);
    for (i = 0; i < 100 && group_state(pair.members, FAMILIES) == VRRP_MASTER; i++) {
        now += 100 * MS;
        for (size_t m = 0; m < FAMILIES; m++)
            if (election_deadline(&pair.members[m]) <= now)
                step(&pair, m, (struct election_event){.type = ELECTION_TIMER}, now);
        hear(&pair, V6, "fe80::9", 100, now);
    }
    assert_in_range(i, 40, 50);
    assert_int_equal(pair.members[V6].state, VRRP_BACKUP);
    assert_int_equal(pair.members[V4].state, VRRP_BACKUP);
}

static void nobody_starts_while_one_family_has_no_source(void **state)
{
    struct pair pair;
    struct election_event source = {.type = ELECTION_SOURCE, .address = kit_address("10.0.0.2")};

    (void)state;
    init(&pair, PRIORITY_OWNER);
    step(&pair, V4, source, 0);
    step(&pair, V4, (struct election_event){.type = ELECTION_START}, 0);
    assert_int_equal(pair.members[V4].state, VRRP_INIT);
    assert_int_equal(pair.members[V4].held_by, HOLD_GROUP);
    assert_int_equal(pair.out[V4].count, 0);
    source.address = kit_address("fe80::2");
    step(&pair, V6, source, SEC);
    assert_int_equal(group_state(pair.members, FAMILIES), VRRP_MASTER);
    /* Losing it again takes both back: both resign, the one that can still speak lingers. */
    step(&pair, V6, (struct election_event){.type = ELECTION_SOURCE}, 1800 * MS);
    assert_int_equal(group_state(pair.members, FAMILIES), VRRP_MASTER);
    step(&pair, V6, (struct election_event){.type = ELECTION_TIMER}, 2000 * MS);
    assert_string_equal(kit_word(&pair.out[V6]), "ZT");
    assert_string_equal(kit_word(&pair.out[V4]), "ZT");
    assert_int_equal(group_state(pair.members, FAMILIES), VRRP_INIT);
}

static void start_and_stop_reach_all(void **state)
{
    struct pair pair;

    (void)state;
    start(&pair, 100, 0);
    assert_int_equal(kit_reason(&pair.out[V4]), REASON_STARTED);
    assert_int_equal(kit_reason(&pair.out[V6]), REASON_STARTED);
    uint64_t now = run_to_master(&pair);
    step(&pair, V4, (struct election_event){.type = ELECTION_STOP}, now);
    assert_string_equal(kit_word(&pair.out[V4]), "ZT");
    assert_string_equal(kit_word(&pair.out[V6]), "ZT");
}

static void who_comes_back_says_why(void **state)
{
    struct election_event event = {.type = ELECTION_HOLD, .hold = HOLD_DRAINED};
    struct pair pair;

    (void)state;
    start(&pair, 100, 0);
    uint64_t now = run_to_master(&pair);
    step(&pair, V4, event, now);
    assert_int_equal(group_state(pair.members, FAMILIES), VRRP_INIT);
    event.type = ELECTION_UNHOLD;
    step(&pair, V4, event, now + SEC);
    assert_int_equal(pair.members[V4].state, VRRP_BACKUP);
    assert_int_equal(pair.members[V6].state, VRRP_BACKUP);
    assert_int_equal(kit_reason(&pair.out[V4]), REASON_RESUMED);
}

static void a_group_of_one_is_the_election(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);
    struct election_actions out;
    struct election_event event = {.type = ELECTION_TIMER};

    (void)state;
    group_step(&e, 1, 0, &event, group_deadline(&e, 1), &out);
    assert_string_equal(kit_word(&out), "CAST");
    assert_int_equal(group_state(&e, 1), VRRP_MASTER);
}

static void drain_waits_for_the_successors_of_all(void **state)
{
    struct pair pair;

    (void)state;
    start(&pair, 100, 0);
    uint64_t now = run_to_master(&pair);
    step(&pair, V4, (struct election_event){.type = ELECTION_DRAIN}, now);
    assert_string_equal(kit_word(&pair.out[V4]), "Z");
    assert_string_equal(kit_word(&pair.out[V6]), "Z");
    hear(&pair, V4, "10.0.0.1", 90, now + 600 * MS);
    assert_int_equal(group_state(pair.members, FAMILIES), VRRP_MASTER);
    hear(&pair, V6, "fe80::1", 90, now + 700 * MS);
    assert_int_equal(pair.members[V4].held_by, HOLD_DRAINED);
    assert_int_equal(pair.members[V6].held_by, HOLD_DRAINED);
    assert_string_equal(kit_word(&pair.out[V4]), "T");
    assert_int_equal(pair.out[V4].list[0].transition.reason, REASON_DRAINED);
    assert_true(election_lingering(&pair.members[V4]));
}

static void drain_without_a_successor_of_one_moves_nobody(void **state)
{
    struct pair pair;

    (void)state;
    start(&pair, 100, 0);
    uint64_t now = run_to_master(&pair);
    uint64_t end = now + election_offer_ns(&pair.members[V6]);
    step(&pair, V4, (struct election_event){.type = ELECTION_DRAIN}, now);
    hear(&pair, V4, "10.0.0.1", 90, now + 600 * MS);
    while (pair.members[V6].offer != OFFER_NONE) {
        now = group_deadline(pair.members, FAMILIES);
        assert_true(now <= end);
        for (size_t m = 0; m < FAMILIES; m++)
            if (election_deadline(&pair.members[m]) <= now)
                step(&pair, m, (struct election_event){.type = ELECTION_TIMER}, now);
    }
    assert_int_equal(now, end);
    assert_int_equal(group_state(pair.members, FAMILIES), VRRP_MASTER);
    assert_int_equal(pair.members[V4].offer, OFFER_NONE);
    assert_int_equal(pair.members[V4].master_priority, 100);
    assert_int_equal(pair.members[V4].counters.oversleeps, 0);
}

static void force_drains_what_has_no_successor_too(void **state)
{
    struct pair pair;

    (void)state;
    start(&pair, 100, 0);
    uint64_t now = run_to_master(&pair);
    step(&pair, V4, (struct election_event){.type = ELECTION_DRAIN, .force = true}, now);
    hear(&pair, V4, "10.0.0.1", 90, now + 600 * MS);
    for (int i = 0; i < 20 && pair.members[V6].state == VRRP_MASTER; i++) {
        now = group_deadline(pair.members, FAMILIES);
        for (size_t m = 0; m < FAMILIES; m++)
            if (election_deadline(&pair.members[m]) <= now)
                step(&pair, m, (struct election_event){.type = ELECTION_TIMER}, now);
    }
    assert_int_equal(pair.members[V4].held_by, HOLD_DRAINED);
    assert_int_equal(pair.members[V6].held_by, HOLD_DRAINED);
    assert_false(pair.members[V6].holding);
}

static void a_drain_of_a_backup_and_the_resume_reach_all(void **state)
{
    struct pair pair;

    (void)state;
    start(&pair, 100, 0);
    step(&pair, V6, (struct election_event){.type = ELECTION_DRAIN}, SEC);
    assert_true((pair.members[V4].held_by & HOLD_DRAINED) != 0);
    assert_true((pair.members[V6].held_by & HOLD_DRAINED) != 0);
    step(&pair, V6, (struct election_event){.type = ELECTION_UNHOLD, .hold = HOLD_DRAINED}, SEC);
    assert_int_equal(pair.members[V4].state, VRRP_BACKUP);
    assert_int_equal(pair.members[V6].state, VRRP_BACKUP);
}

static void a_take_is_of_all_in_one_step(void **state)
{
    struct pair pair;

    (void)state;
    start(&pair, 100, 0);
    hear(&pair, V4, "10.0.0.1", 200, SEC);
    hear(&pair, V6, "fe80::1", 200, SEC);
    step(&pair, V6, (struct election_event){.type = ELECTION_TAKE}, 2 * SEC);
    for (size_t m = 0; m < FAMILIES; m++) {
        assert_string_equal(kit_word(&pair.out[m]), "CAST");
        assert_int_equal(pair.out[m].list[2].priority, 254);
        assert_int_equal(kit_reason(&pair.out[m]), REASON_TAKEN);
    }
}

/* Three instances of one family each. */
static void a_hold_of_one_instance_is_its_own(void **state)
{
    enum { COUNT = 3 };
    struct election_params params = kit_params(100);
    struct election members[COUNT];
    struct election_actions out[COUNT];
    struct election_event event = {.type = ELECTION_SOURCE, .address = kit_address("10.0.0.2")};
    const struct election_event down = {.type = ELECTION_HOLD, .hold = HOLD_LINK_DOWN};
    const struct election_event up = {.type = ELECTION_UNHOLD, .hold = HOLD_LINK_DOWN};

    (void)state;
    params.grouped = true;
    for (size_t i = 0; i < COUNT; i++)
        election_init(&members[i], &params);
    for (size_t i = 0; i < COUNT; i++) {
        group_step_span(members, COUNT, i, 1, &event, 0, out);
        /* The others wait for the last one to be started. */
        const struct election_event begin = {.type = ELECTION_START};
        group_step_span(members, COUNT, i, 1, &begin, 0, out);
        assert_int_equal(group_state(members, COUNT), i + 1 < COUNT ? VRRP_INIT : VRRP_BACKUP);
    }
    group_step_span(members, COUNT, 1, 1, &down, SEC, out);
    assert_int_equal(members[0].held_by, HOLD_GROUP);
    assert_int_equal(members[1].held_by, HOLD_LINK_DOWN);
    assert_int_equal(members[2].held_by, HOLD_GROUP);
    group_step_span(members, COUNT, 2, 1, &down, SEC, out);
    group_step_span(members, COUNT, 1, 1, &up, 2 * SEC, out);
    assert_int_equal(members[1].held_by, HOLD_GROUP);
    assert_int_equal(members[2].held_by, HOLD_LINK_DOWN);
    group_step_span(members, COUNT, 2, 1, &up, 3 * SEC, out);
    assert_int_equal(group_state(members, COUNT), VRRP_BACKUP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_become_master_in_one_step),
        cmocka_unit_test(one_deaf_family_does_not_depose_a_living_master),
        cmocka_unit_test(an_advert_takes_readiness_back),
        cmocka_unit_test(both_yield_when_one_must),
        cmocka_unit_test(who_follows_lingers_until_its_own_successor_is_there),
        cmocka_unit_test(the_lead_settles_ties),
        cmocka_unit_test(a_deaf_lead_leaves_the_tie_to_the_other),
        cmocka_unit_test(nobody_starts_while_one_family_has_no_source),
        cmocka_unit_test(start_and_stop_reach_all),
        cmocka_unit_test(who_comes_back_says_why),
        cmocka_unit_test(a_group_of_one_is_the_election),
        cmocka_unit_test(drain_waits_for_the_successors_of_all),
        cmocka_unit_test(drain_without_a_successor_of_one_moves_nobody),
        cmocka_unit_test(force_drains_what_has_no_successor_too),
        cmocka_unit_test(a_drain_of_a_backup_and_the_resume_reach_all),
        cmocka_unit_test(a_take_is_of_all_in_one_step),
        cmocka_unit_test(a_hold_of_one_instance_is_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
