/* An instance: made, put on its link, started, changed, stopped and freed; see instance.h. */
#include "agent/instances/instance.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/instances/actions.h"
#include "agent/instances/claim.h"
#include "agent/instances/counts.h"
#include "agent/instances/devices.h"
#include "agent/instances/fitness.h"
#include "agent/instances/link.h"
#include "agent/instances/link_belief.h"
#include "agent/instances/peers.h"
#include "agent/instances/preparation.h"
#include "agent/instances/receive.h"
#include "agent/instances/source.h"
#include "agent/instances/start_delay.h"
#include "agent/instances/strangers.h"
#include "agent/instances/watch.h"
#include "agent/instances/way.h"

#include <errno.h>
#include <stdlib.h>

/* An instance that stops may have waited for that. */
static void on_said(struct router *router)
{
    instance_look_if_stopped(router->instance);
}

/* What its link needs is there, or could not be had. */
static void on_ready(void *userdata)
{
    const struct router *router = userdata;

    instance_refresh(router->instance);
}

static const struct segment_client_calls client_calls = {
    .on_message = receive_message,
    .on_claim = receive_claim,
    .on_frame = receive_frame,
    .on_ready = on_ready,
};

static const struct router_calls router_calls = {
    .of_device = {.on_claim = receive_claim},
    .on_said = on_said,
    .on_watch_due = receive_watch_due,
};

static bool init_router(struct instance *instance, size_t index, enum ip_family family)
{
    struct router *router = &instance->routers[index];

    *router = (struct router){
        .instance = instance,
        .index = (uint8_t)index,
        .has_sibling = instance->router_count > 1,
        .family = family,
        .node = instance->node,
        .config = instance->config,
        .interface = instance->interface,
        .election = &instance->elections[index],
        .client = {.family = family,
                   .vrid = instance->config->vrid,
                   .calls = &client_calls,
                   .userdata = router},
        .calls = &router_calls,
    };
    bool good = router_read_config(router);
    claim_prepare(router);
    if (!good || !router_devices_read(router))
        return false;
    if (router_prepare(router) < 0)
        return false;
    const struct election_params params = instance_params(instance, index);
    election_init(&instance->elections[index], &params);
    return true;
}

/* Another interface leads to the peers, or none, or they are not all behind one. */
static void on_way_changed(void *userdata)
{
    instance_refresh(userdata);
}

/* Takes its place in the bundle, its own or that of its group. */
static bool join(struct instance *instance, struct bundle *bundle)
{
    const char *name = instance->config->name;

    if (bundle != NULL && bundle_share(bundle, name) != NULL)
        instance->bundle = bundle_ref(bundle);
    else
        instance->bundle = bundle_new(instance->box->config, instance->config);
    if (instance->bundle == NULL)
        return false;
    instance->share = bundle_share(instance->bundle, name);
    instance->elections = &instance->bundle->elections[instance->share->first];
    return instance->bundle->deadlines != NULL ||
           instance_open_deadline(instance->node, instance->bundle) >= 0;
}

struct instance *instance_new(struct node *node, struct config_box *box,
                              const struct config_instance *config)
{
    return instance_new_in(node, box, config, NULL);
}

struct instance *instance_new_in(struct node *node, struct config_box *box,
                                 const struct config_instance *config, struct bundle *bundle)
{
    struct instance *instance = calloc(1, sizeof(*instance));
    size_t count = config_router_count(config);
    size_t index = 0;
    bool good = true;

    if (instance == NULL)
        return NULL;
    instance->node = node;
    instance->box = config_box_ref(box);
    instance->config = config;
    instance->phase = node->instances_made++ / INSTANCES_IN_PHASE % INSTANCE_PHASES;
    instance->since_wall_ns = clock_wall_ns();
    instance->routers = calloc(count, sizeof(*instance->routers));
    if (instance->routers == NULL || !instance_find_way(instance, on_way_changed) ||
        !join(instance, bundle))
        goto fail;
    instance->router_count = count;
    if (config_has_router(config, IP_FAMILY_IPV4))
        good = init_router(instance, index++, IP_FAMILY_IPV4);
    if (config_has_router(config, IP_FAMILY_IPV6))
        good = init_router(instance, index, IP_FAMILY_IPV6) && good;
    if (!good)
        goto fail;
    instance->share->instance = instance;
    return instance;
fail:
    instance_free(instance);
    return NULL;
}

