/* The times of the election that a configuration can change, and what a reload does to them. */
#include "tests/unit/lib/election/election_kit.h"

static void the_dead_factor_is_in_all_times(void **state)
{
    struct election_params patient = kit_params(100);

    (void)state;
    patient.dead_factor = 5;
    struct election p = kit_started(&patient, 0);
    assert_int_equal(election_master_down_ns(&p), 5 * SEC + election_skew_ns(&p));
    assert_int_equal(election_hand_over_ns(&patient, SEC), 6 * SEC + ELECTION_SETTLE_NS);
}

/* Peers that wait longer before they depose it leave it more time to sleep. */
static void a_master_is_deposed_by_the_dead_factor(void **state)
{
    struct election_params params = kit_params(150);
    uint64_t now = 0;

    (void)state;
    params.dead_factor = 5;
    struct election e = kit_master(&params, &now);
    kit_timer(&e, now + 4 * SEC);
    assert_int_equal(e.state, VRRP_MASTER);
    kit_timer(&e, now + 15 * SEC);
    assert_int_equal(e.state, VRRP_BACKUP);
    assert_int_equal(e.counters.oversleeps, 1);
}

/* A reload: the deadline moves from where the timer was set. */
static void another_dead_factor_moves_the_deadline(void **state)
{
    struct election_params params = kit_params(100);
    struct election e = kit_started(&params, 0);
    uint64_t before = election_deadline(&e);

    (void)state;
    params.dead_factor = 7;
    kit_step(&e, (struct election_event){.type = ELECTION_CONFIGURE, .params = &params}, SEC);
    assert_int_equal(election_deadline(&e), before + 4 * SEC);
}

/* Of a master that still adverts as before the reload: its interval counts, until it has the new.
 */
static void version_2_waits_by_the_interval_it_hears(void **state)
{
    struct election_params params = kit_params(100);
    struct advert advert = kit_advert("10.0.0.1", 150);
    const struct election_event event = {.type = ELECTION_ADVERT, .advert = &advert};

    (void)state;
    params.version = VRRP_V2;
    struct election e = kit_started(&params, 0);
    advert.version = 2;
    advert.checksum_kind = CHECKSUM_MESSAGE_ONLY;
    advert.former = true;
    advert.interval_ns = 5 * SEC;
    kit_step(&e, event, SEC);
    assert_int_equal(election_deadline(&e), SEC + 15 * SEC + election_skew_ns(&e));
    advert.former = false;
    advert.interval_ns = SEC;
    kit_step(&e, event, 6 * SEC);
    assert_int_equal(election_deadline(&e), 9 * SEC + election_skew_ns(&e));
}

/* A MASTER stays one, and says so in the new version at once; a BACKUP follows as before. */
static void a_version_changes_in_place(void **state)
{
    struct election_params params = kit_params(150);
    uint64_t now = 0;

    (void)state;
    params.version = VRRP_V2;
    struct election e = kit_master(&params, &now);
    struct election b = kit_started(&params, 0);
    struct advert advert = kit_advert("10.0.0.9", 200);
    advert.version = 2;
    advert.checksum_kind = CHECKSUM_MESSAGE_ONLY;
    kit_step(&b, (struct election_event){.type = ELECTION_ADVERT, .advert = &advert}, SEC);
    params.version = VRRP_V3;
    params.advert_interval_ns = 100 * MS;
    const struct election_event event = {.type = ELECTION_CONFIGURE, .params = &params};
    struct election_actions out = kit_step(&e, event, now + MS);
    assert_string_equal(kit_word(&out), "S");
    assert_int_equal(e.state, VRRP_MASTER);
    assert_int_equal(e.checksum_kind, CHECKSUM_IPV4_PSEUDO_HEADER);
    out = kit_step(&b, event, SEC + MS);
    assert_int_equal(out.count, 0);
    /* Its master adverts every second still. */
    assert_int_equal(election_deadline(&b), SEC + 3 * SEC + election_skew_ns(&b));
    advert.former = true;
    kit_step(&b, (struct election_event){.type = ELECTION_ADVERT, .advert = &advert}, 2 * SEC);
    assert_int_equal(b.checksum_kind, CHECKSUM_IPV4_PSEUDO_HEADER);
    assert_int_equal(election_deadline(&b), 2 * SEC + 3 * SEC + election_skew_ns(&b));
}

/* From one advert to the next never more than an interval, and never less than seven eighths of
 * one; after ten of them it is in phase. */
static void adverts_come_into_phase(void **state)
{
    static const uint64_t intervals[] = {10 * MS, 100 * MS, SEC, 40950 * MS};

    (void)state;
    for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
        struct election_params params = kit_params(150);
        uint64_t interval = intervals[i];
        uint64_t now = 7 * MS;

        params.advert_interval_ns = interval;
        params.aligned = true;
        params.phase_ns = 5 * interval + interval / 16;
        struct election e = kit_master(&params, &now);
        for (unsigned n = 0; n < 10; n++) {
            uint64_t next = e.timer_at;
            uint64_t late = n % 2 * interval / 50; /* the loop's lateness is not the next one's */

            kit_timer(&e, next + late);
            assert_true(e.timer_at - next <= interval);
            assert_true(e.timer_at - next >= interval - interval / 8);
        }
        assert_int_equal(e.timer_at % interval, params.phase_ns % interval);
    }
}

/* Others are where the takeover has put them. */
static void who_is_not_aligned_keeps_its_interval(void **state)
{
    struct election_params params = kit_params(150);
    uint64_t now = 7 * MS;

    (void)state;
    params.phase_ns = 300 * MS;
    struct election e = kit_master(&params, &now);
    uint64_t first = e.timer_at;
    kit_timer(&e, e.timer_at);
    assert_int_equal(e.timer_at, first + SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dead_factor_is_in_all_times),
        cmocka_unit_test(a_master_is_deposed_by_the_dead_factor),
        cmocka_unit_test(another_dead_factor_moves_the_deadline),
        cmocka_unit_test(a_version_changes_in_place),
        cmocka_unit_test(version_2_waits_by_the_interval_it_hears),
        cmocka_unit_test(adverts_come_into_phase),
        cmocka_unit_test(who_is_not_aligned_keeps_its_interval),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
