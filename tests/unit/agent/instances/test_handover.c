/* How a drain or a take is followed: shown views of an instance, it decides and finds the words. */
#include "agent/instances/handover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ID = 7, PEER_PRIORITY = 120 };

/* One instance of one family, alone in its bundle. */
struct scene {
    struct election election;
    struct bundle bundle;
    struct heard_master heard;
    struct transition last;
    struct handover_view view;
    struct handover handover;
    struct ip_address peer;
};

static void set_up(struct scene *s, enum vrrp_state state)
{
    const struct election_params params = {.family = IP_FAMILY_IPV4,
                                           .version = VRRP_V3,
                                           .vrid = 51,
                                           .priority = 100,
                                           .advert_interval_ns = NS_PER_SEC,
                                           .dead_factor = DEAD_FACTOR};

    memset(s, 0, sizeof(*s));
    election_init(&s->election, &params);
    s->election.state = state;
    s->election.held_by = 0;
    s->election.raised_until = DEADLINE_NEVER;
    assert_true(ip_address_parse("192.0.2.2", &s->peer));
    if (state == VRRP_BACKUP) {
        s->election.master = s->peer;
        s->election.master_priority = PEER_PRIORITY;
    }
    s->bundle.elections = &s->election;
    s->bundle.count = 1;
    s->view = (struct handover_view){.bundle = &s->bundle,
                                     .elections = &s->election,
                                     .count = 1,
                                     .heard = &s->heard,
                                     .state = state,
                                     .last = &s->last};
}

static const struct asker SOMEBODY = {.known = true, .uid = 1000};

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static void test_who_asked_is_part_of_the_evidence(void **state)
{
    struct transition drained = {.reason = REASON_DRAINED};
    struct transition taken = {.reason = REASON_TAKEN};
    struct transition resumed = {.reason = REASON_RESUMED};
    struct scene s;

    (void)state;
    set_up(&s, VRRP_MASTER);
    handover_begin(&s.handover, &s.view, HANDOVER_DRAIN, ID, &SOMEBODY);
    handover_explain(&s.handover, &drained);
    assert_true(drained.evidence.asked);
    assert_int_equal(drained.evidence.uid, 1000);
    handover_explain(&s.handover, &taken);
    assert_false(taken.evidence.asked);
    handover_explain(&s.handover, &resumed);
    assert_string_equal(resumed.evidence.note, "the time of its drain is over");
    resumed = (struct transition){.reason = REASON_RESUMED};
    s.handover.resumer = SOMEBODY;
    handover_explain(&s.handover, &resumed);
    assert_true(resumed.evidence.asked && resumed.evidence.note[0] == '\0');
    handover_free(&s.handover);
}

static void test_a_drain_with_a_successor_is_to_be_kept_once(void **state)
{
    struct scene s;

    (void)state;
    set_up(&s, VRRP_MASTER);
    handover_begin(&s.handover, &s.view, HANDOVER_DRAIN, ID, &SOMEBODY);
    s.election.offer = OFFER_MADE;
    assert_false(handover_update(&s.handover, &s.view));
    assert_int_equal(s.handover.outcome, HANDOVER_PENDING);

    s.election.offer = OFFER_NONE;
    s.election.state = s.view.state = VRRP_INIT;
    s.election.held_by = HOLD_DRAINED;
    s.last.reason = REASON_DRAINED;
    s.last.evidence.peer = s.peer;
    assert_true(handover_update(&s.handover, &s.view));
    assert_int_equal(s.handover.outcome, HANDOVER_DONE);
    assert_true(begins_with(s.handover.text, "handed over to 192.0.2.2 in "));
    assert_false(handover_update(&s.handover, &s.view));

    /* Whoever asked waits until it is known whether it is kept. */
    assert_int_equal(handover_outcome(&s.handover), HANDOVER_PENDING);
    handover_kept(&s.handover, DRAINS_NOT_SAVED);
    assert_int_equal(handover_outcome(&s.handover), HANDOVER_DONE);
    assert_non_null(strstr(s.handover.text, "; this cannot be saved"));
    /* It was said. */
    handover_kept(&s.handover, DRAINS_SAVING);
    assert_null(strstr(s.handover.text, "the disk does not answer"));
    assert_true(begins_with(s.handover.text, "handed over to 192.0.2.2 in "));
    handover_free(&s.handover);
}

static void test_a_drain_that_nobody_answers_fails(void **state)
{
    struct scene s;

    (void)state;
    set_up(&s, VRRP_MASTER);
    handover_begin(&s.handover, &s.view, HANDOVER_DRAIN, ID, &SOMEBODY);
    s.election.offer = OFFER_MADE;
    assert_false(handover_update(&s.handover, &s.view));
    s.election.offer = OFFER_NONE;
    assert_false(handover_update(&s.handover, &s.view));
    assert_int_equal(s.handover.outcome, HANDOVER_FAILED);
    assert_true(begins_with(s.handover.text, "nobody took over within "));
    handover_free(&s.handover);
}

