/* What a virtual router can do: advert, claim, release, announce, ask; see router.h. */
#include "agent/instances/router.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEFAULT_MTU = 1500 };

bool router_read_config(struct router *router)
{
    const struct config_instance *config = router->config;
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
    router->client.unicast = config->unicast;
    router->client.virtual_mac = config->mac == MAC_VIRTUAL;
    router->client.peers = router->receiver.peers;
    router->client.peer_count = router->receiver.peer_count;
    router->desired.owner = config->name;
    router->desired.adopt = config->adopt;
    return true;
}

void router_free(struct router *router)
{
    free(router->peers);
    sd_event_source_disable_unref(router->postponed.timer);
}

const char *router_name(const struct router *router, char *buffer, size_t size)
{
    if (router->has_sibling)
        snprintf(buffer, size, "%s (%s)", router->config->name, ip_family_name(router->family));
    else
        snprintf(buffer, size, "%s", router->config->name);
    return buffer;
}

int router_claim_ifindex(const struct router *router)
{
    return router->config->mac == MAC_VIRTUAL ? router->virtual_ifindex
                                              : segment_ifindex(&router->client);
}

bool router_has_address(const struct router *router, const struct ip_address *address)
{
    for (size_t i = 0; i < router->count; i++)
        if (ip_address_equal(&router->prefixes[i].address, address))
            return true;
    return false;
}

bool router_owns_mac(const struct router *router, const uint8_t mac[MAC_SIZE])
{
    const struct link *link = links_by_index(router->node->links, segment_ifindex(&router->client));
    uint8_t shared[MAC_SIZE];

    if (link != NULL && link->has_mac && memcmp(mac, link->mac, MAC_SIZE) == 0)
        return true;
    virtual_mac(router->family, router->config->vrid, shared);
    return router->config->mac == MAC_VIRTUAL && memcmp(mac, shared, MAC_SIZE) == 0;
}

static int send_to(struct router *router, struct packet_spec *spec,
                   const struct ip_address *destination)
{
    uint8_t buffer[ADVERT_SIZE_MAX + 8];

    spec->destination = *destination;
    size_t size = packet_build(spec, buffer, sizeof(buffer));
    const struct advert_header header = {
        .source = spec->source,
        .destination = *destination,
        .ttl = router->config->unicast ? router->config->unicast_ttl : VRRP_TTL,
    };
    if (router->virtual_io != NULL)
        return advert_io_send(router->virtual_io, &header, buffer, size);
    return segment_send(&router->client, &header, buffer, size);
}

/* A failing send is said once, and once more when it works again: an advert every 10 ms must not
 * fill the journal. */
static void note_send_result(struct router *router, int error)
{
    char name[NAME_SIZE + 16];

    if (error < 0)
        router->send_errors++;
    if (error < 0 && !router->send_failing)
        log_instance(LOG_WARNING, router_name(router, name, sizeof(name)),
                     "cannot send adverts on %s: %s", router->interface, strerror(-error));
    else if (error == 0 && router->send_failing)
        log_instance(LOG_NOTICE, router_name(router, name, sizeof(name)),
                     "adverts go out on %s again", router->interface);
    router->send_failing = error < 0;
}

void router_send_advert(struct router *router, const struct election_action *action)
{
    const struct config_instance *config = router->config;
    const struct election *e = router_election(router);
    const struct link *link = links_by_index(router->node->links, segment_ifindex(&router->client));
    struct ip_address group = ip_address_vrrp_group(router->family);
    /* Resigning from an address that has just gone: a courtesy that may fail. */
    bool lost = e->source.family == IP_FAMILY_NONE;
    struct packet_spec spec = {
        .version = config->version,
        .vrid = config->vrid,
        .priority = action->priority,
        .interval_ns = config->advert_interval_ns,
        .checksum_kind = e->checksum_kind,
        .source = lost ? action->source : e->source,
        .addresses = router->prefixes,
        .address_count = router->count,
        .mtu = link != NULL && link->mtu > 0 ? link->mtu : DEFAULT_MTU,
    };
    int result = 0;

    if (!config->unicast) {
        result = send_to(router, &spec, &group);
    } else {
        for (size_t i = 0; i < router->receiver.peer_count; i++) {
            int r = send_to(router, &spec, &router->receiver.peers[i]);
            result = r < 0 ? r : result;
        }
    }
    if (!lost)
        note_send_result(router, result);
}

void router_claim(struct router *router)
{
    router->desired.raises = router->virtual_ifindex != 0;
    reconciler_want(router->node->reconciler, &router->desired, router_claim_ifindex(router),
                    router->prefixes, router->count, router->config->lease_ns);
}

void router_release(struct router *router)
{
    reconciler_want(router->node->reconciler, &router->desired, router_claim_ifindex(router), NULL,
                    0, 0);
}

/* The R flag of an NA tells hosts that we are a router: true only when the kernel forwards there
 * (RFC 4861 7.2.5). */
static bool forwards_ipv6(const char *ifname)
{
    char path[96];
    char digit = '0';

    snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/forwarding", ifname);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, &digit, 1);
    close(fd);
    return n == 1 && digit != '0';
}

void router_announce(struct router *router, const struct ip_prefix *prefixes, size_t count)
{
    const struct config_instance *config = router->config;
    int ifindex = router_claim_ifindex(router);
    const struct link *link = links_by_index(router->node->links, ifindex);
    uint8_t mac[MAC_SIZE];
    char name[NAME_SIZE + 16];

    if (config->mac == MAC_VIRTUAL)
        virtual_mac(router->family, config->vrid, mac);
    else if (link != NULL && link->has_mac)
        memcpy(mac, link->mac, sizeof(mac));
    else
        return; /* no link layer addresses there: nobody to tell */
    const struct announcement announcement = {
        .ifindex = ifindex,
        .ifname = router->interface,
        .mac = mac,
        .prefixes = prefixes,
        .count = count,
        .reply_form = config->announce_reply,
        .router = router->family == IP_FAMILY_IPV6 && forwards_ipv6(router->interface),
    };
    int r = neighbour_io_announce(router->node->neighbours, &announcement);
    if (r < 0)
        log_instance(LOG_WARNING, router_name(router, name, sizeof(name)),
                     "cannot announce the addresses on %s: %s", router->interface, strerror(-r));
}

void router_ask(struct router *router, const struct ip_prefix *prefixes, size_t count)
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
                                      .prefixes = prefixes,
                                      .count = count};
    int r = neighbour_io_ask(node->neighbours, &question);
    if (r < 0)
        log_instance(LOG_DEBUG, router_name(router, name, sizeof(name)),
                     "cannot ask who holds the addresses on %s: %s", link->name, strerror(-r));
}

void router_heard(struct router *router, const struct advert *advert)
{
    const struct election *e = router_election(router);

    router->heard = (struct heard_master){0};
    if (e->state == VRRP_MASTER || advert->priority == PRIORITY_RESIGN)
        return;
    router->heard = (struct heard_master){
        .address = advert->ip.source,
        .priority = advert->priority,
        .until_ns = clock_boot_ns() + election_hand_over_ns(&e->params, advert->interval_ns),
    };
}
