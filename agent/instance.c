/*
 * An instance: receives for its virtual routers, steps their elections as a group, keeps the timer.
 * instance_actions.c carries actions out, instance_link.c follows the link.
 */
#include "agent/instance.h"

#include "agent/clock.h"
#include "agent/instance_internal.h"
#include "agent/log.h"
#include "agent/priorities.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool lingering(const struct instance *instance)
{
    for (size_t i = 0; i < instance->router_count; i++)
        if (election_lingering(&instance->elections[i]))
            return true;
    return false;
}

static void set_timer(struct instance *instance)
{
    uint64_t deadline = group_deadline(instance->elections, instance->router_count);
    int r;

    if (deadline == DEADLINE_NEVER) {
        r = sd_event_source_set_enabled(instance->timer, SD_EVENT_OFF);
    } else {
        /* Rounded up: a timer that fires a microsecond early finds nothing due. */
        r = sd_event_source_set_time(instance->timer, (deadline + NS_PER_US - 1) / NS_PER_US);
        if (r >= 0)
            r = sd_event_source_set_enabled(instance->timer, SD_EVENT_ONESHOT);
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

    if (state == instance->state || why == NULL)
        return;
    instance->last = *why;
    instance->last.from = instance->state;
    instance->last.to = state;
    instance->state = state;
    instance->since_wall_ns = clock_wall_ns();
    instance->last_wall_ns = instance->since_wall_ns;
    instance_explain(instance, &instance->last);
    instance_note_withdrawal(instance);
    instance->node->on_transition(instance->node->userdata, instance, &instance->last);
}

static void check_stopped(struct instance *instance)
{
    if (!instance->stopping || instance->stopped || lingering(instance))
        return;
    instance->stopped = true;
    instance->node->on_stopped(instance->node->userdata, instance);
}

void instance_event(struct instance *instance, size_t target, const struct election_event *event)
{
    struct election_actions actions[2];

    assert(instance->router_count <= sizeof(actions) / sizeof(actions[0]));
    group_step(instance->elections, instance->router_count, target, event, clock_boot_ns(),
               actions);
    for (size_t i = 0; i < instance->router_count; i++)
        router_execute(&instance->routers[i], &actions[i]);
    report(instance, actions);
    set_timer(instance);
    check_stopped(instance);
    if (instance->checks_due) {
        instance->checks_due = false;
        instance_checks_changed(instance);
    }
}

void instance_fire_due(struct instance *instance)
{
    const struct election_event event = {.type = ELECTION_TIMER};
    uint64_t now = clock_boot_ns();

    for (size_t i = 0; i < instance->router_count; i++)
        if (election_deadline(&instance->elections[i]) <= now)
            instance_event(instance, i, &event);
    set_timer(instance);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    instance_fire_due(userdata);
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
    if (verdict != PACKET_OK)
        return;
    for (size_t i = 0; i < PACKET_WARNINGS; i++)
        if ((warnings & (1u << i)) != 0)
            router->by_warning[i]++;
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

/* Somebody else claims our address while we are MASTER. A rival that is just taking over does so
 * too, for less than an advert interval: only what lasts is a conflict. */
static void note_foreign(struct router *router, const struct neighbour_claim *claim)
{
    struct foreign_holder *foreign = &router->foreign;
    uint64_t now = clock_boot_ns();
    char text[ADDRESS_TEXT_SIZE];

    if (foreign->address.family == IP_FAMILY_NONE ||
        memcmp(foreign->mac, claim->mac, MAC_SIZE) != 0) {
        foreign->address = claim->address;
        memcpy(foreign->mac, claim->mac, MAC_SIZE);
        foreign->first_boot_ns = now;
        foreign->reported = false;
    }
    foreign->last_wall_ns = clock_wall_ns();
    foreign->count++;
    if (foreign->reported ||
        now - foreign->first_boot_ns < election_master_down_ns(router_election(router)))
        return;
    foreign->reported = true;
    log_instance(LOG_WARNING, router->instance->config->name,
                 "%s is also held by %02x:%02x:%02x:%02x:%02x:%02x on %s, which is not one of us",
                 ip_address_format(&claim->address, text, sizeof(text)), claim->mac[0],
                 claim->mac[1], claim->mac[2], claim->mac[3], claim->mac[4], claim->mac[5],
                 router->instance->config->interface);
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
    if (master && strange)
        note_foreign(router, claim);
}

static struct election_params params_of(const struct router *router)
{
    const struct config_instance *config = router->instance->config;

    return (struct election_params){
        .family = router->family,
        .version = config->version,
        .vrid = config->vrid,
        .priority = instance_priority(router->instance),
        .preempt = config->preempt != PREEMPT_NO,
        .preempt_delay_ns = config->preempt == PREEMPT_AFTER ? config->preempt_delay_ns : 0,
        .advert_interval_ns = config->advert_interval_ns,
        .linger_ns = config->linger_ns,
        .checksum = config->checksum,
        .announce_repeat = config->announce_repeat,
        .announce_refresh_ns = config->announce_refresh_ns,
        .grouped = router->instance->router_count > 1,
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
                   .userdata = router},
    };
    if (!read_config(router))
        return false;
    const struct election_params params = params_of(router);
    election_init(&instance->elections[index], &params);
    return true;
}

struct instance *instance_new(struct node *node, struct config_box *box,
                              const struct config_instance *config)
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
    instance->elections = calloc(count, sizeof(*instance->elections));
    if (instance->routers == NULL || instance->elections == NULL)
        goto fail;
    instance->router_count = count;
    if (config->ipv4_count > 0)
        good = init_router(instance, index++, IP_FAMILY_IPV4);
    if (config->ipv6_count > 0)
        good = init_router(instance, index, IP_FAMILY_IPV6) && good;
    if (!good || sd_event_add_time(node->event, &instance->timer, CLOCK_BOOTTIME, UINT64_MAX, 1,
                                   on_timer, instance) < 0)
        goto fail;
    (void)sd_event_source_set_description(instance->timer, config->name);
    if (sd_event_source_set_priority(instance->timer, AGENT_PRIORITY_DEADLINES) < 0)
        goto fail;
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
    for (size_t i = 0; i < instance->router_count; i++)
        free(instance->routers[i].peers);
    sd_event_source_disable_unref(instance->timer);
    sd_event_source_disable_unref(instance->damping_timer);
    config_box_unref(instance->next_box);
    config_box_unref(instance->box);
    free(instance->routers);
    free(instance->elections);
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
    struct config_box *old = instance->box;

    instance->box = config_box_ref(box);
    instance->config = config;
    for (size_t i = 0; i < instance->router_count; i++) {
        struct router *router = &instance->routers[i];
        const struct election_actions claim = {
            .list = {{.type = ACTION_CLAIM}, {.type = ACTION_ANNOUNCE}}, .count = changed ? 2 : 1};

        /* In-place changes never turn multicast into unicast, so the peers' storage is there. */
        if (!read_config(router))
            log_instance(LOG_ERR, config->name, "out of memory");
        segment_watch(&router->client);
        const struct election_params params = params_of(router);
        const struct election_event event = {.type = ELECTION_CONFIGURE, .params = &params};
        instance_event(instance, i, &event);
        /* Moves the desired set to the new arrays; an address that stays is not touched. */
        if (instance->elections[i].holding)
            router_execute(router, &claim);
    }
    config_box_unref(old);
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
