/*
 * An instance: receives for its virtual routers, steps their elections as a group, keeps the timer.
 * router.c carries actions out, link.c follows the link.
 */
#include "agent/instances/instance.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/message_ids.h"
#include "agent/base/priorities.h"
#include "agent/instances/watch.h"
#include "agent/instances/internal.h"
#include "lib/config/group.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void set_timer(struct bundle *bundle)
{
    uint64_t deadline = group_deadline(bundle->elections, bundle->count);
    int r;

    if (deadline == DEADLINE_NEVER) {
        r = sd_event_source_set_enabled(bundle->timer, SD_EVENT_OFF);
    } else {
        /* Rounded up: a timer that fires a microsecond early finds nothing due. */
        r = sd_event_source_set_time(bundle->timer, (deadline + NS_PER_US - 1) / NS_PER_US);
        if (r >= 0)
            r = sd_event_source_set_enabled(bundle->timer, SD_EVENT_ONESHOT);
    }
    assert(r >= 0);
}

/* Of the members' reports the one that tells why: the first whose reason is not "the other moved".
 */
static const struct transition *telling_report(const struct election_actions *actions, size_t count)
{
    const struct transition *found = NULL;

    for (size_t m = 0; m < count; m++) {
        for (size_t i = 0; i < actions[m].count; i++) {
            const struct election_action *a = &actions[m].list[i];

            if (a->type == ACTION_REPORT &&
                (found == NULL || found->reason == REASON_GROUP || a->transition.to > found->to))
                found = &a->transition;
        }
    }
    return found;
}

static void report(struct instance *instance, const struct election_actions *actions)
{
    enum vrrp_state state = group_state(instance->elections, instance->router_count);
    const struct transition *why = telling_report(actions, instance->router_count);

    /* A drain that found no successor is told too: MASTER as before. */
    if (why == NULL || (state == instance->state && why->from != why->to))
        return;
    instance->last = *why;
    instance->last.from = instance->state;
    instance->last.to = state;
    instance->last_wall_ns = clock_wall_ns();
    if (state != instance->state)
        instance->since_wall_ns = instance->last_wall_ns;
    instance->state = state;
    instance_explain(instance, &instance->last);
    instance_note_withdrawal(instance);
    if (why->from != why->to && state == VRRP_MASTER)
        instance_note_standing(instance);
    instance->node->on_transition(instance->node->userdata, instance, &instance->last);
}

static void report_priority(struct instance *instance)
{
    uint8_t priority = instance->elections[0].params.priority;

    if (priority == instance->told_priority)
        return;
    instance->told_priority = priority;
    instance->node->on_priority(instance->node->userdata, instance);
}

static void check_stopped(struct instance *instance)
{
    if (!instance->stopping || instance->stopped || bundle_lingering(instance->bundle))
        return;
    instance->stopped = true;
    instance->node->on_stopped(instance->node->userdata, instance);
}

static void after_step(struct instance *instance, const struct election_actions *actions)
{
    report(instance, actions);
    report_priority(instance);
    handover_update(instance);
    check_stopped(instance);
}

/* What was asked for while the event was still being carried out. */
static void look_at_checks(struct instance *instance)
{
    if (!instance->checks_due)
        return;
    instance->checks_due = false;
    instance_checks_changed(instance);
}

void instance_event(struct instance *instance, size_t target, const struct election_event *event)
{
    struct election_actions few[BUNDLE_STACK_ELECTIONS];
    struct bundle *bundle = instance->bundle;
    struct election_actions *actions = bundle->actions != NULL ? bundle->actions : few;

    bundle_step(bundle, instance->share, target, event, clock_boot_ns(), actions);
    for (size_t s = 0; s < bundle->share_count; s++)
        for (size_t i = 0; bundle->shares[s].instance != NULL && i < bundle->shares[s].count; i++)
            router_execute(&bundle->shares[s].instance->routers[i],
                           &actions[bundle->shares[s].first + i]);
    for (size_t s = 0; s < bundle->share_count; s++)
        if (bundle->shares[s].instance != NULL)
            after_step(bundle->shares[s].instance, &actions[bundle->shares[s].first]);
    set_timer(bundle);
    for (size_t s = 0; s < bundle->share_count; s++)
        if (bundle->shares[s].instance != NULL)
            look_at_checks(bundle->shares[s].instance);
}

void instance_fire_due(struct instance *instance)
{
    const struct election_event event = {.type = ELECTION_TIMER};
    uint64_t now = clock_boot_ns();

    for (size_t i = 0; i < instance->router_count; i++)
        if (election_deadline(&instance->elections[i]) <= now)
            instance_event(instance, i, &event);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct bundle *bundle = userdata;

    (void)source;
    (void)usec;
    for (size_t s = 0; s < bundle->share_count; s++)
        if (bundle->shares[s].instance != NULL)
            instance_fire_due(bundle->shares[s].instance);
    set_timer(bundle);
    return 0;
}

