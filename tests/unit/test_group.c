/* The two families of an instance move together, and never swing. */
#include "tests/unit/election_kit.h"

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
    step(&pair, V6, (struct election_event){.type = ELECTION_SOURCE}, 2 * SEC);
    assert_string_equal(kit_word(&pair.out[V6]), "ZRT");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_become_master_in_one_step),
        cmocka_unit_test(one_deaf_family_does_not_depose_a_living_master),
        cmocka_unit_test(an_advert_takes_readiness_back),
        cmocka_unit_test(both_yield_when_one_must),
        cmocka_unit_test(the_lead_settles_ties),
        cmocka_unit_test(a_deaf_lead_leaves_the_tie_to_the_other),
        cmocka_unit_test(nobody_starts_while_one_family_has_no_source),
        cmocka_unit_test(start_and_stop_reach_all),
        cmocka_unit_test(a_group_of_one_is_the_election),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
