/* The rule; see policy.h. */
#include "agent/recorder/policy.h"

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
    switch (transition->reason) {
    case REASON_OVERSLEPT:
    case REASON_CONFLICT:
    case REASON_LINK_DOWN:
    case REASON_NO_INTERFACE:
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
