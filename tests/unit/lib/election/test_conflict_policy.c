/* When a claim is a conflict, how often it is answered, and when it is over. */
#include "lib/election/conflict_policy.h"
#include "tests/unit/lib/election/election_kit.h"

static const struct conflict_params defend = {.mode = CONFLICT_MODE_DEFEND,
                                              .settle_ns = 4 * SEC,
                                              .patience_ns = 4 * SEC,
                                              .quiet_ns = 60 * SEC};
static const struct conflict_params release = {.mode = CONFLICT_MODE_RELEASE,
                                               .settle_ns = 4 * SEC,
                                               .patience_ns = 4 * SEC,
                                               .quiet_ns = 60 * SEC};

static struct neighbour_claim claim_by(uint8_t last_octet_of_mac, const char *address)
{
    return (struct neighbour_claim){.kind = NEIGHBOUR_ANNOUNCEMENT,
                                    .address = kit_address(address),
                                    .mac = {2, 0, 0, 0, 0, last_octet_of_mac}};
}

/* A claim of 10.0.0.9 while we are MASTER and nobody adverts. */
static struct conflict_outcome hear(struct conflict *c, const struct conflict_params *params,
                                    uint8_t mac, uint64_t now)
{
    const struct neighbour_claim claim = claim_by(mac, "10.0.0.9");

    return conflict_claim(c, params, &claim, true, DEADLINE_NEVER, now);
}

static bool nothing(const struct conflict_outcome *o)
{
    return !o->began && !o->announce && !o->release && o->ended == CONFLICT_GOES_ON && !o->resume &&
           !o->ask;
}

/* A conflict with that MAC, open since `now`. */
static struct conflict opened(const struct conflict_params *params, uint8_t mac, uint64_t now)
{
    struct conflict c;

    conflict_init(&c, NULL);
    (void)hear(&c, params, mac, now - params->settle_ns);
    const struct conflict_outcome o = hear(&c, params, mac, now);
    assert_true(o.began);
    return c;
}

static void a_hand_over_is_no_conflict(void **state)
{
    struct conflict c;

    (void)state;
    conflict_init(&c, NULL);
    /* A successor announces again and again, until we have left MASTER. */
    for (uint64_t now = 100 * SEC; now < 104 * SEC; now += 500 * MS) {
        const struct conflict_outcome o = hear(&c, &defend, 1, now);
        assert_true(nothing(&o));
    }
    struct conflict_outcome o = conflict_moved(&c);
    assert_true(nothing(&o));
    /* Nothing is left of it when we are MASTER again. */
    o = hear(&c, &defend, 1, 106 * SEC);
    assert_true(nothing(&o));
    assert_int_equal(c.record.conflicts, 0);
    assert_int_equal(c.record.defences, 0);
}

static void only_claims_while_master_count(void **state)
{
    const struct neighbour_claim claim = claim_by(1, "10.0.0.9");
    struct conflict c;

    (void)state;
    conflict_init(&c, NULL);
    for (uint64_t now = SEC; now < 100 * SEC; now += SEC) {
        const struct conflict_outcome o =
            conflict_claim(&c, &release, &claim, false, DEADLINE_NEVER, now);
        assert_true(nothing(&o));
    }
    assert_int_equal(c.record.claims, 0);
    assert_true(conflict_deadline(&c, &release) == DEADLINE_NEVER);
}

static void what_lasts_is_a_conflict_and_defended_once_in_ten_seconds(void **state)
{
    struct conflict c;
    uint64_t last_defence = 0;
    uint64_t defences = 0;

    (void)state;
    conflict_init(&c, NULL);
    /* A flood for 100 s. */
    for (uint64_t now = 1000 * SEC; now < 1100 * SEC; now += 10 * MS) {
        const struct conflict_outcome o = hear(&c, &defend, 1, now);

        assert_false(o.release);
        assert_int_equal(o.began, now == 1004 * SEC);
        if (!o.announce)
            continue;
        assert_true(defences == 0 || now - last_defence >= CONFLICT_DEFEND_INTERVAL_NS);
        last_defence = now;
        defences++;
    }
    assert_int_equal(defences, 10); /* from 1004 s on */
    assert_int_equal(c.record.defences, 10);
    assert_int_equal(c.record.conflicts, 1);
    assert_int_equal(c.record.claims, 10000);
    assert_int_equal(c.record.defences_suppressed, 9600 - 10);
}

