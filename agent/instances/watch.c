/* The watch of one virtual router over its LAN; see watch.h. */
#include "agent/instances/watch.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct conflict_params params_of(const struct router *router)
{
    const struct config_instance *config = router->config;

    return (struct conflict_params){
        .mode = config->on_conflict,
        .settle_ns = election_master_down_ns(router_election(router)),
        .patience_ns = election_master_down_ns(router_election(router)) + config->lease_ns,
        .quiet_ns = config->conflict_quiet_ns,
    };
}

enum {
    /* A warning does not end before it could be seen again so often. */
    QUIET_INTERVALS = 10,
};

static struct lan_params lan_params_of(const struct router *router)
{
    const struct config_instance *config = router->config;
    uint64_t intervals = QUIET_INTERVALS * router_election(router)->learned_interval_ns;

    return (struct lan_params){
        .settle_ns = election_master_down_ns(router_election(router)),
        .quiet_ns = config->conflict_quiet_ns > intervals ? config->conflict_quiet_ns : intervals,
    };
}

static void follow_nobody(struct router_watch *watch)
{
    struct segment_client *client = &watch->router->client;

    if (!client->has_rival)
        return;
    client->has_rival = false;
    segment_watch(client);
}

/* From when on nothing goes on in it; DEADLINE_NEVER: something has to end before. */
static uint64_t idle_at(const struct router_watch *watch)
{
    const struct lan_params lan = lan_params_of(watch->router);
    uint64_t conflict_at = conflict_idle_at(&watch->conflict);
    uint64_t lan_at = lan_watch_idle_at(&watch->lan, &lan);

    return conflict_at > lan_at ? conflict_at : lan_at;
}

