/* Snapshots of virtual routers; see snapshot_router.h. */
#include "agent/control/snapshot_router.h"

#include "agent/base/clock.h"
#include "agent/control/snapshot_routes.h"
#include "agent/instances/devices.h"
#include "agent/instances/strangers.h"
#include "agent/instances/watch.h"
#include "agent/instances/way.h"

#include <stdio.h>
#include <string.h>

struct status_master snapshot_master(const struct router *router)
{
    const struct election *e = router_election(router);

    /* In INIT the election follows nobody; the router goes on hearing adverts. */
    if (e->state == VRRP_INIT && clock_boot_ns() < router->heard.until_ns)
        return (struct status_master){.address = router->heard.address,
                                      .priority = router->heard.priority};
    return (struct status_master){
        .address = e->master,
        .priority = e->master_priority,
        .is_us = e->state == VRRP_MASTER,
    };
}

uint32_t snapshot_holds(uint32_t held_by)
{
    uint32_t own = held_by & ~(uint32_t)HOLD_GROUP;

    return own != 0 ? own : held_by;
}

uint64_t snapshot_left(uint64_t deadline, uint64_t now)
{
    if (deadline == DEADLINE_NEVER)
        return DEADLINE_NEVER;
    return deadline > now ? deadline - now : 0;
}

static void fill_conflict(const struct router *router, struct status_router *out)
{
    const struct router_watch *watch = router->watch;
    const struct watch_past past = router_watch_past(router);
    const struct conflict_record *c = &past.record;
    bool active = watch != NULL && watch->conflict.phase != CONFLICT_NONE;

    out->conflict = (struct status_conflict){.active = active,
                                             .mode = router->config->on_conflict,
                                             .conflicts = c->conflicts,
                                             .claims = c->claims,
                                             .defences = c->defences,
                                             .defences_suppressed = c->defences_suppressed,
                                             .address = c->address,
                                             .last_ns = past.last_wall_ns};
    memcpy(out->conflict.mac, c->mac, sizeof(out->conflict.mac));
    if (!active)
        return;
    out->foreign = (struct status_foreign){
        .address = c->address, .count = c->claims, .last_ns = past.last_wall_ns};
    memcpy(out->foreign.mac, c->mac, sizeof(out->foreign.mac));
}

void snapshot_router(const struct router *router, struct status_router *out)
{
    const struct election *e = router_election(router);
    const uint64_t *shared = segment_counters(&router->client);
    uint64_t now = clock_boot_ns();

    *out = (struct status_router){
        .family = router->family,
        .state = e->state,
        .held_by = snapshot_holds(e->held_by),
        .lingering = election_lingering(e),
        .source = e->source,
        .master = snapshot_master(router),
        .advert_interval_ns = e->learned_interval_ns,
        .master_down_interval_ns = election_master_down_ns(e),
        .skew_time_ns = election_skew_ns(e),
        .last_advert_age_ns =
            e->last_rcvd_at == DEADLINE_NEVER ? DEADLINE_NEVER : now - e->last_rcvd_at,
        .timer_in_ns = snapshot_left(election_lingering(e) ? e->linger_until : e->timer_at, now),
        .new_master_reason = router->new_master_reason,
        .last_event = router->last_event,
        .up_since_ns = router->up_since_wall_ns,
        .counters = e->counters,
        .auth_policy = authentication_policy(&router->auth),
        .auth_peers = router->auth.kept != NULL ? router->auth.kept->peers : NULL,
    };
    fill_conflict(router, out);
    const struct packet_tally tally = packet_tally_read(router->tally);
    memcpy(out->by_warning, tally.by_warning, sizeof(out->by_warning));
    for (size_t i = 0; i < PACKET_VERDICTS; i++)
        out->by_verdict[i] = tally.by_verdict[i] + (shared != NULL ? shared[i] : 0);
}

/* The wall clock at a moment of the boot clock. */
static uint64_t wall_of(uint64_t boot_ns)
{
    uint64_t ago = clock_boot_ns() - boot_ns;
    uint64_t now = clock_wall_ns();

    return ago < now ? now - ago : 0;
}

static size_t fill_conflict_warning(const struct router *router, struct status_warning *out)
{
    const struct conflict *c = &router->watch->conflict;
    char address[ADDRESS_TEXT_SIZE];
    char mac[MAC_TEXT_SIZE];

    if (c->phase == CONFLICT_NONE)
        return 0;
    *out = (struct status_warning){.kind = "foreign-holder",
                                   .family = router->family,
                                   .since_ns = wall_of(c->began_at),
                                   .last_ns = router->watch->last_wall_ns,
                                   .count = c->record.claims,
                                   .has_mac = true};
    memcpy(out->mac, c->record.mac, sizeof(out->mac));
    snprintf(out->text, sizeof(out->text), "%s is also held by %s, which is not one of us: %s",
             ip_address_format(&c->record.address, address, sizeof(address)),
             mac_format(c->record.mac, mac, sizeof(mac)),
             c->phase == CONFLICT_YIELDED ? "the addresses were given up for it" : "defending it");
    return 1;
}

