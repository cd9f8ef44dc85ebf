/* What a virtual router can do: claim, release, announce, ask; see router.h. Its adverts go out in
 * router_advert.c. */
#include "agent/instances/router.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/instances/bond.h"
#include "agent/instances/sequences.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct route_lists routes_of(const struct router *router)
{
    const struct config_instance *config = router->config;

    return (struct route_lists){.routes = config->routes,
                                .route_count = config->route_count,
                                .rules = config->rules,
                                .rule_count = config->rule_count};
}

/* Of two routers each has those of its own family. */
static void read_routes(struct router *router)
{
    const struct route_lists lists = routes_of(router);

    if (router->routes == NULL)
        return;
    router->routes->owner = router->config->name;
    router->routes->family = router->has_sibling ? router->family : IP_FAMILY_NONE;
    if (router->node->routes != NULL)
        route_keeper_rebase(router->node->routes, router->routes, &lists);
}

/* NULL: it wants none. */
static void want_routes(struct router *router, const struct route_lists *lists)
{
    if (router->node->routes != NULL && router->routes != NULL)
        route_keeper_want(router->node->routes, router->routes, lists);
}

static void *room(void *have, bool needed, size_t size)
{
    return have != NULL || !needed ? have : calloc(1, size);
}

/* What the receiver speaks. */
static struct packet_dialect dialect_of(const struct packet_receiver *receiver)
{
    return (struct packet_dialect){.version = receiver->version,
                                   .auth = receiver->auth,
                                   .advert_interval_ns = receiver->advert_interval_ns};
}

/* Its configuration is not the first one, and has it speak otherwise than the one before. */
static bool speaks_otherwise(const struct router *router)
{
    const struct packet_dialect before = dialect_of(&router->receiver);
    const struct packet_dialect now = config_dialect(router->config);

    return before.version != 0 && packet_dialects_differ(&before, &now);
}

/* For what its configuration needs and few have. */
static bool make_room(struct router *router)
{
    const struct config_instance *config = router->config;
    bool guards = !config->accept;
    bool apart = config->mac == MAC_VIRTUAL;
    bool routed = config->route_count + config->rule_count > 0;
    bool differs = speaks_otherwise(router);

    router->peers =
        room(router->peers, config->unicast, INSTANCE_PEERS_MAX * sizeof(*router->peers));
    router->guarded = room(router->guarded, guards, sizeof(*router->guarded));
    router->virtual = room(router->virtual, apart, sizeof(*router->virtual));
    router->routes = room(router->routes, routed, sizeof(*router->routes));
    router->former = room(router->former, differs, sizeof(*router->former));
    return (router->former != NULL || !differs) && (router->peers != NULL || !config->unicast) &&
           (router->guarded != NULL || !guards) && (router->virtual != NULL || !apart) &&
           (router->routes != NULL || !routed);
}

static const char *dialect_change(const struct packet_dialect *before,
                                  const struct packet_dialect *now)
{
    if (before->version != now->version)
        return "version";
    return before->advert_interval_ns != now->advert_interval_ns ? "advert-interval" : "password";
}

/* Nodes are never reloaded at one and the same moment. */
static void say_dialect(const struct router *router, const char *what)
{
    char name[NAME_SIZE + 16];

    router_name(router, name, sizeof(name));
    if (router_election(router)->state == VRRP_MASTER)
        log_instance(LOG_WARNING, name,
                     "adverts go out with another %s from now on: nodes that were not reloaded "
                     "before drop them and take over",
                     what);
    else
        log_instance(LOG_NOTICE, name,
                     "another %s: adverts as before the reload are taken until the first one as "
                     "it is now; reload the master last",
                     what);
}

/* Of several reloads without an advert between them what the master still speaks counts: that from
 * before the first. A MASTER followed nobody. former: in force until now; NULL: none. */
static void keep_former(struct router *router, const struct packet_dialect *before,
                        const struct packet_dialect *former)
{
    const struct packet_dialect now = config_dialect(router->config);
    bool changed = packet_dialects_differ(before, &now);

    if (router->former == NULL)
        return;
    if (former == NULL || (changed && router_election(router)->state == VRRP_MASTER))
        *router->former = *before;
    if (packet_dialects_differ(router->former, &now))
        router->receiver.former = router->former;
    if (changed && router->receiver.former != NULL)
        say_dialect(router, dialect_change(before, &now));
}

static void read_authentication(struct router *router, bool reloaded)
{
    bool master = reloaded && router_election(router)->state == VRRP_MASTER;
    bool changed = authentication_read(&router->auth, router->config, master);

    struct authentication *kept = router->auth.kept;
    if (kept != NULL)
        sequences_begin(router->node->sequences, router->config->name, router->family, kept);
    router->receiver.trailers = authentication_expects_trailers(&router->auth);
    if (reloaded && changed && (master || (kept != NULL && kept->former)))
        say_dialect(router, "authentication");
}