static void on_message(void *userdata, const struct packet_ip *ip, bool source_is_ours,
                       const uint8_t *payload, size_t size)
{
    struct router *router = userdata;
    struct packet_receiver receiver = router->receiver;
    uint32_t warnings = 0;
    struct advert advert;

    receiver.own = &ip->source;
    receiver.own_count = source_is_ours ? 1 : 0;
    enum packet_verdict verdict = packet_receive(ip, payload, size, &receiver, &advert, &warnings);
    router->by_verdict[verdict]++;
    const struct lan_message message = {.ip = ip,
                                        .payload = payload,
                                        .size = size,
                                        .receiver = &receiver,
                                        .verdict = verdict,
                                        .warnings = warnings,
                                        .advert = &advert,
                                        .state = router_election(router)->state,
                                        .own_priority = router_election(router)->params.priority};
    router_watch_message(router, &message);
    if (verdict != PACKET_OK)
        return;
    for (size_t i = 0; i < PACKET_WARNINGS; i++)
        if ((warnings & (1u << i)) != 0)
            router->by_warning[i]++;
    handover_heard(router, &advert);
    const struct election_event event = {.type = ELECTION_ADVERT, .advert = &advert};
    instance_event(router->instance, router->index, &event);
}

/* A claim by one of us: the interface's own MAC, or the MAC that the whole cluster shares. */
static bool mac_is_ours(const struct router *router, const uint8_t mac[6])
{
    const struct instance *instance = router->instance;
    const struct link *link =
        links_by_index(instance->node->links, segment_ifindex(&router->client));
    uint8_t shared[MAC_SIZE];

    if (link != NULL && link->has_mac && memcmp(mac, link->mac, MAC_SIZE) == 0)
        return true;
    virtual_mac(router->family, instance->config->vrid, shared);
    return instance->config->mac == MAC_VIRTUAL && memcmp(mac, shared, MAC_SIZE) == 0;
}

static void on_claim(void *userdata, const struct neighbour_claim *claim)
{
    struct router *router = userdata;
    const struct election_event event = {.type = ELECTION_SUCCESSOR};
    const struct election *e = router_election(router);
    bool virtual = router->instance->config->mac == MAC_VIRTUAL;

    bool lingering = election_lingering(e);
    bool master = e->state == VRRP_MASTER;
    bool strange = !mac_is_ours(router, claim->mac);

    if (claim->kind == NEIGHBOUR_PROBE)
        return;
    if ((lingering || (master && claim->kind == NEIGHBOUR_ANNOUNCEMENT)) && (virtual || strange))
        instance_event(router->instance, router->index, &event);
    if (strange)
        router_watch_claim(router, claim);
}

/* While we hold the address of its owner the kernel takes the owner's adverts for our own and drops
 * them: the owner that comes back is heard through the capture only. */
static bool only_captured(const struct router *router, const struct vrrp_frame *frame)
{
    const struct election *e = router_election(router);

    if (!e->holding || frame->priority != PRIORITY_OWNER ||
        ip_address_equal(&frame->source, &e->source))
        return false;
    for (size_t i = 0; i < router->count; i++)
        if (ip_address_equal(&router->prefixes[i].address, &frame->source))
            return true;
    return false;
}

static void on_frame(void *userdata, const struct vrrp_frame *frame)
{
    struct router *router = userdata;
    struct packet_ip ip;
    const uint8_t *payload;
    size_t size;

    router_watch_frame(router, frame, mac_is_ours(router, frame->mac));
    if (only_captured(router, frame) &&
        packet_split_ip(frame->packet, frame->packet_size, &ip, &payload, &size) == PACKET_OK)
        on_message(router, &ip, false, payload, size);
}

static struct election_params params_of(const struct router *router)
{
    const struct config_instance *config = router->instance->config;

    return (struct election_params){
        .family = router->family,
        .version = config->version,
        .vrid = config->vrid,
        .priority = instance_priority(router->instance),
        .impaired = instance_impaired(router->instance),
        .preempt = config->preempt != PREEMPT_NO,
        .preempt_delay_ns = config->preempt == PREEMPT_AFTER ? config->preempt_delay_ns : 0,
        .preempt_healthy_ns =
            config->preempt == PREEMPT_WHEN_HEALTHY ? config->preempt_delay_ns : 0,
        .advert_interval_ns = config->advert_interval_ns,
        .linger_ns = bundle_linger_ns(router->instance->box->config, config),
        .checksum = config->checksum,
        .announce_repeat = config->announce_repeat,
        .announce_refresh_ns = config->announce_refresh_ns,
        .grouped = router->instance->bundle->count > 1,
    };
}

/* Points the router at its part of the configuration. False when out of memory. */
static bool read_config(struct router *router)
{
    const struct config_instance *config = router->instance->config;
    struct ip_address source = router->receiver.source;

    if (config->unicast && router->peers == NULL)
        router->peers = calloc(INSTANCE_PEERS_MAX, sizeof(*router->peers));
    if (config->unicast && router->peers == NULL)
        return false;
    router->prefixes = config_addresses(config, router->family, &router->count);
    config_receiver(config, router->family, router->peers, &router->receiver);
    router->receiver.source = source;
    router->client.prefixes = router->prefixes;
    router->client.count = router->count;
    router->desired.owner = config->name;
    return true;
}

