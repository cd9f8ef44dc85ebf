/* What a router notices on its LAN, over hours of a clock that is the test's: once it is over
 * nothing but what is told of it takes memory, and the next time is noticed, told and limited as
 * the first. */
#include "agent/base/clock.h"
#include "agent/control/snapshot_router.h"
#include "agent/instances/receive.h"
#include "agent/instances/watch.h"
#include "tests/unit/lib/election/election_kit.h"

#include <stdlib.h>

#define QUIET_NS (60 * SEC)

static uint64_t now_ns;

uint64_t clock_boot_ns(void)
{
    return now_ns;
}

uint64_t clock_wall_ns(void)
{
    return 5000 * SEC + now_ns;
}

struct bench {
    struct node node;
    struct config_instance config;
    struct election election;
    struct router router;
    unsigned events; /* told to the history */
    unsigned rests;
};

static void on_event(void *userdata, struct instance *instance, const char *event,
                     const struct evidence *evidence, const char *text)
{
    struct bench *bench = userdata;

    (void)instance;
    (void)event;
    (void)evidence;
    (void)text;
    bench->events++;
}

static void on_rest(void *userdata)
{
    struct bench *bench = userdata;

    assert_null(bench->router.watch);
    bench->rests++;
}

static const struct router_calls calls = {.on_watch_due = receive_watch_due};

/* Its router is MASTER. */
static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    const struct election_params params = kit_params(150);

    if (bench == NULL || sd_event_new(&bench->node.event) < 0) {
        free(bench);
        return -1;
    }
    now_ns = 1000 * SEC;
    bench->node.on_event = on_event;
    bench->node.on_rest = on_rest;
    bench->node.userdata = bench;
    bench->config = (struct config_instance){
        .name = "web", .vrid = 51, .lease_ns = 5 * SEC, .conflict_quiet_ns = QUIET_NS};
    election_init(&bench->election, &params);
    bench->election.state = VRRP_MASTER;
    bench->router = (struct router){.node = &bench->node,
                                    .config = &bench->config,
                                    .interface = "eth0",
                                    .election = &bench->election,
                                    .family = IP_FAMILY_IPV4,
                                    .calls = &calls};
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    router_watch_free(&bench->router);
    sd_event_unref(bench->node.event);
    free(bench);
    return 0;
}

/* As receive.c does with a claim of a stranger. True: it is met with an announcement. */
static bool claim(struct bench *bench)
{
    const struct neighbour_claim claim = {.kind = NEIGHBOUR_ANNOUNCEMENT,
                                          .address = kit_address("10.0.0.9"),
                                          .mac = {2, 0, 0, 0, 0, 7}};
    struct conflict_outcome outcome;

    assert_true(router_watch_claim(&bench->router, &claim, &outcome));
    router_watch_meet(&bench->router, &outcome);
    router_watch_settle(&bench->router, &outcome);
    router_watch_go_on(&bench->router, &outcome);
    return outcome.announce;
}

/* Lets the time pass; the timer of the watch fires when it is due. */
static void pass(struct bench *bench, uint64_t ns)
{
    const uint64_t until_ns = now_ns + ns;
    const struct router_watch *watch = bench->router.watch;

    for (unsigned fired = 0; watch != NULL; watch = bench->router.watch) {
        uint64_t us = 0;
        int enabled = SD_EVENT_OFF;

        assert_true(sd_event_source_get_enabled(watch->timer, &enabled) >= 0);
        assert_true(sd_event_source_get_time(watch->timer, &us) >= 0);
        if (enabled == SD_EVENT_OFF || us * NS_PER_US > until_ns)
            break;
        assert_in_range(fired++, 0, 100);
        now_ns = us * NS_PER_US > now_ns ? us * NS_PER_US : now_ns;
        (void)receive_watch_due(watch->timer, us, &bench->router);
    }
    now_ns = until_ns;
}

static void conflict(struct bench *bench)
{
    assert_false(claim(bench));
    pass(bench, election_master_down_ns(&bench->election));
    assert_true(claim(bench));
    assert_false(claim(bench));
}