static void it_is_idle_once_nobody_has_to_wait_and_made_anew_it_counts_on(void **state)
{
    struct conflict c;
    struct conflict again;

    (void)state;
    conflict_init(&c, NULL);
    assert_int_equal(conflict_idle_at(&c), 0);
    (void)hear(&c, &defend, 1, 96 * SEC);
    assert_true(conflict_idle_at(&c) == DEADLINE_NEVER);
    assert_true(hear(&c, &defend, 1, 100 * SEC).announce);
    assert_int_equal(conflict_moved(&c).ended, CONFLICT_END_MOVED);
    assert_int_equal(conflict_idle_at(&c), 100 * SEC + CONFLICT_DEFEND_INTERVAL_NS);
    conflict_init(&again, &c.record);
    (void)hear(&again, &defend, 1, 200 * SEC);
    assert_true(hear(&again, &defend, 1, 204 * SEC).began);
    assert_int_equal(again.record.conflicts, 2);
}

static void each_address_has_its_own_limit(void **state)
{
    struct conflict c = opened(&defend, 1, 100 * SEC);
    struct neighbour_claim claim = claim_by(1, "10.0.0.10");

    (void)state;
    struct conflict_outcome o = hear(&c, &defend, 1, 101 * SEC);
    assert_false(o.announce);
    o = conflict_claim(&c, &defend, &claim, true, DEADLINE_NEVER, 101 * SEC);
    assert_true(o.announce && !o.began);
    assert_true(ip_address_equal(&c.record.address, &claim.address));
    o = conflict_claim(&c, &defend, &claim, true, DEADLINE_NEVER, 102 * SEC);
    assert_false(o.announce);
}

static void a_machine_that_claims_everything_is_bounded(void **state)
{
    struct conflict c = opened(&defend, 1, 100 * SEC);
    unsigned announced = 0;

    (void)state;
    for (unsigned i = 0; i < 250; i++) {
        struct neighbour_claim claim = claim_by(1, "10.0.1.0");

        claim.address.octets[3] = (uint8_t)i;
        announced +=
            conflict_claim(&c, &defend, &claim, true, DEADLINE_NEVER, 101 * SEC).announce ? 1 : 0;
    }
    assert_int_equal(announced, CONFLICT_DEFENDED - 1);
}

static void claims_of_another_master_are_the_elections(void **state)
{
    const struct neighbour_claim claim = claim_by(1, "10.0.0.9");
    struct conflict c;

    (void)state;
    conflict_init(&c, NULL);
    /* Two masters hear each other: it adverts before and while it claims. */
    for (uint64_t now = 100 * SEC; now < 200 * SEC; now += SEC) {
        const struct conflict_outcome o =
            conflict_claim(&c, &release, &claim, true, now - SEC / 2, now);
        assert_true(nothing(&o));
    }
    /* It falls silent as a router, and goes on to claim. */
    uint64_t began = 0;
    for (uint64_t now = 200 * SEC; now < 220 * SEC && began == 0; now += SEC)
        if (conflict_claim(&c, &release, &claim, true, 199 * SEC, now).began)
            began = now;
    assert_in_range(began, 203 * SEC, 212 * SEC);
    /* One advert just before the first claim belongs to it, and starts the time again. */
    conflict_init(&c, NULL);
    (void)conflict_claim(&c, &release, &claim, true, 299 * SEC, 300 * SEC);
    assert_false(conflict_claim(&c, &release, &claim, true, 299 * SEC, 304 * SEC).began);
    assert_true(conflict_claim(&c, &release, &claim, true, 299 * SEC, 308 * SEC).began);
}

