/* The rule; see policy.h. */
#include "agent/recorder/policy.h"

#include "lib/election/router.h"

enum {
    /* A take adverts it for up to 10 intervals; a settling time has more than half of them. */
    TAKES_PER_SETTLE = 2,
};

/* A router that comes back preempts soon after it has left INIT; a later preemption means that the
 * master's priority has fallen. */
static bool became_unplanned(const struct recorder_policy *policy,
                             const struct transition *transition, uint64_t settle_ns,
                             uint64_t now_ns)
{
    switch (transition->reason) {
    case REASON_NO_RESPONSE:
        /* The first one of a cluster that starts has never heard anybody. */
        return transition->evidence.peer.family != IP_FAMILY_NONE;
    case REASON_PREEMPTED:
        /* Taken away by a peer's administrator, and had back: the way back from a plan. */
        if (policy->taken_ns != 0 && now_ns - policy->taken_ns < TAKES_PER_SETTLE * settle_ns)
            return false;
        return now_ns - policy->entered_ns >= settle_ns;
    default:
        return false;
    }
}

/* Losing to a better router is the way back from a planned takeover, unless our own priority fell
 * (a check failed); after an unplanned takeover it is part of the same story. */
static bool lost_unplanned(const struct recorder_policy *policy,
                           const struct transition *transition, uint8_t base_priority)
{
    return !policy->became_by_plan || transition->evidence.own_priority < base_priority;
}

bool recorder_policy_wants(struct recorder_policy *policy, const struct transition *transition,
                           uint8_t base_priority, uint64_t settle_ns, uint64_t now_ns)
{
    bool unplanned;

    if (transition->from == VRRP_INIT)
        policy->entered_ns = now_ns;
    if (transition->from == VRRP_MASTER)
        policy->taken_ns = transition->reason == REASON_HIGHER_PRIORITY &&
                                   transition->evidence.peer_priority == PRIORITY_RAISED
                               ? now_ns
                               : 0;
    switch (transition->reason) {
    case REASON_OVERSLEPT:
    case REASON_CONFLICT:
    case REASON_LINK_DOWN:
    case REASON_NO_INTERFACE:
    case REASON_NO_ROUTE:
    case REASON_NO_PRIMARY_ADDRESS:
    case REASON_CHECK_FAILED:
        return true;
    case REASON_HIGHER_PRIORITY:
    case REASON_HIGHER_ADDRESS:
        return lost_unplanned(policy, transition, base_priority);
    default:
        break;
    }
    unplanned = became_unplanned(policy, transition, settle_ns, now_ns);
    if (transition->to == VRRP_MASTER)
        policy->became_by_plan = !unplanned;
    return unplanned;
}