bool router_read_config(struct router *router)
{
    const struct config_instance *config = router->config;
    struct ip_address source = router->receiver.source;
    const struct packet_dialect before = dialect_of(&router->receiver);
    const struct packet_dialect *former = router->receiver.former;

    if (!make_room(router))
        return false;
    config_receiver(config, router->family, router->peers, &router->receiver);
    router->receiver.names_trailers = true;
    router->receiver.source = source;
    if (before.version != 0)
        keep_former(router, &before, former);
    read_authentication(router, before.version != 0);
    router->claims = config_claims(config, router->family, &router->claim_count);
    router->client.group = router->receiver.group;
    router->client.addresses = router->claims;
    router->client.count = router->claim_count;
    router->client.unicast = config->unicast;
    router->client.virtual_mac = config->mac == MAC_VIRTUAL;
    router->client.peers = router->receiver.peers;
    router->client.peer_count = router->receiver.peer_count;
    router->desired.owner = config->name;
    router->desired.adopt = config->adopt;
    router_guard(router);
    read_routes(router);
    return true;
}

/* What was not announced yet is not to be any more. */
static void forget_announcements(const struct router *router)
{
    if (router->node->announcements != NULL)
        announce_queue_drop(router->node->announcements, router);
}

void router_free(struct router *router)
{
    forget_announcements(router);
    if (router->node->guard != NULL && router->guarded != NULL)
        nft_guard_want(router->node->guard, router->guarded, 0, NULL, 0);
    free(router->guarded);
    want_routes(router, NULL);
    if (router->routes != NULL)
        route_keeper_free_set(router->routes);
    free(router->routes);
    free(router->strangers);
    free(router->devices.waiting);
    free(router->former);
    free(router->peers);
    free(router->tally);
    authentication_free(&router->auth);
    if (router->node->deadlines != NULL) {
        deadlines_remove(router->node->deadlines, &router->postponed.deadline);
        if (router->virtual != NULL)
            deadlines_remove(router->node->deadlines, &router->virtual->moved);
    }
    free(router->virtual);
}

const char *router_name(const struct router *router, char *buffer, size_t size)
{
    if (router->has_sibling)
        snprintf(buffer, size, "%s (%s)", router->config->name, ip_family_name(router->family));
    else
        snprintf(buffer, size, "%s", router->config->name);
    return buffer;
}

/* The link that addresses go on which name no device: the macvlan, or the interface itself; 0 when
 * there is none. */
static int claim_ifindex(const struct router *router)
{
    return router->config->mac == MAC_VIRTUAL ? router_virtual_ifindex(router)
                                              : segment_ifindex(&router->client);
}

int router_ifindex_of(const struct router *router, const struct claimed_address *claim)
{
    if (claim->device[0] == '\0')
        return claim_ifindex(router);
    const struct link *link = links_by_name(router->node->links, claim->device);
    return link != NULL ? link->ifindex : 0;
}

bool router_has_address(const struct router *router, const struct ip_address *address)
{
    for (size_t i = 0; i < router->claim_count; i++)
        if (ip_address_equal(&router->claims[i].prefix.address, address))
            return true;
    return false;
}

bool router_owns_mac(const struct router *router, const uint8_t mac[MAC_SIZE])
{
    const struct link *link = links_by_index(router->node->links, segment_ifindex(&router->client));
    uint8_t shared[MAC_SIZE];

    if (link != NULL && link->has_mac && memcmp(mac, link->mac, MAC_SIZE) == 0)
        return true;
    if (link != NULL && bond_has_mac(router->node->links, link->ifindex, mac))
        return true;
    for (size_t i = 0; i < router->devices.count; i++) {
        const struct device_state *seen = &router->devices.list[i].seen;

        if (seen->ifindex != 0 && memcmp(mac, seen->mac, MAC_SIZE) == 0)
            return true;
    }
    virtual_mac(router->family, router->config->vrid, shared);
    return router->config->mac == MAC_VIRTUAL && memcmp(mac, shared, MAC_SIZE) == 0;
}

void router_claim_routes(struct router *router)
{
    const struct route_lists lists = routes_of(router);

    want_routes(router, &lists);
}

void router_claim(struct router *router)
{
    const struct route_lists lists = routes_of(router);

    if (router->node->routes != NULL && router->routes != NULL)
        route_keeper_expect(router->routes, &lists);
    bool anew = !router->desired.linked;
    router->desired.raises = router_virtual_ifindex(router) != 0;
    reconciler_want(router->node->reconciler, &router->desired, claim_ifindex(router),
                    router->claims, router->claim_count, router->config->lease_ns);
    /* That is done when the kernel has them: old_connections_go(). */
    if (router->node->old_connections != NULL && anew)
        old_connections_forget(router->node->old_connections, router->claims, router->claim_count);
    /* Where there are none, the kernel has nothing to say to them. */
    if (router->claim_count == 0)
        router_claim_routes(router);
}

