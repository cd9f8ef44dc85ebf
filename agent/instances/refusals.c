/* Refusals that are told once; see refusals.h. */
#include "agent/instances/refusals.h"

#include "lib/config/duration.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_refusal(const struct transition *transition)
{
    return transition->to == VRRP_INIT &&
           (transition->reason == REASON_CANNOT_CLAIM || transition->reason == REASON_NOT_PREPARED);
}

struct refusals *refusals_begin(const struct moved *now)
{
    struct refusals *refusals = NULL;

    if (is_refusal(&now->transition))
        refusals = calloc(1, sizeof(*refusals));
    if (refusals != NULL)
        *refusals = (struct refusals){.times = 1, .since_ns = now->boot_ns, .last = *now};
    return refusals;
}

/* Upwards from INIT, and on from there. */
static bool goes_on(const struct refusals *refusals, const struct transition *transition)
{
    enum vrrp_state at = VRRP_INIT;

    if (refusals->count > 0)
        at = refusals->kept[refusals->count - 1].transition.to;
    return refusals->count < REFUSALS_KEPT_MAX && transition->from == at && transition->to > at;
}

bool refusals_keep(struct refusals *refusals, const struct moved *now)
{
    if (refusals == NULL)
        return false;
    if (is_refusal(&now->transition) &&
        now->transition.reason == refusals->last.transition.reason) {
        refusals->times++;
        refusals->last = *now;
        refusals->count = 0;
        return true;
    }
    if (!goes_on(refusals, &now->transition))
        return false;
    refusals->kept[refusals->count++] = *now;
    return true;
}

const char *refusals_text(const struct refusals *refusals, char *buffer, size_t size)
{
    char why[REASON_TEXT_SIZE];
    char took[DURATION_TEXT_SIZE];

    duration_format_short(refusals->last.boot_ns - refusals->since_ns, took, sizeof(took));
    reason_text(&refusals->last.transition, why, sizeof(why));
    snprintf(buffer, size, "%u times in %s: %s", refusals->times, took, why);
    return buffer;
}