static void a_suspect_is_asked_and_its_answer_convicts(void **state)
{
    struct conflict c;

    (void)state;
    conflict_init(&c, NULL);
    (void)hear(&c, &defend, 1, 100 * SEC);
    assert_int_equal(conflict_deadline(&c, &defend), 104 * SEC);
    struct conflict_outcome o = conflict_timer(&c, &defend, 103 * SEC);
    assert_true(nothing(&o));
    o = conflict_timer(&c, &defend, 104 * SEC);
    assert_true(o.ask);
    const struct ip_address address = kit_address("10.0.0.9");
    assert_true(ip_address_equal(&o.ask_address, &address));
    o = hear(&c, &defend, 1, 104 * SEC + MS);
    assert_true(o.began && o.announce);
}

static void a_suspect_that_is_gone_is_forgotten(void **state)
{
    struct conflict c;

    (void)state;
    conflict_init(&c, NULL);
    (void)hear(&c, &defend, 1, 100 * SEC);
    assert_true(conflict_timer(&c, &defend, 104 * SEC).ask);
    assert_int_equal(conflict_deadline(&c, &defend), 160 * SEC);
    struct conflict_outcome o = conflict_timer(&c, &defend, 160 * SEC);
    assert_true(nothing(&o));
    assert_true(conflict_deadline(&c, &defend) == DEADLINE_NEVER);
    /* An hour later it is a new suspicion, and another hour later, whatever the timer does. */
    o = hear(&c, &defend, 1, 3700 * SEC);
    assert_true(nothing(&o));
    o = hear(&c, &defend, 1, 7300 * SEC);
    assert_true(nothing(&o));
}

static void two_strangers_by_turns_do_not_hide_each_other(void **state)
{
    struct conflict c;
    bool began = false;

    (void)state;
    conflict_init(&c, NULL);
    for (uint64_t now = 100 * SEC; now < 110 * SEC; now += 100 * MS)
        began = hear(&c, &defend, (uint8_t)(1 + now / (100 * MS) % 2), now).began || began;
    assert_true(began);
}

static void it_is_over_when_not_seen_for_the_quiet_time(void **state)
{
    struct conflict c = opened(&defend, 1, 100 * SEC);
    uint64_t asked = 0;
    uint64_t now = 100 * SEC;
    struct conflict_outcome o;

    (void)state;
    for (;;) {
        now = conflict_deadline(&c, &defend);
        o = conflict_timer(&c, &defend, now);
        if (!o.ask)
            break;
        asked++;
    }
    assert_true(o.ended == CONFLICT_END_QUIET && !o.resume);
    assert_int_equal(now, 160 * SEC);
    assert_in_range(asked, 2, 4);
    assert_int_equal(c.phase, CONFLICT_NONE);
    /* Who it was is still known. */
    assert_int_equal(c.record.mac[5], 1);
    assert_true(conflict_deadline(&c, &defend) == DEADLINE_NEVER);
}

static void release_gives_up_once_and_comes_back(void **state)
{
    struct conflict c = opened(&release, 1, 100 * SEC);
    const struct neighbour_claim again = claim_by(1, "10.0.0.9");
    const struct neighbour_claim successor = claim_by(2, "10.0.0.9");

    (void)state;
    assert_int_equal(c.phase, CONFLICT_YIELDED);
    assert_int_equal(c.record.defences, 0);
    struct conflict_outcome o = conflict_moved(&c);
    assert_true(nothing(&o));
    /* The stranger goes on for a while; who took over of the cluster does for ever. */
    for (uint64_t now = 101 * SEC; now < 400 * SEC; now += SEC) {
        if (now < 150 * SEC)
            o = conflict_claim(&c, &release, &again, false, DEADLINE_NEVER, now);
        assert_true(nothing(&o));
        o = conflict_claim(&c, &release, &successor, false, DEADLINE_NEVER, now);
        assert_true(nothing(&o));
        o = conflict_timer(&c, &release, now);
        assert_int_equal(o.resume, now == 209 * SEC);
        assert_int_equal(o.ended, now == 209 * SEC ? CONFLICT_END_QUIET : CONFLICT_GOES_ON);
        o = (struct conflict_outcome){0};
    }
}