/* Makes the routers sit on `link` (NULL: on none). 0; -EINPROGRESS when that takes a while,
 * on_ready() follows; or another negative errno when it cannot be. */
static int move_to(struct instance *instance, const struct link *link)
{
    int result = 0;

    for (size_t i = 0; i < instance->router_count; i++) {
        struct router *router = &instance->routers[i];
        int now_on = segment_ifindex(&router->client);

        if (now_on != 0 && (link == NULL || now_on != link->ifindex))
            router_detach(router);
        int r = link != NULL ? router_attach(router, link) : 0;
        if (r < 0 && (result == 0 || result == -EINPROGRESS))
            result = r;
    }
    return result;
}

void instance_free(struct instance *instance)
{
    if (instance == NULL)
        return;
    for (size_t i = 0; i < instance->router_count; i++) {
        const struct election_actions release = {.list = {{.type = ACTION_RELEASE}}, .count = 1};

        if (router_wants_any(&instance->routers[i]))
            router_execute(&instance->routers[i], &release);
    }
    (void)move_to(instance, NULL);
    for (size_t i = 0; i < instance->router_count; i++) {
        router_watch_free(&instance->routers[i]);
        router_peers_free(&instance->routers[i]);
        router_devices_free(&instance->routers[i]);
        router_free(&instance->routers[i]);
    }
    if (instance->share != NULL)
        instance->share->instance = NULL;
    bundle_unref(instance->bundle);
    instance_forget_way(instance);
    sd_event_source_disable_unref(instance->damping_timer);
    free(instance->damping);
    claim_free(instance);
    preparation_free(instance);
    handover_free(instance->handover);
    free(instance->handover);
    instance_counts_free(instance);
    last_transition_free(&instance->last);
    fitness_free(instance);
    link_belief_free(instance);
    start_delay_free(instance);
    free(instance->hook_results);
    free(instance->avoiding);
    free(instance->refusals);
    free(instance->rival);
    config_box_unref(instance->next_box);
    config_box_unref(instance->box);
    free(instance->routers);
    free(instance);
}

static void refresh_source(struct router *router, int ifindex)
{
    if (!router_choose_source(router, ifindex))
        return;
    const struct election_event event = {
        .type = ELECTION_SOURCE, .address = router->client.source, .force = ifindex == 0};
    instance_event(router->instance, router->index, &event);
}

/* A new index under the old name is another interface: what was held went with the old one. One
 * that the peers are not reached by any more is left, with a word to them that may not arrive. */
static void leave_link(struct instance *instance)
{
    instance_set_hold(instance, instance->way != NULL ? HOLD_NO_ROUTE : HOLD_NO_INTERFACE, true);
    link_belief_forget(instance);
    fitness_forget(instance);
}

/* 0, or a negative errno as of move_to(). */
static int follow_link(struct instance *instance)
{
    if (!instance_way_known(instance))
        return -EINPROGRESS;
    const struct link *link = instance_link(instance);
    int old = segment_ifindex(&instance->routers[0].client);

    if (link == NULL || (old != 0 && old != link->ifindex))
        leave_link(instance);
    bool fits = link != NULL && fitness_look(instance, link);
    int r = move_to(instance, fits ? link : NULL);
    instance->unattached = r < 0 && r != -EINPROGRESS;
    if (instance->unattached)
        instance->node->on_unattached(instance->node->userdata);
    if (fits && r != -EINPROGRESS)
        fitness_tried(instance, link, r);
    /* What is wrong with a link is not that it has no address. */
    bool known = link != NULL && r != -EINPROGRESS;
    for (size_t i = 0; i < instance->router_count; i++)
        refresh_source(&instance->routers[i], known ? link->ifindex : 0);
    if (!known)
        return r;
    link_belief_see(instance, link->up && link->carrier);
    instance_set_hold(instance, HOLD_NO_INTERFACE, false);
    instance_set_hold(instance, HOLD_NO_ROUTE, false);
    instance_tell_astray(instance);
    if (!fits || r < 0)
        return r;
    for (size_t i = 0; i < instance->router_count; i++)
        router_follow_mac(&instance->routers[i], link);
    return r;
}

/* Not for one that is not started: it may never be (vipd --release). */
static void look_for_strangers(struct instance *instance)
{
    for (size_t i = 0; instance->started && i < instance->router_count; i++)
        router_strangers_look(&instance->routers[i]);
}