void instance_configure(struct instance *instance)
{
    for (size_t i = 0; i < instance->router_count; i++) {
        const struct election_params params = params_of(&instance->routers[i]);
        const struct election_event event = {.type = ELECTION_CONFIGURE, .params = &params};

        instance_event(instance, i, &event);
    }
}

static bool init_router(struct instance *instance, size_t index, enum ip_family family)
{
    struct router *router = &instance->routers[index];

    *router = (struct router){
        .instance = instance,
        .index = index,
        .family = family,
        .client = {.family = family,
                   .vrid = instance->config->vrid,
                   .on_message = on_message,
                   .on_claim = on_claim,
                   .on_frame = on_frame,
                   .userdata = router},
    };
    if (!read_config(router))
        return false;
    if (router_prepare(router) < 0)
        return false;
    const struct election_params params = params_of(router);
    election_init(&instance->elections[index], &params);
    return true;
}

static int open_timer(struct node *node, struct bundle *bundle, const char *name)
{
    int r = sd_event_add_time(node->event, &bundle->timer, CLOCK_BOOTTIME, UINT64_MAX, 1, on_timer,
                              bundle);

    if (r >= 0)
        r = sd_event_source_set_priority(bundle->timer, AGENT_PRIORITY_DEADLINES);
    if (r >= 0)
        (void)sd_event_source_set_description(bundle->timer, name);
    return r;
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
    return instance->bundle->timer != NULL ||
           open_timer(instance->node, instance->bundle, name) >= 0;
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
    size_t count = (config->ipv4_count > 0 ? 1u : 0u) + (config->ipv6_count > 0 ? 1u : 0u);
    size_t index = 0;
    bool good = true;

    if (instance == NULL)
        return NULL;
    instance->node = node;
    instance->box = config_box_ref(box);
    instance->config = config;
    instance->since_wall_ns = clock_wall_ns();
    instance->routers = calloc(count, sizeof(*instance->routers));
    if (instance->routers == NULL || !join(instance, bundle))
        goto fail;
    instance->router_count = count;
    if (config->ipv4_count > 0)
        good = init_router(instance, index++, IP_FAMILY_IPV4);
    if (config->ipv6_count > 0)
        good = init_router(instance, index, IP_FAMILY_IPV6) && good;
    if (!good)
        goto fail;
    instance->share->instance = instance;
    return instance;
fail:
    instance_free(instance);
    return NULL;
}

void instance_free(struct instance *instance)
{
    if (instance == NULL)
        return;
    for (size_t i = 0; i < instance->router_count; i++) {
        const struct election_actions release = {.list = {{.type = ACTION_RELEASE}}, .count = 1};

        if (instance->elections[i].holding)
            router_execute(&instance->routers[i], &release);
    }
    instance_detach(instance);
    for (size_t i = 0; i < instance->router_count; i++) {
        router_watch_free(&instance->routers[i]);
        free(instance->routers[i].peers);
        sd_event_source_disable_unref(instance->routers[i].postponed.timer);
    }
    if (instance->share != NULL)
        instance->share->instance = NULL;
    bundle_unref(instance->bundle);
    sd_event_source_disable_unref(instance->damping_timer);
    config_box_unref(instance->next_box);
    config_box_unref(instance->box);
    free(instance->routers);
    free(instance);
}

void instance_start(struct instance *instance)
{
    const struct election_event start = {.type = ELECTION_START};

    instance_refresh(instance);
    instance_checks_changed(instance);
    instance->started = true;
    instance_event(instance, 0, &start);
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
    for (size_t i = 0; i < instance->router_count; i++) {
        struct router *router = &instance->routers[i];

        /* In-place changes never turn multicast into unicast, so the peers' storage is there. */
        if (!read_config(router))
            log_instance(LOG_ERR, config->name, "out of memory");
        if (changed)
            segment_watch_later(&router->client);
        bool same =
            reconciler_rebase(&router->desired, router->prefixes, router->count, config->lease_ns);
        const struct election_params params = params_of(router);
        const struct election_event event = {.type = ELECTION_CONFIGURE, .params = &params};
        instance_event(instance, i, &event);
        if (instance->elections[i].holding && (changed || !same))
            router_execute(router, same ? &announce : &claim);
        router_watch_configured(router);
    }
    config_box_unref(old);
    instance_note_standing(instance);
    instance_checks_changed(instance);
    if (changed)
        instance_refresh(instance);
}

bool instance_has_address(const struct instance *instance, const struct ip_address *address)
{
    for (size_t i = 0; i < instance->router_count; i++)
        for (size_t p = 0; p < instance->routers[i].count; p++)
            if (ip_address_equal(&instance->routers[i].prefixes[p].address, address))
                return true;
    return false;
}
