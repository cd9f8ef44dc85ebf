/* Actions of an election carried out: adverts sent, addresses claimed, announced and released. The
 * order is the election's. */
#include "agent/clock.h"
#include "agent/instance_internal.h"
#include "agent/log.h"
#include "agent/virtual_link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    DEFAULT_MTU = 1500,
};

const char *router_name(const struct router *router, char *buffer, size_t size)
{
    const struct instance *instance = router->instance;

    if (instance->router_count == 1)
        snprintf(buffer, size, "%s", instance->config->name);
    else
        snprintf(buffer, size, "%s (%s)", instance->config->name, ip_family_name(router->family));
    return buffer;
}

int router_claim_ifindex(const struct router *router)
{
    return router->instance->config->mac == MAC_VIRTUAL ? router->virtual_ifindex
                                                        : segment_ifindex(&router->client);
}

static int send_to(struct router *router, struct packet_spec *spec,
                   const struct ip_address *destination)
{
    uint8_t buffer[ADVERT_SIZE_MAX + 8];

    spec->destination = *destination;
    size_t size = packet_build(spec, buffer, sizeof(buffer));
    if (router->virtual_io != NULL)
        return advert_io_send(router->virtual_io, &spec->source, destination, buffer, size);
    return segment_send(&router->client, &spec->source, destination, buffer, size);
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
                     "cannot send adverts on %s: %s", router->instance->config->interface,
                     strerror(-error));
    else if (error == 0 && router->send_failing)
        log_instance(LOG_NOTICE, router_name(router, name, sizeof(name)),
                     "adverts go out on %s again", router->instance->config->interface);
    router->send_failing = error < 0;
}

static void send_advert(struct router *router, uint8_t priority)
{
    const struct config_instance *config = router->instance->config;
    const struct election *e = router_election(router);
    const struct link *link =
        links_by_index(router->instance->node->links, segment_ifindex(&router->client));
    struct ip_address group = ip_address_vrrp_group(router->family);
    struct packet_spec spec = {
        .version = config->version,
        .vrid = config->vrid,
        .priority = priority,
        .interval_ns = config->advert_interval_ns,
        .checksum_kind = e->checksum_kind,
        .source = e->source,
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
    note_send_result(router, result);
}

static void set_virtual_link(struct router *router, bool up)
{
    char name[NAME_SIZE + 16];

    if (router->virtual_ifindex == 0)
        return;
    int r = virtual_link_set_up(router->virtual_ifindex, up);
    if (r < 0 && r != -ENODEV)
        log_instance(LOG_ERR, router_name(router, name, sizeof(name)),
                     "cannot set the virtual MAC's link %s: %s", up ? "up" : "down", strerror(-r));
}

static void claim(struct router *router)
{
    const struct config_instance *config = router->instance->config;
    char name[NAME_SIZE + 16];

    set_virtual_link(router, true);
    int r = reconciler_want(router->instance->node->reconciler, &router->desired,
                            router_claim_ifindex(router), router->prefixes, router->count,
                            config->lease_ns);
    if (r < 0)
        log_instance(LOG_ERR, router_name(router, name, sizeof(name)),
                     "%zu of %zu addresses could not be claimed on %s: %s", router->desired.failed,
                     router->count, config->interface, strerror(-r));
}

static void release(struct router *router)
{
    char name[NAME_SIZE + 16];
    int r = reconciler_want(router->instance->node->reconciler, &router->desired,
                            router_claim_ifindex(router), NULL, 0, 0);

    if (r < 0)
        log_instance(LOG_ERR, router_name(router, name, sizeof(name)),
                     "addresses could not be released on %s: %s",
                     router->instance->config->interface, strerror(-r));
    set_virtual_link(router, false);
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

static void announce(struct router *router)
{
    const struct config_instance *config = router->instance->config;
    int ifindex = router_claim_ifindex(router);
    const struct link *link = links_by_index(router->instance->node->links, ifindex);
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
        .ifname = config->interface,
        .mac = mac,
        .prefixes = router->prefixes,
        .count = router->count,
        .reply_form = config->announce_reply,
        .router = router->family == IP_FAMILY_IPV6 && forwards_ipv6(config->interface),
    };
    int r = neighbour_io_announce(router->instance->node->neighbours, &announcement);
    if (r < 0)
        log_instance(LOG_WARNING, router_name(router, name, sizeof(name)),
                     "cannot announce the addresses on %s: %s", config->interface, strerror(-r));
}

static void note_transition(struct router *router, const struct transition *t)
{
    router->last_event = t->reason;
    if (t->from == VRRP_INIT)
        router->up_since_wall_ns = clock_wall_ns();
    if (t->to == VRRP_INIT)
        router->up_since_wall_ns = 0;
    if (t->to == VRRP_MASTER && t->from != t->to)
        router->new_master_reason = t->reason;
    /* Who held the address before a transition is no stranger. */
    router->foreign = (struct foreign_holder){.count = router->foreign.count};
}

void router_execute(struct router *router, const struct election_actions *actions)
{
    for (size_t i = 0; i < actions->count; i++) {
        const struct election_action *action = &actions->list[i];

        switch (action->type) {
        case ACTION_SEND_ADVERT:
            send_advert(router, action->priority);
            break;
        case ACTION_CLAIM:
            claim(router);
            break;
        case ACTION_ANNOUNCE:
            announce(router);
            break;
        case ACTION_RELEASE:
            release(router);
            break;
        case ACTION_REPORT:
            note_transition(router, &action->transition);
            break;
        }
    }
}