/* Once it is told to, and knows its link. */
static void take_part(struct instance *instance)
{
    const struct election_event start = {.type = ELECTION_START};

    if (instance->starting && !instance->stopping) {
        instance->starting = false;
        instance->started = true;
        look_for_strangers(instance);
        start_delay_look(instance);
        instance_event(instance, 0, &start);
    }
}

void instance_devices_changed(struct instance *instance)
{
    for (size_t i = 0; i < instance->router_count; i++)
        router_devices_follow(&instance->routers[i]);
    look_for_strangers(instance);
}

bool instance_uses_device(const struct instance *instance, const struct link *link)
{
    for (size_t i = 0; i < instance->router_count; i++)
        if (router_uses_device(&instance->routers[i], link))
            return true;
    return false;
}

void instance_refresh(struct instance *instance)
{
    int r = follow_link(instance);

    for (size_t i = 0; i < instance->router_count; i++)
        router_devices_follow(&instance->routers[i]);

    if (r == 0)
        look_for_strangers(instance);
    if (r != -EINPROGRESS)
        take_part(instance);
}

void instance_link_gone(struct instance *instance, int ifindex)
{
    bool lost = false;

    for (size_t i = 0; i < instance->router_count; i++)
        lost = !router_link_gone(&instance->routers[i], ifindex) || lost;
    if (lost)
        instance_refresh(instance);
}

/* No transition tells it: it was in INIT before. */
static void say_missing_interface(const struct instance *instance)
{
    const struct config_instance *config = instance->config;

    if (instance->way == NULL && links_by_name(instance->node->links, config->interface) == NULL)
        log_instance(LOG_WARNING, config->name,
                     "there is no interface %s: it takes no part until there is one",
                     config->interface);
}

void instance_start(struct instance *instance)
{
    int r = follow_link(instance);

    say_missing_interface(instance);
    instance_checks_changed(instance);
    instance->starting = true;
    fitness_say(instance);
    if (r != -EINPROGRESS)
        take_part(instance);
}

void instance_stop(struct instance *instance)
{
    const struct election_event stop = {.type = ELECTION_STOP};

    instance->stopping = true;
    instance_event(instance, 0, &stop);
}

void instance_update(struct instance *instance, struct config_box *box,
                     const struct config_instance *config, bool changed)
{
    const struct election_actions claim = {
        .list = {{.type = ACTION_CLAIM}, {.type = ACTION_ANNOUNCE}}, .count = 2};
    const struct election_actions announce = {.list = {{.type = ACTION_ANNOUNCE}}, .count = 1};
    struct config_box *old = instance->box;

    instance->box = config_box_ref(box);
    instance->config = config;
    for (size_t i = 0; i < instance->router_count; i++)
        instance->routers[i].config = config;
    if (changed)
        instance_change_way(instance);
    for (size_t i = 0; i < instance->router_count; i++) {
        struct router *router = &instance->routers[i];

        /* In-place changes never turn multicast into unicast, so the peers' storage is there. */
        if (!router_read_config(router) || !router_devices_read(router))
            log_instance(LOG_ERR, config->name, "out of memory");
        claim_prepare(router);
        if (changed)
            segment_watch_later(&router->client);
        bool same =
            desired_rebase(&router->desired, router->claims, router->claim_count, config->lease_ns);
        const struct election_params params = instance_params(instance, i);
        const struct election_event event = {.type = ELECTION_CONFIGURE, .params = &params};
        instance_event(instance, i, &event);
        if (instance->elections[i].holding && (changed || !same))
            router_execute(router, same ? &announce : &claim);
        receive_configured(router);
    }
    config_box_unref(old);
    instance_note_standing(instance);
    instance_checks_changed(instance);
    say_missing_interface(instance);
    if (instance->started)
        start_delay_look(instance);
    if (!changed)
        return;
    claim_retry(instance);
    preparation_retry(instance);
    instance_refresh(instance);
    /* What it is to take over may be there for long. */
    if (config->adopt)
        reconciler_run_soon(instance->node->reconciler);
}

bool instance_has_address(const struct instance *instance, const struct ip_address *address)
{
    for (size_t i = 0; i < instance->router_count; i++)
        if (router_has_address(&instance->routers[i], address))
            return true;
    return false;
}

bool instance_claims(const struct instance *instance)
{
    for (size_t i = 0; i < instance->router_count; i++)
        if (instance->routers[i].desired.linked &&
            !reconciler_settled(&instance->routers[i].desired))
            return true;
    return false;
}