void router_release(struct router *router)
{
    forget_announcements(router);
    reconciler_want(router->node->reconciler, &router->desired, claim_ifindex(router), NULL, 0, 0);
    want_routes(router, NULL);
}

bool router_wants_any(const struct router *router)
{
    return router->desired.linked || (router->routes != NULL && router->routes->linked);
}

/* The owner accepts what is addressed to it in any case (RFC 9568 6.4.3). */
void router_guard(struct router *router)
{
    const struct config_instance *config = router->config;
    bool drops = !config->accept && config->priority != PRIORITY_OWNER;

    if (router->node->guard != NULL && router->guarded != NULL)
        nft_guard_want(router->node->guard, router->guarded, claim_ifindex(router), router->claims,
                       drops ? router->claim_count : 0);
}

/* Those of single addresses mend what somebody else has just spoilt: they wait for no pause. */
static int send_announcement(struct router *router, const struct announcement *announcement,
                             bool all)
{
    const struct node *node = router->node;

    if (node->announcements == NULL || !all)
        return neighbour_io_announce(node->neighbours, announcement);
    return announce_queue_add(node->announcements, router, announcement);
}

/* Those of them that are on that device ("": on the router's own link). */
static void announce_on(struct router *router, const char *device,
                        const struct claimed_address *claims, size_t count, bool all)
{
    const struct config_instance *config = router->config;
    bool own = device[0] == '\0';
    const char *ifname = own ? router->interface : device;
    const struct link *link = own ? links_by_index(router->node->links, claim_ifindex(router))
                                  : links_by_name(router->node->links, device);
    uint8_t mac[MAC_SIZE];
    char name[NAME_SIZE + 16];

    /* Nobody to tell, or, on another device, nobody to be reached. */
    if (link == NULL || link->no_neighbours || (!own && !(link->up && link->carrier)))
        return;
    if (own && config->mac == MAC_VIRTUAL)
        virtual_mac(router->family, config->vrid, mac);
    else if (link->has_mac)
        memcpy(mac, link->mac, sizeof(mac));
    else
        return; /* no link layer addresses there */
    const struct announcement announcement = {
        .ifindex = link->ifindex,
        .ifname = ifname,
        .mac = mac,
        .device = device,
        .addresses = claims,
        .count = count,
        .reply_form = config->announce_reply,
        /* The R flag of an NA: hosts take us for a router there (RFC 4861 7.2.5). */
        .router = link->forwards_ipv6,
    };
    int r = send_announcement(router, &announcement, all);
    if (r < 0)
        log_instance(LOG_WARNING, router_name(router, name, sizeof(name)),
                     "cannot announce the addresses on %s: %s", ifname, strerror(-r));
}

/* The first of them that is on the same device. */
static size_t first_on(const struct claimed_address *claims, const char *device)
{
    size_t i = 0;

    while (strcmp(claims[i].device, device) != 0)
        i++;
    return i;
}

void router_announce(struct router *router, const struct claimed_address *claims, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (first_on(claims, claims[i].device) == i)
            announce_on(router, claims[i].device, claims + i, count - i,
                        count == router->claim_count);
}

void router_ask(struct router *router, const struct claimed_address *claims, size_t count)
{
    const struct node *node = router->node;
    const struct election *e = router_election(router);
    const struct link *link = links_by_index(node->links, segment_ifindex(&router->client));
    char name[NAME_SIZE + 16];

    if (link == NULL || !link->has_mac || e->source.family == IP_FAMILY_NONE || count == 0)
        return;
    const struct question question = {.ifindex = link->ifindex,
                                      .mac = link->mac,
                                      .source = &e->source,
                                      .addresses = claims,
                                      .count = count};
    int r = neighbour_io_ask(node->neighbours, &question);
    if (r < 0)
        log_instance(LOG_DEBUG, router_name(router, name, sizeof(name)),
                     "cannot ask who holds the addresses on %s: %s", link->name, strerror(-r));
}

void router_heard(struct router *router, const struct advert *advert)
{
    const struct election *e = router_election(router);

    if (!advert->former)
        router->receiver.former = NULL;
    router->receiver.trailers = authentication_expects_trailers(&router->auth);
    router->heard = (struct heard_master){0};
    if (e->state == VRRP_MASTER || advert->priority == PRIORITY_RESIGN)
        return;
    router->heard = (struct heard_master){
        .address = advert->ip.source,
        .priority = advert->priority,
        .until_ns = clock_boot_ns() + election_hand_over_ns(&e->params, advert->interval_ns),
    };
}
