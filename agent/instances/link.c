/* The link an instance lives on: found, lost, found again under another index; the address it sends
 * from (RFC 9568 1.2 "primary address"); the macvlan of a virtual MAC. */
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/instances/internal.h"
#include "agent/kernel/virtual_link.h"

#include <linux/if_addr.h>
#include <string.h>

struct source_search {
    const struct router *router;
    struct ip_address keep; /* the present source: kept while it is there */
    struct ip_address found;
};

/* Whether the router may send from that address: real, usable, of the right scope. */
static bool usable_source(const struct router *router, const struct observed_address *address)
{
    const struct instance *instance = router->instance;
    const struct ip_address *candidate = &address->prefix.address;

    if (candidate->family != router->family ||
        (address->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0)
        return false;
    /* A virtual address is nobody's identity, unless this node owns it. */
    if (instance->config->priority != PRIORITY_OWNER &&
        (address->proto == VIPD_IFA_PROTO ||
         instance->node->is_virtual(instance->node->userdata, candidate)))
        return false;
    if (router->family == IP_FAMILY_IPV4)
        return true;
    /* Unicast peers may be beyond the link; multicast is sent from the link-local address. */
    bool local_peers =
        router->receiver.peer_count == 0 || ip_address_is_link_local(&router->receiver.peers[0]);
    return ip_address_is_link_local(candidate) == local_peers;
}

static bool consider_source(void *userdata, const struct observed_address *address)
{
    struct source_search *search = userdata;

    if (!usable_source(search->router, address))
        return true;
    if (search->found.family == IP_FAMILY_NONE)
        search->found = address->prefix.address;
    if (!ip_address_equal(&address->prefix.address, &search->keep))
        return true;
    search->found = search->keep;
    return false;
}

static struct ip_address find_source(const struct router *router, int ifindex)
{
    const struct config_instance *config = router->instance->config;
    const struct ip_address *fixed =
        router->family == IP_FAMILY_IPV4 ? &config->source4 : &config->source6;
    struct source_search search = {.router = router, .keep = router_election(router)->source};
    const struct links *links = router->instance->node->links;

    if (fixed->family == IP_FAMILY_NONE) {
        links_each_address(links, ifindex, consider_source, &search);
        return search.found;
    }
    const struct observed_address *there = links_address(links, ifindex, fixed);
    if (there == NULL || (there->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0)
        return (struct ip_address){0};
    return *fixed;
}

static void refresh_source(struct router *router, int ifindex)
{
    struct ip_address source = {0};

    if (ifindex != 0)
        source = find_source(router, ifindex);
    if (ip_address_equal(&source, &router_election(router)->source))
        return;
    router->receiver.source = source;
    router->client.source = source;
    segment_watch(&router->client);
    const struct election_event event = {.type = ELECTION_SOURCE, .address = source};
    instance_event(router->instance, router->index, &event);
}

void instance_set_hold(struct instance *instance, enum election_hold hold, bool want)
{
    const struct election_event event = {.type = want ? ELECTION_HOLD : ELECTION_UNHOLD,
                                         .hold = hold};
    bool have = (instance->elections[0].held_by & (uint32_t)hold) != 0;

    if (want != have)
        instance_event(instance, 0, &event);
}

/* The macvlan and its send-only socket. 0 or a negative errno, logged. */
static int open_virtual(struct router *router, const struct link *link)
{
    const struct config_instance *config = router->instance->config;
    struct node *node = router->instance->node;
    int ifindex = virtual_link_create(node->links, link->ifindex, router->family, config->vrid);

    /* Once, not at each further attempt. */
    if (ifindex < 0 && ifindex != router->virtual_error)
        log_instance(LOG_ERR, config->name, "cannot make the virtual MAC's link on %s: %s",
                     link->name, strerror(-ifindex));
    router->virtual_error = ifindex < 0 ? ifindex : 0;
    if (ifindex < 0)
        return ifindex;
    router->virtual_ifindex = ifindex;
    const struct link *made = links_by_index(node->links, ifindex);
    const struct advert_io_options options = {
        .ifindex = ifindex,
        .ifname = made != NULL ? made->name : "",
        .family = router->family,
        .send_only = true,
        .priority = AGENT_PRIORITY_PACKETS,
    };
    return advert_io_open(node->event, &options, &router->virtual_io);
}

static void close_virtual(struct router *router, int parent)
{
    advert_io_close(router->virtual_io);
    router->virtual_io = NULL;
    if (router->virtual_ifindex == 0)
        return;
    int r = virtual_link_delete(router->instance->node->links, router->virtual_ifindex, parent);
    if (r < 0)
        log_instance(LOG_WARNING, router->instance->config->name,
                     "cannot delete the virtual MAC's link: %s", strerror(-r));
    router->virtual_ifindex = 0;
}

static void leave(struct router *router)
{
    close_virtual(router, segment_ifindex(&router->client));
    segment_detach(router->instance->node->segments, &router->client);
}

static void detach(struct router *router)
{
    const struct node *node = router->instance->node;
    bool attached = router->client.segment != NULL;

    leave(router);
    if (attached)
        node->on_detached(node->userdata);
}

/* What was claimed went with the link. */
static void make_virtual_again(struct router *router, const struct link *parent)
{
    const struct election_actions again = {
        .list = {{.type = ACTION_CLAIM}, {.type = ACTION_ANNOUNCE}}, .count = 2};

    advert_io_close(router->virtual_io);
    router->virtual_io = NULL;
    router->virtual_ifindex = 0;
    log_instance(LOG_WARNING, router->instance->config->name,
                 "the virtual MAC's link on %s was deleted by somebody else: making it again",
                 parent->name);
    if (open_virtual(router, parent) < 0)
        detach(router);
    else if (router_election(router)->holding)
        router_execute(router, &again);
}

void instance_link_gone(struct instance *instance, int ifindex)
{
    bool lost = false;

    for (size_t i = 0; i < instance->router_count; i++) {
        struct router *router = &instance->routers[i];
        const struct link *parent =
            links_by_index(instance->node->links, segment_ifindex(&router->client));

        if (router->virtual_ifindex == ifindex && ifindex != 0 && parent != NULL)
            make_virtual_again(router, parent);
        lost = lost || (parent != NULL && router->client.segment == NULL);
    }
    if (lost)
        instance_refresh(instance);
}

static int attach(struct router *router, const struct link *link)
{
    int r = segment_attach(router->instance->node->segments, link, &router->client);

    if (r == 0 && router->instance->config->mac == MAC_VIRTUAL)
        r = open_virtual(router, link);
    /* Without telling the others: what was taken and left at once is nothing they waited for. */
    if (r < 0)
        leave(router);
    return r;
}

/* Makes the routers sit on `link` (NULL: on none). False when the sockets could not be opened. */
static bool move_to(struct instance *instance, const struct link *link)
{
    bool attached = link != NULL;

    for (size_t i = 0; i < instance->router_count; i++) {
        struct router *router = &instance->routers[i];
        int now_on = segment_ifindex(&router->client);

        if (now_on != 0 && (link == NULL || now_on != link->ifindex))
            detach(router);
        if (link != NULL && router->client.segment == NULL)
            attached = attach(router, link) == 0 && attached;
    }
    return attached;
}

void instance_detach(struct instance *instance)
{
    (void)move_to(instance, NULL);
}

/* Membership can die with the link (some drivers forget it on down/up), and a switch that has just
 * come up has heard no report yet. */
static void rejoin(struct instance *instance)
{
    for (size_t i = 0; i < instance->router_count; i++)
        segment_rejoin(&instance->routers[i].client);
}

/* Hosts would send to the old MAC until they ask again. */
static void follow_mac(struct router *router, const struct link *link)
{
    const struct election_actions again = {.list = {{.type = ACTION_ANNOUNCE}}, .count = 1};
    const struct config_instance *config = router->instance->config;

    if (!link->has_mac || memcmp(router->link_mac, link->mac, sizeof(link->mac)) == 0)
        return;
    memcpy(router->link_mac, link->mac, sizeof(link->mac));
    if (config->mac == MAC_VIRTUAL || router_election(router)->state != VRRP_MASTER)
        return;
    log_instance(LOG_NOTICE, config->name, "%s has another MAC: announcing the addresses again",
                 link->name);
    router_execute(router, &again);
}

void instance_refresh(struct instance *instance)
{
    const struct link *link = links_by_name(instance->node->links, instance->config->interface);
    int old = segment_ifindex(&instance->routers[0].client);

    /* A new index under the old name is another interface: what was held went with the old one. */
    if (link == NULL || (old != 0 && old != link->ifindex)) {
        instance_set_hold(instance, HOLD_NO_INTERFACE, true);
        instance_set_hold(instance, HOLD_LINK_DOWN, false);
    }
    bool attached = move_to(instance, link) && link != NULL;
    instance->unattached = link != NULL && !attached;
    if (instance->unattached)
        instance->node->on_unattached(instance->node->userdata);
    for (size_t i = 0; i < instance->router_count; i++)
        refresh_source(&instance->routers[i], attached ? link->ifindex : 0);
    if (!attached)
        return;
    bool works = link->up && link->carrier;
    if (works && (instance->elections[0].held_by & HOLD_LINK_DOWN) != 0)
        rejoin(instance);
    instance_set_hold(instance, HOLD_LINK_DOWN, !works);
    instance_set_hold(instance, HOLD_NO_INTERFACE, false);
    for (size_t i = 0; i < instance->router_count; i++)
        follow_mac(&instance->routers[i], link);
}