static void a_predecessor_that_hangs_is_waited_for(void **state)
{
    struct conflict_params patient = release;
    struct conflict c;

    (void)state;
    patient.patience_ns = 9 * SEC;
    conflict_init(&c, NULL);
    (void)hear(&c, &patient, 1, 100 * SEC);
    struct conflict_outcome o = hear(&c, &patient, 1, 104 * SEC);
    assert_true(o.began && o.announce && !o.release);
    o = hear(&c, &patient, 1, 105 * SEC);
    assert_true(!o.announce && !o.release);
    /* Its lease is over: is it still there? */
    assert_int_equal(conflict_deadline(&c, &patient), 109 * SEC);
    o = conflict_timer(&c, &patient, 109 * SEC);
    assert_true(o.ask);
    struct conflict gone = c;
    o = hear(&c, &patient, 1, 109 * SEC + MS);
    assert_true(o.release);
    while (gone.phase != CONFLICT_NONE)
        o = conflict_timer(&gone, &patient, conflict_deadline(&gone, &patient));
    assert_true(o.ended == CONFLICT_END_QUIET && !o.resume);
}

static void a_change_to_defend_comes_back_at_once(void **state)
{
    struct conflict c = opened(&release, 1, 100 * SEC);

    (void)state;
    const struct conflict_outcome o = conflict_timer(&c, &defend, 101 * SEC);
    assert_true(o.resume && o.ended == CONFLICT_END_DEFEND);
}

static void a_change_to_release_is_followed(void **state)
{
    struct conflict c = opened(&defend, 1, 100 * SEC);

    (void)state;
    const struct conflict_outcome o = hear(&c, &release, 1, 101 * SEC);
    assert_true(o.release && !o.began && !o.announce);
    assert_int_equal(c.record.conflicts, 1);
}

static void leaving_master_ends_it(void **state)
{
    struct conflict c = opened(&defend, 1, 100 * SEC);

    (void)state;
    struct conflict_outcome o = conflict_moved(&c);
    assert_true(o.ended == CONFLICT_END_MOVED && !o.resume && !o.release);
    o = conflict_moved(&c);
    assert_true(nothing(&o));
    assert_string_equal(conflict_mode_name(CONFLICT_MODE_DEFEND), "defend");
    assert_string_equal(conflict_mode_name(CONFLICT_MODE_RELEASE), "release");
}

static void a_router_of_ours_is_no_stranger(void **state)
{
    struct conflict given_up = opened(&release, 1, 100 * SEC);
    struct conflict open = opened(&defend, 1, 100 * SEC);
    const uint8_t other[MAC_SIZE] = {2, 0, 0, 0, 0, 2};
    const uint8_t it[MAC_SIZE] = {2, 0, 0, 0, 0, 1};

    (void)state;
    struct conflict_outcome o = conflict_is_router(&given_up, other);
    assert_true(nothing(&o));
    o = conflict_is_router(&given_up, it);
    assert_true(o.resume && o.ended == CONFLICT_END_ROUTER);
    o = conflict_is_router(&given_up, it);
    assert_true(nothing(&o));
    o = conflict_is_router(&open, it);
    assert_true(!o.resume && o.ended == CONFLICT_END_ROUTER);
}

