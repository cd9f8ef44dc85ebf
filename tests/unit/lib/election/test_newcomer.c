/* How far one packet is believed: an interval that is longer than ours is only claimed at first. */
#include "tests/unit/lib/election/election_kit.h"

#define FAR (40950 * MS)

static struct election_actions hear_claim(struct election *e, const char *source, uint8_t priority,
                                          uint64_t interval_ns, uint64_t now)
{
    struct advert advert = kit_advert(source, priority);

    advert.interval_ns = interval_ns;
    return kit_step(e, (struct election_event){.type = ELECTION_ADVERT, .advert = &advert}, now);
}

/* Lets time pass until it is MASTER; the adverts it sent meanwhile are counted. */
static uint64_t until_master(struct election *e, unsigned *sent)
{
    uint64_t now = 0;

    *sent = 0;
    for (int i = 0; i < 20 && e->state != VRRP_MASTER; i++) {
        struct election_actions out;

        now = election_deadline(e);
        out = kit_timer(e, now);
        for (size_t k = 0; k < out.count; k++)
            if (out.list[k].type == ACTION_SEND_ADVERT && e->state != VRRP_MASTER) {
                assert_int_equal(out.list[k].priority, PRIORITY_HINT);
                (*sent)++;
            }
    }
    assert_int_equal(e->state, VRRP_MASTER);
    return now;
}

/* It was 139 s without a holder. */
static void one_forged_advert_costs_a_master_its_own_interval(void **state)
{
    struct election_params params = kit_params(150);
    uint64_t now = 0;
    struct election e = kit_master(&params, &now);
    unsigned sent;

    (void)state;
    hear_claim(&e, "10.0.0.66", 255, FAR, now + 10 * MS);
    assert_int_equal(e.state, VRRP_BACKUP);
    uint64_t again = until_master(&e, &sent);
    assert_true(again - now < 4 * SEC);
    assert_true(sent >= 2);
}

static void nor_does_it_make_a_backup_wait(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);
    unsigned sent;

    (void)state;
    kit_hear(&e, "10.0.0.1", 150, SEC);
    hear_claim(&e, "10.0.0.66", 255, FAR, 2 * SEC);
    assert_true(until_master(&e, &sent) < 6 * SEC);
    assert_int_equal(sent, 2);
}

/* A copy of the packet, by a switch that floods twice, is not a second one. */
static void a_copy_proves_nothing(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);

    (void)state;
    hear_claim(&e, "10.0.0.66", 255, FAR, SEC);
    hear_claim(&e, "10.0.0.66", 255, FAR, SEC + MS);
    assert_int_equal(e.learned_interval_ns, SEC);
}

static void the_second_advert_is_believed(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);

    (void)state;
    hear_claim(&e, "10.0.0.1", 150, 10 * SEC, SEC);
    assert_int_equal(e.learned_interval_ns, SEC);
    hear_claim(&e, "10.0.0.1", 150, 10 * SEC, 2 * SEC);
    assert_int_equal(e.learned_interval_ns, 10 * SEC);
    assert_int_equal(election_deadline(&e), 2 * SEC + election_master_down_ns(&e));
    /* What it waits by already is nothing new, whoever says it. */
    hear_claim(&e, "10.0.0.9", 200, 10 * SEC, 3 * SEC);
    assert_int_equal(e.learned_interval_ns, 10 * SEC);
    hear_claim(&e, "10.0.0.66", 255, FAR, 4 * SEC);
    assert_int_equal(e.learned_interval_ns, 10 * SEC);
}

static void the_second_of_somebody_else_is_not(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);

    (void)state;
    hear_claim(&e, "10.0.0.66", 255, FAR, SEC);
    hear_claim(&e, "10.0.0.67", 255, FAR, 2 * SEC);
    assert_int_equal(e.learned_interval_ns, SEC);
}

