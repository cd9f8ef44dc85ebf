/* Elections that move together; see bundle.h. */
#include "agent/instances/bundle.h"

#include "lib/config/group.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

uint64_t bundle_linger_ns(const struct config *config, const struct config_instance *instance)
{
    const struct config_instance *mates[GROUP_INSTANCES_MAX];
    size_t count = config_group_mates(config, instance, mates);
    uint64_t longest = 0;

    if (instance->group == NULL)
        return instance->linger_ns;
    for (size_t i = 0; i < count; i++) {
        const struct election_params params = {.version = mates[i]->version,
                                               .dead_factor = mates[i]->dead_factor};
        uint64_t bound = mates[i]->linger_ns;

        if (bound == 0)
            bound = election_hand_over_ns(&params, mates[i]->advert_interval_ns);
        if (bound > longest)
            longest = bound;
    }
    return longest;
}

/* An election that waits in INIT, stopped, for its instance to begin it anew. */
static void reserve(struct election *e, const struct config_instance *instance,
                    enum ip_family family)
{
    const struct election_params params = {.family = family,
                                           .version = instance->version,
                                           .vrid = instance->vrid,
                                           .priority = instance->priority,
                                           .advert_interval_ns = instance->advert_interval_ns,
                                           .dead_factor = instance->dead_factor,
                                           .grouped = true};

    election_init(e, &params);
}

/* Its name goes to `name`; returns what is behind that. */
static char *add_share(struct bundle *bundle, const struct config_instance *instance, char *name)
{
    struct bundle_share *share = &bundle->shares[bundle->share_count++];
    static const enum ip_family order[] = {IP_FAMILY_IPV4, IP_FAMILY_IPV6};
    size_t size = strlen(instance->name) + 1;

    memcpy(name, instance->name, size);
    *share = (struct bundle_share){.name = name, .first = bundle->count};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (!config_has_router(instance, order[i]))
            continue;
        reserve(&bundle->elections[bundle->count++], instance, order[i]);
        share->count++;
    }
    return name + size;
}

struct bundle *bundle_new(const struct config *config, const struct config_instance *instance)
{
    const struct config_instance *mates[GROUP_INSTANCES_MAX];
    size_t mate_count = config_group_mates(config, instance, mates);
    size_t count = 0;
    size_t names = 0;

    for (size_t i = 0; i < mate_count; i++) {
        count += config_router_count(mates[i]);
        names += strlen(mates[i]->name) + 1;
    }
    struct bundle *bundle = calloc(1, sizeof(*bundle) + count * sizeof(*bundle->elections) +
                                          mate_count * sizeof(*bundle->shares) + names);
    if (bundle == NULL)
        return NULL;
    bundle->references = 1;
    bundle->elections = (struct election *)(bundle + 1);
    bundle->shares = (struct bundle_share *)(bundle->elections + count);
    if (count > BUNDLE_STACK_ELECTIONS)
        bundle->actions = calloc(count, sizeof(*bundle->actions));
    if (count > BUNDLE_STACK_ELECTIONS && bundle->actions == NULL) {
        bundle_unref(bundle);
        return NULL;
    }
    char *name = (char *)(bundle->shares + mate_count);
    for (size_t i = 0; i < mate_count; i++)
        name = add_share(bundle, mates[i], name);
    assert(bundle->count == count);
    return bundle;
}

struct bundle *bundle_ref(struct bundle *bundle)
{
    bundle->references++;
    return bundle;
}

void bundle_unref(struct bundle *bundle)
{
    if (bundle == NULL || --bundle->references > 0)
        return;
    if (bundle->deadlines != NULL)
        deadlines_remove(bundle->deadlines, &bundle->deadline);
    free(bundle->actions);
    free(bundle);
}

struct bundle_share *bundle_share(struct bundle *bundle, const char *name)
{
    for (size_t i = 0; i < bundle->share_count; i++)
        if (strcmp(bundle->shares[i].name, name) == 0)
            return &bundle->shares[i];
    return NULL;
}

/* What is meant for one instance concerns both of its families; what the administrator asks, or the
 * end of the agent, concerns the whole. */
static bool is_for_all(const struct election_event *event)
{
    switch (event->type) {
    case ELECTION_STOP:
    case ELECTION_DRAIN:
    case ELECTION_KEEP:
    case ELECTION_TAKE:
        return true;
    case ELECTION_HOLD:
    case ELECTION_UNHOLD:
        return event->hold == HOLD_DRAINED;
    default:
        return false;
    }
}

static bool is_for_share(const struct election_event *event)
{
    return event->type == ELECTION_START || event->type == ELECTION_HOLD ||
           event->type == ELECTION_UNHOLD || event->type == ELECTION_PREPARED;
}

void bundle_step(struct bundle *bundle, const struct bundle_share *share, size_t target,
                 const struct election_event *event, uint64_t now, struct election_actions *actions)
{
    size_t first = share->first + target;
    size_t span = 1;

    if (is_for_all(event)) {
        first = 0;
        span = bundle->count;
    } else if (is_for_share(event)) {
        first = share->first;
        span = share->count;
    }
    group_step_span(bundle->elections, bundle->count, first, span, event, now, actions);
}

bool bundle_lingering(const struct bundle *bundle)
{
    for (size_t i = 0; i < bundle->count; i++)
        if (election_lingering(&bundle->elections[i]))
            return true;
    return false;
}
