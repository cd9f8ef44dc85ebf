/* The list of all instances, their coming and going; see registry.h. */
#include "agent/instances/registry.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/instances/avoidance.h"
#include "agent/instances/counts.h"
#include "agent/instances/requests.h"
#include "agent/instances/sequences.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* So long instances are freed, and the others told of it, in one turn of the loop. */
#define REAP_NS NS_PER_MS

struct registry {
    struct node *node;
    struct registry_observer observer;
    struct instance **list;
    size_t count;
    uint64_t generation;
    sd_event_source *reaper;  /* frees stopped instances outside of their own callbacks */
    sd_event_source *avoider; /* has those look that avoid others, likewise */
    size_t leaving;           /* of those on the list so many are being stopped */
    size_t unreaped;    /* those before that index may have stopped since they were looked at */
    size_t unrefreshed; /* so many are to look at their links again, */
    size_t refreshed;   /* those behind that index first */
    bool stopping;
};

size_t registry_count(const struct registry *registry)
{
    return registry->count;
}

struct instance *registry_at(const struct registry *registry, size_t index)
{
    return registry->list[index];
}

uint64_t registry_generation(const struct registry *registry)
{
    return registry->generation;
}

struct instance *registry_find(const struct registry *registry, const char *name)
{
    size_t near = 0;

    return registry_find_near(registry, name, &near);
}

struct instance *registry_find_near(const struct registry *registry, const char *name, size_t *near)
{
    for (size_t i = 0; i < registry->count; i++) {
        size_t at = (*near + i) % registry->count;
        struct instance *instance = registry->list[at];

        if (instance->stopping || strcmp(instance->config->name, name) != 0)
            continue;
        *near = at + 1;
        return instance;
    }
    return NULL;
}

/* Room for one more. */
static int grow(struct registry *registry)
{
    size_t count = registry->count + 1;
    struct instance **list = realloc(registry->list, count * sizeof(struct instance *));

    if (list == NULL)
        return -ENOMEM;
    registry->list = list;
    return 0;
}

/* The bundle of those of its group that are there already, or NULL. */
static struct bundle *bundle_of_group(const struct registry *registry,
                                      const struct config_instance *config)
{
    for (size_t i = 0; i < registry->count && config->group != NULL; i++) {
        const struct instance *other = registry->list[i];

        if (!other->stopping && other->config->group != NULL &&
            strcmp(other->config->group->name, config->group->name) == 0)
            return other->bundle;
    }
    return NULL;
}

/* A new instance that is on the list begins drained. */
static void restore_drained(struct instance *instance)
{
    if (drains_find(instance->node->drains, instance->config->name) == NULL)
        return;
    log_instance(LOG_NOTICE, instance->config->name, "is drained: stays away until it is resumed");
    instance_stay_drained(instance);
}

static int add(struct registry *registry, struct config_box *box,
               const struct config_instance *config)
{
    struct instance *instance = NULL;

    if (grow(registry) == 0)
        instance = instance_new_in(registry->node, box, config, bundle_of_group(registry, config));
    if (instance == NULL) {
        log_instance(LOG_ERR, config->name, "out of memory, not started");
        return -ENOMEM;
    }
    registry->list[registry->count++] = instance;
    registry->generation++;
    restore_drained(instance);
    instance_start(instance);
    registry_avoid_soon(registry);
    registry->observer.on_added(registry->observer.userdata, instance);
    return 0;
}

/* One of that name may still be handing over. */
static void expect_successor(const struct registry *registry, const char *name)
{
    for (size_t i = 0; i < registry->count && registry->leaving > 0; i++) {
        struct instance *instance = registry->list[i];

        if (instance->stopping && strcmp(instance->config->name, name) == 0)
            instance->has_successor = true;
    }
}

int registry_add(struct registry *registry, struct config_box *box,
                 const struct config_instance *config)
{
    expect_successor(registry, config->name);
    return add(registry, box, config);
}

void registry_remove(struct registry *registry, struct instance *instance)
{
    registry->leaving++;
    instance_stop(instance);
}

void registry_replace(struct registry *registry, struct instance *instance, struct config_box *box,
                      const struct config_instance *config)
{
    instance->next_config = config;
    instance->next_box = config_box_ref(box);
    registry_remove(registry, instance);
}