static void set_timer(struct router_watch *watch)
{
    const struct conflict_params params = params_of(watch->router);
    const struct lan_params lan = lan_params_of(watch->router);
    uint64_t deadline = conflict_deadline(&watch->conflict, &params);
    uint64_t lan_deadline = lan_watch_deadline(&watch->lan, &lan);
    uint64_t idle = idle_at(watch);

    if (lan_deadline < deadline)
        deadline = lan_deadline;
    if (idle < deadline)
        deadline = idle;
    bool on = deadline != DEADLINE_NEVER;

    /* No suspect is left. */
    if (conflict_deadline(&watch->conflict, &params) == DEADLINE_NEVER)
        follow_nobody(watch);
    /* Of a source that exists neither can fail. */
    if (on)
        (void)source_set_time(watch->timer, (deadline + NS_PER_US - 1) / NS_PER_US);
    (void)source_set_enabled(watch->timer, on ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static void ask_for(struct router *router, const struct ip_address *address)
{
    for (size_t i = 0; i < router->claim_count; i++)
        if (ip_address_equal(&router->claims[i].prefix.address, address))
            router_ask(router, &router->claims[i], 1);
}

static void defend(struct router *router, const struct ip_address *address)
{
    for (size_t i = 0; i < router->claim_count; i++)
        if (ip_address_equal(&router->claims[i].prefix.address, address))
            router_announce(router, &router->claims[i], 1);
}

/* To the log and the history: once for a conflict, not for each claim. */
static void tell(struct router_watch *watch, const char *event, const char *text)
{
    const struct router *router = watch->router;
    struct evidence evidence = {.claimed = watch->conflict.record.address};

    memcpy(evidence.mac, watch->conflict.record.mac, sizeof(evidence.mac));
    router->node->on_event(router->node->userdata, router->instance, event, &evidence, text);
}

/* Where the address is to be. */
static const char *link_name(const struct router *router, const struct ip_address *address)
{
    for (size_t i = 0; i < router->claim_count; i++)
        if (router->claims[i].device[0] != '\0' &&
            ip_address_equal(&router->claims[i].prefix.address, address))
            return router->claims[i].device;
    return router->interface;
}

static void tell_began(struct router_watch *watch)
{
    const struct config_instance *config = watch->router->config;
    const struct conflict_record *c = &watch->conflict.record;
    char address[ADDRESS_TEXT_SIZE];
    char mac[MAC_TEXT_SIZE];
    char text[REASON_TEXT_SIZE];

    snprintf(text, sizeof(text), "%s is also held by %s on %s, which is not one of us: %s",
             ip_address_format(&c->address, address, sizeof(address)),
             mac_format(c->mac, mac, sizeof(mac)), link_name(watch->router, &c->address),
             config->on_conflict == CONFLICT_MODE_RELEASE ? "giving up if that lasts"
                                                          : "defending it");
    log_instance(LOG_WARNING, config->name, "%s", text);
    tell(watch, "conflict", text);
}

static void tell_ended(struct router_watch *watch, enum conflict_end why)
{
    static const struct {
        const char *before;
        const char *after;
    } texts[] = {
        [CONFLICT_END_QUIET] = {"does not answer for", "any more"},
        [CONFLICT_END_MOVED] = {"is left with", "as this node is not MASTER any more"},
        [CONFLICT_END_DEFEND] = {"still holds", "which is to be defended now"},
        [CONFLICT_END_ROUTER] = {"that also holds", "is a router of this cluster: we hear it"},
    };
    const struct conflict_record *c = &watch->conflict.record;
    char address[ADDRESS_TEXT_SIZE];
    char mac[MAC_TEXT_SIZE];
    char text[REASON_TEXT_SIZE];

    snprintf(text, sizeof(text), "%s %s %s %s", mac_format(c->mac, mac, sizeof(mac)),
             texts[why].before, ip_address_format(&c->address, address, sizeof(address)),
             texts[why].after);
    log_instance(LOG_NOTICE, watch->router->config->name, "%s", text);
    tell(watch, "conflict-over", text);
}

/* While a conflict lasts, VRRP messages of its other side are looked for. */
static void follow_rival(struct router_watch *watch)
{
    struct segment_client *client = &watch->router->client;

    client->has_rival = watch->conflict.phase != CONFLICT_NONE;
    memcpy(client->rival_mac, watch->conflict.record.mac, sizeof(client->rival_mac));
    segment_watch(client);
}

void router_watch_meet(struct router *router, const struct conflict_outcome *outcome)
{
    if (outcome->began)
        tell_began(router->watch);
    if (outcome->announce)
        defend(router, &router->watch->conflict.record.address);
}

void router_watch_settle(struct router *router, const struct conflict_outcome *outcome)
{
    if (outcome->ended != CONFLICT_GOES_ON)
        tell_ended(router->watch, outcome->ended);
    if (outcome->began || outcome->ended != CONFLICT_GOES_ON)
        follow_rival(router->watch);
}

void router_watch_go_on(struct router *router, const struct conflict_outcome *outcome)
{
    if (outcome->ask)
        ask_for(router, &outcome->ask_address);
    set_timer(router->watch);
}

static void tell_warning(struct router_watch *watch, const struct lan_warning *warning)
{
    const struct router *router = watch->router;
    struct evidence evidence = {.peer = warning->seen.peer,
                                .peer_priority = warning->seen.priority};
    char text[LAN_WARNING_TEXT_SIZE];
    char name[NAME_SIZE + 16];

    memcpy(evidence.mac, warning->seen.mac, sizeof(evidence.mac));
    router_watch_text(router, warning, text, sizeof(text));
    log_instance(LOG_WARNING, router_name(router, name, sizeof(name)), "%s: %s",
                 lan_warning_name(warning->seen.kind), text);
    router->node->on_event(router->node->userdata, router->instance,
                           lan_warning_name(warning->seen.kind), &evidence, text);
}

static void tell_warnings_ended(const struct router_watch *watch, uint32_t ended)
{
    char name[NAME_SIZE + 16];

    for (unsigned kind = 0; kind < LAN_WARNINGS; kind++)
        if ((ended & (1u << kind)) != 0)
            log_instance(LOG_NOTICE, router_name(watch->router, name, sizeof(name)),
                         "%s: not seen any more (%llu times before)",
                         lan_warning_name((enum lan_warning_kind)kind),
                         (unsigned long long)watch->lan.list[kind].count);
}

bool router_watch_due(struct router *router, struct conflict_outcome *outcome)
{
    struct router_watch *watch = router->watch;

    if (watch == NULL)
        return false;
    const struct lan_params lan = lan_params_of(router);
    const struct conflict_params params = params_of(router);
    *outcome = conflict_timer(&watch->conflict, &params, clock_boot_ns());
    tell_warnings_ended(watch, lan_watch_expire(&watch->lan, &lan, clock_boot_ns()));
    return true;
}

/* The router's watch, made when there is none. NULL when out of memory. */
static struct router_watch *watch_of(struct router *router)
{
    struct router_watch *watch = router->watch;
    const struct watch_past *past = router->watch_past;

    if (watch != NULL)
        return watch;
    watch = calloc(1, sizeof(*watch));
    if (watch == NULL)
        return NULL;
    watch->router = router;
    conflict_init(&watch->conflict, past != NULL ? &past->record : NULL);
    watch->last_wall_ns = past != NULL ? past->last_wall_ns : 0;
    lan_watch_init(&watch->lan);
    if (source_add_time(router->node->event, &watch->timer, CLOCK_BOOTTIME, UINT64_MAX, 0,
                        router->calls->on_watch_due, router) < 0 ||
        sd_event_source_set_priority(watch->timer, AGENT_PRIORITY_NEIGHBOURS) < 0) {
        sd_event_source_disable_unref(watch->timer);
        free(watch);
        return NULL;
    }
    router->watch = watch;
    return watch;
}

/* A suspect's VRRP messages are looked for: it may be a router of ours that is not heard. */
static void follow_suspect(struct router_watch *watch, const uint8_t mac[MAC_SIZE])
{
    struct segment_client *client = &watch->router->client;

    if (client->has_rival || watch->conflict.phase != CONFLICT_NONE)
        return;
    client->has_rival = true;
    memcpy(client->rival_mac, mac, MAC_SIZE);
    segment_watch(client);
}

static bool take_claim(struct router *router, const struct neighbour_claim *claim, bool known,
                       struct conflict_outcome *outcome)
{
    const struct election *e = router_election(router);
    struct conflict_params params = params_of(router);
    /* Who held the addresses before answers for them meanwhile, as it is to. */
    bool master = e->state == VRRP_MASTER && !election_preparing(e);
    struct router_watch *watch = master ? watch_of(router) : router->watch;

    if (watch == NULL)
        return false;
    params.known = known;
    *outcome =
        conflict_claim(&watch->conflict, &params, claim, master, e->last_rcvd_at, clock_boot_ns());
    if (memcmp(watch->conflict.record.mac, claim->mac, MAC_SIZE) == 0)
        watch->last_wall_ns = clock_wall_ns();
    if (master && !known)
        follow_suspect(watch, claim->mac);
    return true;
}

bool router_watch_claim(struct router *router, const struct neighbour_claim *claim,
                        struct conflict_outcome *outcome)
{
    return take_claim(router, claim, false, outcome);
}

bool router_watch_known(struct router *router, const struct neighbour_claim *claim,
                        const struct lan_sighting *sighting, struct conflict_outcome *outcome)
{
    if (!take_claim(router, claim, true, outcome))
        return false;
    if (outcome->known)
        router_watch_see(router, sighting);
    return true;
}

void router_watch_see(struct router *router, const struct lan_sighting *sighting)
{
    const struct lan_params params = lan_params_of(router);
    struct router_watch *watch = watch_of(router);

    if (watch == NULL)
        return;
    if (lan_watch_see(&watch->lan, &params, sighting, clock_boot_ns()))
        tell_warning(watch, &watch->lan.list[sighting->kind]);
    set_timer(watch);
}

bool router_watch_message(struct router *router, const struct lan_message *message)
{
    struct lan_sighting sighting;

    if (!lan_judge_message(message, &sighting))
        return false;
    router_watch_see(router, &sighting);
    return true;
}

bool router_watch_frame(struct router *router, const struct vrrp_frame *frame, bool mac_is_ours,
                        struct conflict_outcome *outcome)
{
    const struct election *e = router_election(router);
    struct lan_sighting sighting;

    if (!ip_address_equal(&frame->source, &e->source)) {
        if (router->watch == NULL)
            return false;
        *outcome = conflict_is_router(&router->watch->conflict, frame->mac);
        return true;
    }
    lan_judge_own(frame, mac_is_ours, e->last_sent_at, e->params.advert_interval_ns,
                  clock_boot_ns(), &sighting);
    router_watch_see(router, &sighting);
    return false;
}

const char *router_watch_text(const struct router *router, const struct lan_warning *warning,
                              char *buffer, size_t size)
{
    const struct config_instance *config = router->config;
    const struct election *e = router_election(router);
    const struct auth_policy *policy = authentication_policy(&router->auth);
    const struct lan_subject subject = {.interface = router->interface,
                                        .vrid = config->vrid,
                                        .priority = e->params.priority,
                                        .version = config->version,
                                        .unicast = config->unicast,
                                        .signs = policy != NULL && auth_signs(policy),
                                        .source = e->source};

    return lan_warning_text(&warning->seen, &subject, buffer, size);
}

void router_watch_moved(struct router *router)
{
    if (router->watch == NULL)
        return;
    const struct conflict_outcome outcome = conflict_moved(&router->watch->conflict);
    router_watch_settle(router, &outcome);
    set_timer(router->watch);
}

struct watch_past router_watch_past(const struct router *router)
{
    const struct router_watch *watch = router->watch;

    if (watch != NULL)
        return (struct watch_past){.record = watch->conflict.record,
                                   .last_wall_ns = watch->last_wall_ns};
    return router->watch_past != NULL ? *router->watch_past : (struct watch_past){0};
}

static void free_watch(struct router *router)
{
    if (router->watch == NULL)
        return;
    sd_event_source_disable_unref(router->watch->timer);
    free(router->watch);
    router->watch = NULL;
}

/* True: what is told of the watch is told without it too. */
static bool keep_past(struct router *router)
{
    const struct watch_past past = router_watch_past(router);

    if (router->watch_past == NULL && past.record.claims == 0)
        return true;
    if (router->watch_past == NULL)
        router->watch_past = malloc(sizeof(past));
    if (router->watch_past == NULL)
        return false;
    *router->watch_past = past;
    return true;
}

void router_watch_rest(struct router *router)
{
    struct router_watch *watch = router->watch;

    if (watch == NULL || clock_boot_ns() < idle_at(watch))
        return;
    if (!keep_past(router)) {
        (void)source_set_enabled(watch->timer, SD_EVENT_OFF);
        return;
    }
    free_watch(router);
    router->node->on_rest(router->node->userdata);
}

void router_watch_free(struct router *router)
{
    free_watch(router);
    free(router->watch_past);
    router->watch_past = NULL;
}