/* It was neither noticed nor defended: each MAC was a new suspect that took another one's place. */
static void a_new_mac_with_each_claim_does_not_hide(void **state)
{
    struct conflict c;
    unsigned began = 0;
    unsigned defended = 0;
    uint8_t mac = 0;

    (void)state;
    conflict_init(&c, NULL);
    for (uint64_t now = 100 * SEC; now < 120 * SEC; now += 100 * MS) {
        const struct conflict_outcome o = hear(&c, &defend, mac++, now);
        began += o.began ? 1 : 0;
        defended += o.announce ? 1 : 0;
    }
    assert_int_equal(began, 1);
    assert_int_equal(defended, 2); /* once in ten seconds */
    conflict_init(&c, NULL);
    for (uint64_t now = 100 * SEC; now < 120 * SEC; now += 100 * MS)
        began += hear(&c, &release, mac++, now).release ? 1 : 0;
    assert_int_equal(began, 2);
}

static void a_known_router_is_told_and_never_a_conflict(void **state)
{
    struct conflict_params known = release;
    struct conflict c;
    unsigned asked = 0;

    (void)state;
    known.known = true;
    conflict_init(&c, NULL);
    struct conflict_outcome o = hear(&c, &known, 1, 100 * SEC);
    assert_true(nothing(&o) && !o.known);
    /* It answers each time it is asked: told each time, given up to never. */
    for (uint64_t now = 101 * SEC; now < 400 * SEC; now += SEC) {
        o = now >= conflict_deadline(&c, &known) ? conflict_timer(&c, &known, now)
                                                 : (struct conflict_outcome){0};
        if (!o.ask)
            continue;
        asked++;
        o = hear(&c, &known, 1, now);
        assert_true(o.known && nothing(&o));
    }
    assert_in_range(asked, 15, 30);
    assert_int_equal(c.record.conflicts, 0);
    assert_int_equal(c.record.defences, 0);
    /* It is silent: nobody is left to ask. */
    (void)conflict_timer(&c, &known, 470 * SEC);
    (void)conflict_timer(&c, &known, 540 * SEC);
    assert_int_equal(conflict_deadline(&c, &known), DEADLINE_NEVER);
}

static void a_stranger_that_turns_out_to_be_a_router_ends_it(void **state)
{
    struct conflict given_up = opened(&release, 1, 100 * SEC);
    struct conflict_params known = release;

    (void)state;
    known.known = true;
    const struct conflict_outcome o = hear(&given_up, &known, 1, 101 * SEC);
    assert_true(o.resume && o.ended == CONFLICT_END_ROUTER && !o.release);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hand_over_is_no_conflict),
        cmocka_unit_test(only_claims_while_master_count),
        cmocka_unit_test(what_lasts_is_a_conflict_and_defended_once_in_ten_seconds),
        cmocka_unit_test(it_is_idle_once_nobody_has_to_wait_and_made_anew_it_counts_on),
        cmocka_unit_test(each_address_has_its_own_limit),
        cmocka_unit_test(a_machine_that_claims_everything_is_bounded),
        cmocka_unit_test(claims_of_another_master_are_the_elections),
        cmocka_unit_test(a_suspect_is_asked_and_its_answer_convicts),
        cmocka_unit_test(a_suspect_that_is_gone_is_forgotten),
        cmocka_unit_test(two_strangers_by_turns_do_not_hide_each_other),
        cmocka_unit_test(a_new_mac_with_each_claim_does_not_hide),
        cmocka_unit_test(it_is_over_when_not_seen_for_the_quiet_time),
        cmocka_unit_test(release_gives_up_once_and_comes_back),
        cmocka_unit_test(a_predecessor_that_hangs_is_waited_for),
        cmocka_unit_test(a_change_to_defend_comes_back_at_once),
        cmocka_unit_test(a_change_to_release_is_followed),
        cmocka_unit_test(leaving_master_ends_it),
        cmocka_unit_test(a_router_of_ours_is_no_stranger),
        cmocka_unit_test(a_known_router_is_told_and_never_a_conflict),
        cmocka_unit_test(a_stranger_that_turns_out_to_be_a_router_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