void registry_retarget(struct registry *registry, struct config_box *box)
{
    for (size_t i = 0; i < registry->count; i++) {
        struct instance *instance = registry->list[i];

        if (instance->next_config == NULL)
            continue;
        const char *name = instance->next_config->name;
        instance->next_config = config_find_instance(box->config, name);
        config_box_unref(instance->next_box);
        instance->next_box = instance->next_config != NULL ? config_box_ref(box) : NULL;
    }
}

static void remove_stopped(struct registry *registry, size_t i)
{
    struct instance *instance = registry->list[i];
    const char *name = instance->config->name;
    /* Among thousands, of which many go, it is looked for only if there may be one. */
    const bool has_successor = instance->has_successor;
    struct config_box *box = instance->next_box;
    const struct config_instance *next = instance->next_config;
    struct instance_legacy legacy;

    instance_bequeath(instance, &legacy);
    instance->next_box = NULL;
    registry->list[i] = registry->list[--registry->count];
    registry->leaving--;
    registry->generation++;
    registry->observer.on_removed(registry->observer.userdata, name,
                                  has_successor ? registry_find(registry, name) : NULL);
    instance_free(instance);
    registry_avoid_soon(registry);
    if (next != NULL && !registry->stopping && add(registry, box, next) == 0)
        instance_inherit(registry->list[registry->count - 1], &legacy);
    config_box_unref(box);
}

/* False: that was enough for now. */
static bool reap_some(struct registry *registry, uint64_t until_ns)
{
    while (registry->unreaped > 0) {
        assert(registry->unreaped <= registry->count);
        if (!registry->list[--registry->unreaped]->stopped)
            continue;
        remove_stopped(registry, registry->unreaped);
        /* One may have waited for the VRID of an old one. */
        registry->unrefreshed = registry->count;
        if (clock_boot_ns() >= until_ns)
            return false;
    }
    return true;
}

/* Round and round: those at the end have their turn also while more and more go. False likewise. */
static bool refresh_some(struct registry *registry, uint64_t until_ns)
{
    while (registry->unrefreshed > 0) {
        registry->unrefreshed--;
        registry->refreshed = (registry->refreshed + 1) % registry->count;
        instance_refresh(registry->list[registry->refreshed]);
        if (clock_boot_ns() >= until_ns)
            return false;
    }
    return true;
}

static void come_again(struct registry *registry)
{
    (void)source_set_enabled(registry->reaper, SD_EVENT_ONESHOT);
}

/* Frees what has stopped; starts what waited for it. Of thousands some in each turn of the loop:
 * adverts of the others go out in between. */
static int on_reap(sd_event_source *source, void *userdata)
{
    struct registry *registry = userdata;
    const uint64_t until_ns = clock_boot_ns() + REAP_NS;

    (void)source;
    /* Each comes and goes on a link, and many may be on one. */
    segments_watch_put_off(registry->node->segments);
    const bool done = reap_some(registry, until_ns) && refresh_some(registry, until_ns);
    segments_watch_due(registry->node->segments);
    if (registry_ended(registry))
        return registry->observer.on_ended(registry->observer.userdata);
    if (!done)
        come_again(registry);
    return 0;
}

void registry_reap_soon(struct registry *registry)
{
    registry->unreaped = registry->count;
    come_again(registry);
}

/* All that give way otherwise now, each of a group before any of it is told. */
static int on_avoid(sd_event_source *source, void *userdata)
{
    struct registry *registry = userdata;

    (void)source;
    if (!avoidance_any(registry->list, registry->count))
        return 0;
    for (size_t i = 0; i < registry->count; i++)
        if (avoidance_changed(registry->list[i], registry->list, registry->count))
            registry->list[i]->checks_due = true;
    for (size_t i = 0; i < registry->count; i++) {
        if (!registry->list[i]->checks_due)
            continue;
        registry->list[i]->checks_due = false;
        instance_checks_changed(registry->list[i]);
    }
    return 0;
}

void registry_avoid_soon(struct registry *registry)
{
    (void)source_set_enabled(registry->avoider, SD_EVENT_ONESHOT);
}

void registry_stop_all(struct registry *registry)
{
    registry->stopping = true;
    for (size_t i = 0; i < registry->count; i++)
        if (!registry->list[i]->stopping)
            registry_remove(registry, registry->list[i]);
    registry_reap_soon(registry); /* there may be none */
}

