/* Drain, take and resume of what moves together; see requests.h. Times are CLOCK_BOOTTIME. */
#include "agent/instances/requests.h"

#include "agent/base/log.h"
#include "agent/instances/events.h"

#include <stdlib.h>

/* Where what is asked of it is followed. NULL: out of memory, said; a drain is in
 * force all the same, a take is not begun, and who asked does not hear of it. */
static struct handover *handover_of(struct instance *instance)
{
    if (instance->handover == NULL)
        instance->handover = calloc(1, sizeof(*instance->handover));
    if (instance->handover == NULL)
        log_instance(LOG_ERR, instance->config->name,
                     "out of memory: what was asked of it is not "
                     "followed");
    return instance->handover;
}

/* The i-th of those that move with it, itself included; NULL: not there. */
static struct instance *mate(const struct instance *instance, size_t i)
{
    return instance->bundle->shares[i].instance;
}

static void begin(struct instance *instance, enum handover_kind kind, uint64_t id,
                  const struct asker *asker, uint64_t drain_until_ns)
{
    for (size_t i = 0; i < instance->bundle->share_count; i++) {
        struct instance *one = mate(instance, i);

        if (one == NULL || handover_of(one) == NULL)
            continue;
        struct transition last;
        const struct handover_view view = instance_handover_view(one, &last);
        handover_begin(one->handover, &view, kind, id, asker);
        one->handover->drain_until_ns = drain_until_ns;
    }
}

/* Decided at once, for all that move with it. */
static void decide(struct instance *instance, enum handover_outcome outcome, const char *text)
{
    for (size_t i = 0; i < instance->bundle->share_count; i++)
        if (mate(instance, i) != NULL && mate(instance, i)->handover != NULL)
            handover_decide(mate(instance, i)->handover, outcome, text);
}

void instance_drain(struct instance *instance, uint64_t id, const struct asker *asker,
                    uint64_t until_boot_ns, bool force)
{
    const struct election_event event = {.type = ELECTION_DRAIN, .force = force};

    begin(instance, HANDOVER_DRAIN, id, asker, until_boot_ns);
    instance_event(instance, 0, &event);
}

void instance_take(struct instance *instance, uint64_t id, const struct asker *asker)
{
    const struct election_event event = {.type = ELECTION_TAKE};
    char text[REASON_TEXT_SIZE];
    struct transition last;

    begin(instance, HANDOVER_TAKE, id, asker, DEADLINE_NEVER);
    if (instance->handover == NULL)
        return;
    const struct handover_view view = instance_handover_view(instance, &last);
    enum handover_outcome outcome = handover_take_verdict(instance->handover, &view, text);
    if (outcome == HANDOVER_PENDING)
        instance_event(instance, 0, &event);
    else
        decide(instance, outcome, text);
}

bool instance_resume(struct instance *instance, const struct asker *asker)
{
    const struct election_event event = {.type = ELECTION_UNHOLD, .hold = HOLD_DRAINED};
    struct transition last;
    const struct handover_view view = instance_handover_view(instance, &last);
    bool offers = handover_offers(&view);
    bool was = offers || handover_is_drained(&view);

    if (offers)
        decide(instance, HANDOVER_FAILED, "withdrawn by a resume");
    for (size_t i = 0; i < instance->bundle->share_count; i++) {
        struct instance *one = mate(instance, i);

        if (one != NULL && handover_of(one) != NULL)
            one->handover->resumer = *asker;
        drains_remove(instance->node->drains, instance->bundle->shares[i].name);
    }
    if (was)
        instance_event(instance, 0, &event);
    return was;
}

void instance_stay_drained(struct instance *instance)
{
    const struct election_event event = {.type = ELECTION_HOLD, .hold = HOLD_DRAINED};

    instance_event(instance, 0, &event);
}