/* Addresses that this MASTER wants and the kernel refuses. */
static size_t fill_claim_warning(const struct instance *instance, const struct router *router,
                                 struct status_warning *out)
{
    const struct desired_set *set = &router->desired;

    if (!set->linked || set->failed == 0)
        return 0;
    *out = (struct status_warning){.kind = "not-claimed",
                                   .family = router->family,
                                   .since_ns = instance->since_wall_ns,
                                   .last_ns = clock_wall_ns(),
                                   .count = set->failed};
    snprintf(out->text, sizeof(out->text), "%u of %zu addresses could not be added on %s: %s",
             set->failed, set->count, set->elsewhere ? "their devices" : router->interface,
             strerror(-set->error));
    return 1;
}

static size_t fill_waiting(const struct router *router, struct status_warning *out)
{
    const struct waiting_addresses *waiting = router->devices.waiting;

    if (waiting == NULL)
        return 0;
    *out = (struct status_warning){.kind = "address-waits",
                                   .family = router->family,
                                   .since_ns = waiting->since_wall_ns,
                                   .last_ns = clock_wall_ns(),
                                   .count = waiting->count};
    (void)router_devices_text(router, out->text, sizeof(out->text));
    return 1;
}

/* What accept = no promises is not so. */
static size_t fill_accept_warning(const struct instance *instance, const struct router *router,
                                  struct status_warning *out)
{
    const struct nft_guard *guard = router->node->guard;
    bool guarded = router->guarded != NULL && router->guarded->linked;
    const char *problem = guard != NULL && guarded ? nft_guard_problem(guard) : NULL;

    if (problem == NULL)
        return 0;
    *out = (struct status_warning){.kind = "not-dropped",
                                   .family = router->family,
                                   .since_ns = instance->since_wall_ns,
                                   .last_ns = clock_wall_ns(),
                                   .count = router->guarded->count};
    snprintf(out->text, sizeof(out->text),
             "accept = no has no effect: table inet vipd of nf_tables could not be made: %s",
             problem);
    return 1;
}

static size_t fill_strangers(const struct router *router, struct status_warning *out)
{
    const struct strangers *seen = router->strangers;

    if (seen == NULL)
        return 0;
    *out = (struct status_warning){.kind = "foreign-address",
                                   .family = router->family,
                                   .since_ns = seen->since_wall_ns,
                                   .last_ns = clock_wall_ns(),
                                   .count = seen->count};
    (void)router_strangers_text(router, out->text, sizeof(out->text));
    return 1;
}

static size_t fill_unusable(const struct instance *instance, struct status_warning *out)
{
    if (instance->unusable == NULL)
        return 0;
    *out = (struct status_warning){.kind = "unusable-interface",
                                   .family = instance->routers[0].family,
                                   .since_ns = instance->unusable_wall_ns,
                                   .last_ns = clock_wall_ns(),
                                   .count = 1};
    snprintf(out->text, sizeof(out->text), "%s", instance->unusable);
    return 1;
}

/* Unicast peers that are not reached by the interface which the routes to the others lead to. */
static size_t fill_astray(const struct instance *instance, struct status_warning *out)
{
    if (instance->astray_since_wall_ns == 0)
        return 0;
    *out = (struct status_warning){.kind = "peer-astray",
                                   .family = instance->routers[0].family,
                                   .since_ns = instance->astray_since_wall_ns,
                                   .last_ns = clock_wall_ns(),
                                   .count = 1};
    return instance_astray_text(instance, out->text, sizeof(out->text)) ? 1 : 0;
}

size_t snapshot_warnings(const struct instance *instance, struct status_warning *out)
{
    size_t n = fill_unusable(instance, out);

    n += fill_astray(instance, out + n);

    for (size_t r = 0; r < instance->router_count; r++) {
        const struct router *router = &instance->routers[r];

        n += fill_claim_warning(instance, router, &out[n]);
        n += fill_accept_warning(instance, router, &out[n]);
        n += snapshot_routes_warning(instance, router, &out[n]);
        n += fill_strangers(router, &out[n]);
        n += fill_waiting(router, &out[n]);
        if (router->watch == NULL)
            continue;
        n += fill_conflict_warning(router, &out[n]);
        for (size_t i = 0; i < LAN_WARNINGS; i++) {
            const struct lan_warning *w = &router->watch->lan.list[i];

            if (!w->active)
                continue;
            out[n] = (struct status_warning){.kind = lan_warning_name(w->seen.kind),
                                             .family = router->family,
                                             .since_ns = wall_of(w->first_at),
                                             .last_ns = wall_of(w->last_at),
                                             .count = w->count,
                                             .peer = w->seen.peer,
                                             .has_mac = w->seen.has_mac};
            if (w->seen.kind == LAN_REFUSED_PEER && w->seen.verdict != PACKET_OK)
                out[n].drop = packet_verdict_name(w->seen.verdict);
            memcpy(out[n].mac, w->seen.mac, sizeof(out[n].mac));
            router_watch_text(router, w, out[n].text, sizeof(out[n].text));
            n++;
        }
    }
    return n;
}