bool registry_stopping(const struct registry *registry)
{
    return registry->stopping;
}

bool registry_ended(const struct registry *registry)
{
    return registry->stopping && registry->count == 0;
}

bool registry_is_virtual(const struct registry *registry, const struct ip_address *address)
{
    for (size_t i = 0; i < registry->count; i++)
        if (instance_has_address(registry->list[i], address))
            return true;
    return false;
}

void registry_refresh(struct registry *registry)
{
    for (size_t i = 0; i < registry->count; i++)
        instance_refresh(registry->list[i]);
}

void registry_refresh_link(struct registry *registry, const struct link *link)
{
    for (size_t i = 0; i < registry->count; i++) {
        struct instance *instance = registry->list[i];

        if (strcmp(instance->interface, link->name) == 0 ||
            segment_ifindex(&instance->routers[0].client) == link->ifindex)
            instance_refresh(instance);
        else if (instance_uses_device(instance, link))
            instance_devices_changed(instance);
    }
}

void registry_link_gone(struct registry *registry, const struct link *link)
{
    for (size_t i = 0; i < registry->count; i++)
        instance_link_gone(registry->list[i], link->ifindex);
    registry_refresh_link(registry, link);
}

void registry_check_changed(struct registry *registry, const char *check)
{
    for (size_t i = 0; i < registry->count; i++)
        if (instance_follows(registry->list[i], check))
            instance_checks_changed(registry->list[i]);
}

static void on_drain_over(void *userdata, const char *name)
{
    struct instance *instance = registry_find(userdata, name);
    const struct asker time_itself = {.known = false};

    log_instance(LOG_NOTICE, name, "the time it was drained for is over");
    if (instance != NULL)
        (void)instance_resume(instance, &time_itself);
}

/* Those who drained it wait for that. */
static void on_drain_saved(void *userdata, enum drains_saved saved)
{
    const struct registry *registry = userdata;

    for (size_t i = 0; i < registry->count; i++)
        if (registry->list[i]->handover != NULL)
            handover_kept(registry->list[i]->handover, saved);
}

int registry_open_state(struct registry *registry, struct worker *worker, const char *state_dir,
                        const struct config *config)
{
    const struct drains_options options = {
        .event = registry->node->event,
        .worker = worker,
        .state_dir = state_dir,
        .expired = on_drain_over,
        .saved = on_drain_saved,
        .userdata = registry,
    };
    int r = drains_open(&options, config, &registry->node->drains);

    if (r < 0)
        log_msg(LOG_ERR, "cannot keep a list of drained instances: %s", strerror(-r));
    if (r >= 0)
        r = sequences_open(worker, state_dir, &registry->node->sequences);
    if (r < 0 && registry->node->drains != NULL)
        log_msg(LOG_ERR, "cannot keep stamps of adverts: %s", strerror(-r));
    return r;
}

int registry_open(struct node *node, const struct registry_observer *observer,
                  struct registry **out)
{
    struct registry *registry = calloc(1, sizeof(*registry));

    *out = NULL;
    if (registry == NULL)
        return -ENOMEM;
    registry->node = node;
    registry->observer = *observer;
    int r = source_add_defer(node->event, &registry->reaper, on_reap, registry);
    if (r >= 0)
        r = source_set_enabled(registry->reaper, SD_EVENT_OFF);
    if (r >= 0)
        r = source_add_defer(node->event, &registry->avoider, on_avoid, registry);
    if (r >= 0)
        r = sd_event_source_set_priority(registry->avoider, AGENT_PRIORITY_CHECKS);
    if (r >= 0)
        r = source_set_enabled(registry->avoider, SD_EVENT_OFF);
    if (r < 0) {
        registry_close(registry);
        return r;
    }
    *out = registry;
    return 0;
}

void registry_clear(struct registry *registry)
{
    while (registry != NULL && registry->count > 0)
        instance_free(registry->list[--registry->count]);
}

void registry_close(struct registry *registry)
{
    if (registry == NULL)
        return;
    drains_close(registry->node->drains);
    registry->node->drains = NULL;
    sequences_close(registry->node->sequences);
    registry->node->sequences = NULL;
    sd_event_source_disable_unref(registry->reaper);
    sd_event_source_disable_unref(registry->avoider);
    free(registry->list);
    free(registry);
}