static void test_a_drain_of_a_backup_names_the_master(void **state)
{
    struct scene s;

    (void)state;
    set_up(&s, VRRP_BACKUP);
    handover_begin(&s.handover, &s.view, HANDOVER_DRAIN, ID, &SOMEBODY);
    s.election.held_by = HOLD_DRAINED;
    assert_true(handover_update(&s.handover, &s.view));
    assert_string_equal(s.handover.text, "drained; 192.0.2.2 is master");
    handover_free(&s.handover);
}

static void test_what_becomes_of_a_take(void **state)
{
    struct scene s;
    char text[REASON_TEXT_SIZE];

    (void)state;
    set_up(&s, VRRP_BACKUP);
    handover_begin(&s.handover, &s.view, HANDOVER_TAKE, ID, &SOMEBODY);
    assert_int_equal(handover_take_verdict(&s.handover, &s.view, text), HANDOVER_PENDING);

    s.election.master_priority = PRIORITY_OWNER;
    assert_int_equal(handover_take_verdict(&s.handover, &s.view, text), HANDOVER_FAILED);
    assert_true(begins_with(text, "not possible: 192.0.2.2 owns the addresses"));

    set_up(&s, VRRP_INIT);
    s.election.held_by = HOLD_DRAINED;
    handover_begin(&s.handover, &s.view, HANDOVER_TAKE, ID, &SOMEBODY);
    assert_int_equal(handover_take_verdict(&s.handover, &s.view, text), HANDOVER_FAILED);
    assert_string_equal(text, "not possible: it is drained here; resume it first");

    set_up(&s, VRRP_MASTER);
    handover_begin(&s.handover, &s.view, HANDOVER_TAKE, ID, &SOMEBODY);
    assert_int_equal(handover_take_verdict(&s.handover, &s.view, text), HANDOVER_DONE);
    s.election.offer = OFFER_MADE;
    assert_int_equal(handover_take_verdict(&s.handover, &s.view, text), HANDOVER_FAILED);
    assert_string_equal(text, "not possible: it is being drained");
    handover_free(&s.handover);
}

static void test_a_take_is_done_when_nobody_took_it_back(void **state)
{
    struct scene s;

    (void)state;
    set_up(&s, VRRP_BACKUP);
    s.election.master_priority = 90;
    handover_begin(&s.handover, &s.view, HANDOVER_TAKE, ID, &SOMEBODY);
    s.election.state = s.view.state = VRRP_MASTER;
    s.election.raised_until = 1;
    assert_false(handover_update(&s.handover, &s.view));
    assert_int_equal(s.handover.outcome, HANDOVER_PENDING);
    s.election.raised_until = DEADLINE_NEVER;
    assert_false(handover_update(&s.handover, &s.view));
    assert_int_equal(s.handover.outcome, HANDOVER_DONE);
    assert_true(begins_with(s.handover.text, "taken over from 192.0.2.2 in "));
    handover_free(&s.handover);
}

static void test_a_take_that_is_lost_again_fails(void **state)
{
    struct scene s;

    (void)state;
    set_up(&s, VRRP_BACKUP);
    handover_begin(&s.handover, &s.view, HANDOVER_TAKE, ID, &SOMEBODY);
    s.election.state = s.view.state = VRRP_MASTER;
    assert_false(handover_update(&s.handover, &s.view));
    /* The one it was taken from is better: watched for as long as it needs to preempt. */
    assert_int_equal(s.handover.outcome, HANDOVER_PENDING);
    s.election.state = s.view.state = VRRP_BACKUP;
    s.last.reason = REASON_HIGHER_PRIORITY;
    s.last.evidence =
        (struct evidence){.peer = s.peer, .peer_priority = PEER_PRIORITY, .own_priority = 100};
    assert_false(handover_update(&s.handover, &s.view));
    assert_int_equal(s.handover.outcome, HANDOVER_FAILED);
    assert_string_equal(s.handover.text,
                        "192.0.2.2 took it back: its priority 120 is above 100 and it preempts");
    handover_free(&s.handover);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_asked_is_part_of_the_evidence),
        cmocka_unit_test(test_a_drain_with_a_successor_is_to_be_kept_once),
        cmocka_unit_test(test_a_drain_that_nobody_answers_fails),
        cmocka_unit_test(test_a_drain_of_a_backup_names_the_master),
        cmocka_unit_test(test_what_becomes_of_a_take),
        cmocka_unit_test(test_a_take_is_done_when_nobody_took_it_back),
        cmocka_unit_test(test_a_take_that_is_lost_again_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
