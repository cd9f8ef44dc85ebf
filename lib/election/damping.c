/* Counting withdrawals in a window. */
#include "lib/election/damping.h"

#include <assert.h>
#include <string.h>

/* The rival would not have won against what this node was as it became MASTER. */
static bool has_fallen(const struct transition *transition, const struct damping_standing *standing)
{
    return transition->from == VRRP_MASTER && !standing->held_back &&
           standing->now < standing->as_master &&
           transition->evidence.peer_priority <= standing->as_master;
}

bool damping_counts(const struct transition *transition, const struct damping_standing *standing)
{
    switch (transition->reason) {
    case REASON_CHECK_FAILED:
    case REASON_LINK_DOWN:
    case REASON_NO_INTERFACE:
    case REASON_NO_ROUTE:
    case REASON_NO_PRIMARY_ADDRESS:
        return transition->to == VRRP_INIT;
    case REASON_OVERSLEPT:
        return transition->from == VRRP_MASTER;
    case REASON_HIGHER_PRIORITY:
    case REASON_HIGHER_ADDRESS:
        return has_fallen(transition, standing);
    default:
        return false;
    }
}

/* Forgets what is older than the window. */
static void expire(struct damping *damping, uint64_t window_ns, uint64_t now)
{
    size_t old = 0;

    while (old < damping->count && now - damping->times[old] > window_ns)
        old++;
    damping->count -= old;
    memmove(damping->times, damping->times + old, damping->count * sizeof(damping->times[0]));
}

bool damping_note(struct damping *damping, const struct damping_params *params, uint64_t now)
{
    if (params->transitions == 0)
        return false;
    assert(params->transitions <= DAMPING_TRANSITIONS_MAX);
    expire(damping, params->window_ns, now);
    if (damping->count == DAMPING_TRANSITIONS_MAX) {
        damping->count--;
        memmove(damping->times, damping->times + 1, damping->count * sizeof(damping->times[0]));
    }
    damping->times[damping->count++] = now;
    if (damping->count < params->transitions)
        return false;
    damping->held_until = now + params->hold_ns;
    return true;
}

uint64_t damping_remaining(const struct damping *damping, const struct damping_params *params,
                           uint64_t now)
{
    if (damping == NULL || params->transitions == 0 || now >= damping->held_until)
        return 0;
    return damping->held_until - now;
}

unsigned damping_recent(const struct damping *damping, const struct damping_params *params,
                        uint64_t now)
{
    unsigned recent = 0;

    for (size_t i = 0; damping != NULL && i < damping->count; i++)
        recent += now - damping->times[i] <= params->window_ns ? 1 : 0;
    return recent;
}
