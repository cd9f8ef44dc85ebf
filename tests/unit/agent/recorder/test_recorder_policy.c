/* Which transitions are recorded: stories of one instance, step by step. */
#include "agent/recorder/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { BASE = 150, STEPS_MAX = 6 };

#define SETTLE_NS (10 * NS_PER_SEC)

struct step {
    unsigned at_s;
    enum vrrp_state from;
    enum vrrp_state to;
    enum reason reason;
    uint8_t own_priority;
    bool knows_peer;
    bool wanted;
    uint8_t peer_priority; /* 0: does not matter */
};

struct story {
    const char *name;
    struct step steps[STEPS_MAX]; /* at_s 0 ends it */
};

#define INIT   VRRP_INIT
#define BACKUP VRRP_BACKUP
#define MASTER VRRP_MASTER

static const struct story stories[] = {
    {"a cluster starts, and the better router takes it",
     {{1, INIT, BACKUP, REASON_STARTED, 150, false, false},
      {4, BACKUP, MASTER, REASON_NO_RESPONSE, 150, false, false},
      {9, MASTER, BACKUP, REASON_HIGHER_PRIORITY, 150, true, false}}},
    {"the peer stops and comes back",
     {{1, INIT, BACKUP, REASON_STARTED, 150, false, false},
      {20, BACKUP, MASTER, REASON_PRIORITY, 150, true, false},
      {30, MASTER, BACKUP, REASON_HIGHER_PRIORITY, 150, true, false}}},
    {"the peer dies and comes back",
     {{1, INIT, BACKUP, REASON_STARTED, 150, false, false},
      {20, BACKUP, MASTER, REASON_NO_RESPONSE, 150, true, true},
      {30, MASTER, BACKUP, REASON_HIGHER_ADDRESS, 150, true, true},
      {40, BACKUP, MASTER, REASON_PRIORITY, 150, true, false},
      {50, MASTER, BACKUP, REASON_HIGHER_PRIORITY, 150, true, false}}},
    {"we start and preempt; later a check of ours fails",
     {{1, INIT, BACKUP, REASON_STARTED, 150, false, false},
      {5, BACKUP, MASTER, REASON_PREEMPTED, 150, true, false},
      {50, MASTER, BACKUP, REASON_HIGHER_PRIORITY, 90, true, true}}},
    {"a check of the peer fails",
     {{1, INIT, BACKUP, REASON_STARTED, 150, false, false},
      {50, BACKUP, MASTER, REASON_PREEMPTED, 150, true, true}}},
    {"the link goes and comes back",
     {{1, INIT, BACKUP, REASON_STARTED, 150, false, false},
      {9, BACKUP, MASTER, REASON_NO_RESPONSE, 150, false, false},
      {50, MASTER, INIT, REASON_LINK_DOWN, 150, false, true},
      {90, INIT, BACKUP, REASON_LINK_UP, 150, false, false},
      {95, BACKUP, MASTER, REASON_PREEMPTED, 150, true, false}}},
    {"drained, resumed, stopped",
     {{1, INIT, BACKUP, REASON_STARTED, 150, false, false},
      {50, BACKUP, INIT, REASON_DRAINED, 150, false, false},
      {60, INIT, BACKUP, REASON_RESUMED, 150, false, false},
      {65, BACKUP, MASTER, REASON_PREEMPTED, 150, true, false},
      {70, MASTER, INIT, REASON_STOPPED, 150, false, false}}},
    {"a take on the peer, which we have back",
     {{1, INIT, BACKUP, REASON_STARTED, 150, false, false},
      {5, BACKUP, MASTER, REASON_PREEMPTED, 150, true, false},
      {90, MASTER, BACKUP, REASON_HIGHER_PRIORITY, 150, true, false, 254},
      {98, BACKUP, MASTER, REASON_PREEMPTED, 150, true, false},
      {150, MASTER, BACKUP, REASON_HIGHER_PRIORITY, 150, true, false, 200},
      {155, BACKUP, MASTER, REASON_PREEMPTED, 150, true, true}}},
    {"a take on the peer that lasts, until a check of it fails",
     {{1, INIT, BACKUP, REASON_STARTED, 150, false, false},
      {5, BACKUP, MASTER, REASON_PREEMPTED, 150, true, false},
      {90, MASTER, BACKUP, REASON_HIGHER_PRIORITY, 150, true, false, 254},
      {190, BACKUP, MASTER, REASON_PREEMPTED, 150, true, true}}},
    {"what is never planned",
     {{1, MASTER, BACKUP, REASON_OVERSLEPT, 150, false, true},
      {2, MASTER, BACKUP, REASON_CONFLICT, 150, false, true},
      {3, BACKUP, INIT, REASON_NO_INTERFACE, 150, false, true},
      {4, MASTER, INIT, REASON_NO_PRIMARY_ADDRESS, 150, false, true},
      {5, MASTER, INIT, REASON_CHECK_FAILED, 150, false, true}}},
};

static void stories_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
        struct recorder_policy policy = {0};

        for (size_t s = 0; s < STEPS_MAX && stories[i].steps[s].at_s != 0; s++) {
            const struct step *step = &stories[i].steps[s];
            struct transition transition = {.from = step->from,
                                            .to = step->to,
                                            .reason = step->reason,
                                            .evidence = {.own_priority = step->own_priority,
                                                         .peer_priority = step->peer_priority}};

            if (step->knows_peer)
                transition.evidence.peer.family = IP_FAMILY_IPV4;
            if (recorder_policy_wants(&policy, &transition, BASE, SETTLE_NS,
                                      step->at_s * NS_PER_SEC) != step->wanted)
                fail_msg("%s: wrong at second %u", stories[i].name, step->at_s);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_are_judged),
    };

    return cmocka_run_group_tests_name("recorder_policy", tests, NULL, NULL);
}