static void who_announces_is_believed(void **state)
{
    const struct election_event announced = {.type = ELECTION_SUCCESSOR,
                                             .address = kit_address("10.0.0.1")};
    struct election_params params = kit_params(100);
    struct election before = kit_started(&params, 0);
    struct election after = kit_started(&params, 0);

    (void)state;
    kit_step(&before, announced, SEC - MS);
    hear_claim(&before, "10.0.0.1", 150, 10 * SEC, SEC);
    hear_claim(&after, "10.0.0.1", 150, 10 * SEC, SEC);
    kit_step(&after, announced, SEC + MS);
    assert_int_equal(before.learned_interval_ns, 10 * SEC);
    assert_int_equal(election_deadline(&before), SEC + election_master_down_ns(&before));
    assert_int_equal(after.learned_interval_ns, 10 * SEC);
    assert_int_equal(election_deadline(&after), SEC + election_master_down_ns(&after));
}

/* Else a master that was made to yield, and comes back, would have the forged interval believed. */
static void an_announcement_speaks_for_who_made_it(void **state)
{
    static const char *const whose[] = {"10.0.0.1", NULL};
    struct election_params params = kit_params(100);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct election_event announced = {.type = ELECTION_SUCCESSOR};
        struct election before = kit_started(&params, 0);
        struct election after = kit_started(&params, 0);

        if (whose[i] != NULL)
            announced.address = kit_address(whose[i]);
        kit_step(&before, announced, SEC - MS);
        hear_claim(&before, "10.0.0.66", 255, FAR, SEC);
        hear_claim(&after, "10.0.0.66", 255, FAR, SEC);
        kit_step(&after, announced, SEC + MS);
        assert_int_equal(before.learned_interval_ns, SEC);
        assert_int_equal(after.learned_interval_ns, SEC);
    }
}

/* The claim was made in its name, and it announces for reasons of its own. */
static void nor_does_one_that_comes_later(void **state)
{
    const struct election_event announced = {.type = ELECTION_SUCCESSOR,
                                             .address = kit_address("10.0.0.1")};
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);

    (void)state;
    hear_claim(&e, "10.0.0.1", 255, FAR, SEC);
    kit_step(&e, announced, SEC + 500 * MS);
    assert_int_equal(e.learned_interval_ns, SEC);
}

/* The router that was spoken for says itself how often it adverts, although it is to be deposed. */
static void a_forged_interval_goes_with_the_next_true_advert(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);

    (void)state;
    hear_claim(&e, "10.0.0.1", 255, FAR, SEC);
    hear_claim(&e, "10.0.0.1", 255, FAR, 2 * SEC);
    assert_int_equal(e.learned_interval_ns, FAR);
    kit_hear(&e, "10.0.0.1", 50, 3 * SEC);
    assert_int_equal(e.learned_interval_ns, SEC);
    assert_true(election_deadline(&e) <= 3 * SEC + election_master_down_ns(&e));
}

/* What a version 2 master adverts by is known: during a reload the former interval, else ours. */
static void version_2_claims_nothing(void **state)
{
    struct election_params params = kit_params(100);

    (void)state;
    params.version = VRRP_V2;
    struct election e = kit_started(&params, 0);
    hear_claim(&e, "10.0.0.1", 150, 3 * SEC, SEC);
    assert_int_equal(e.learned_interval_ns, 3 * SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_forged_advert_costs_a_master_its_own_interval),
        cmocka_unit_test(nor_does_it_make_a_backup_wait),
        cmocka_unit_test(a_copy_proves_nothing),
        cmocka_unit_test(the_second_advert_is_believed),
        cmocka_unit_test(the_second_of_somebody_else_is_not),
        cmocka_unit_test(who_announces_is_believed),
        cmocka_unit_test(an_announcement_speaks_for_who_made_it),
        cmocka_unit_test(nor_does_one_that_comes_later),
        cmocka_unit_test(a_forged_interval_goes_with_the_next_true_advert),
        cmocka_unit_test(version_2_claims_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