static void a_conflict_that_is_over_leaves_what_is_told_of_it(void **state)
{
    struct bench *bench = *state;
    struct status_router status;

    for (unsigned times = 1; times <= 3; times++) {
        conflict(bench);
        uint64_t last_ns = clock_wall_ns();
        assert_int_equal(bench->events, 2 * times - 1);
        assert_non_null(bench->router.watch);
        pass(bench, QUIET_NS + SEC);
        assert_int_equal(bench->events, 2 * times);
        assert_null(bench->router.watch);
        assert_int_equal(bench->rests, times);
        snapshot_router(&bench->router, &status);
        assert_false(status.conflict.active);
        assert_int_equal(status.conflict.conflicts, times);
        assert_int_equal(status.conflict.claims, 3 * times);
        assert_int_equal(status.conflict.defences, times);
        assert_int_equal(status.conflict.defences_suppressed, times);
        assert_int_equal(status.conflict.mac[5], 7);
        assert_int_equal(status.conflict.last_ns, last_ns);
        assert_true(ip_address_equal(&status.conflict.address, &(struct ip_address){
                                                                   .family = IP_FAMILY_IPV4,
                                                                   .octets = {10, 0, 0, 9},
                                                               }));
    }
}

static void who_was_defended_against_is_limited_until_the_interval_is_over(void **state)
{
    struct bench *bench = *state;

    conflict(bench);
    router_watch_moved(&bench->router);
    assert_int_equal(bench->events, 2);
    pass(bench, CONFLICT_DEFEND_INTERVAL_NS - SEC);
    assert_non_null(bench->router.watch);
    /* Whoever fires it early frees nothing. */
    (void)receive_watch_due(bench->router.watch->timer, 0, &bench->router);
    assert_non_null(bench->router.watch);
    pass(bench, SEC + MS);
    assert_null(bench->router.watch);
}

static void see(struct bench *bench, enum lan_warning_kind kind)
{
    const struct lan_sighting sighting = {.kind = kind, .peer = kit_address("10.0.0.2")};

    router_watch_see(&bench->router, &sighting);
}

static void what_was_said_is_not_forgotten_while_it_is_not_said_again(void **state)
{
    struct bench *bench = *state;

    see(bench, LAN_DUPLICATE_VRID);
    assert_int_equal(bench->events, 1);
    pass(bench, QUIET_NS);
    assert_non_null(bench->router.watch);
    assert_false(bench->router.watch->lan.list[LAN_DUPLICATE_VRID].active);
    see(bench, LAN_DUPLICATE_VRID);
    pass(bench, LAN_WARNING_SAY_INTERVAL_NS - QUIET_NS - SEC);
    assert_non_null(bench->router.watch);
    assert_int_equal(bench->events, 1);
    pass(bench, SEC);
    assert_null(bench->router.watch);
    assert_null(bench->router.watch_past);
    see(bench, LAN_DUPLICATE_VRID);
    assert_int_equal(bench->events, 2);
}

static void a_warning_that_lasts_stays(void **state)
{
    struct bench *bench = *state;
    const struct router_watch *watch = NULL;

    for (unsigned i = 0; i < 3600; i++) {
        see(bench, LAN_SECOND_MASTER);
        if (watch == NULL)
            watch = bench->router.watch;
        assert_ptr_equal(bench->router.watch, watch);
        pass(bench, SEC);
    }
    assert_int_equal(bench->events, 1);
    assert_int_equal(watch->lan.list[LAN_SECOND_MASTER].count, 3600);
    pass(bench, QUIET_NS);
    assert_null(bench->router.watch);
    assert_int_equal(bench->rests, 1);
}

/* Of 4,000 that start one in ten sees its peer for a moment. */
static void two_masters_that_met_leave_nothing(void **state)
{
    struct bench *bench = *state;

    see(bench, LAN_SECOND_MASTER);
    pass(bench, QUIET_NS - SEC);
    assert_non_null(bench->router.watch);
    pass(bench, SEC);
    assert_null(bench->router.watch);
    assert_null(bench->router.watch_past);
    assert_int_equal(bench->events, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_conflict_that_is_over_leaves_what_is_told_of_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            who_was_defended_against_is_limited_until_the_interval_is_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_said_is_not_forgotten_while_it_is_not_said_again,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_warning_that_lasts_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_masters_that_met_leave_nothing, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
