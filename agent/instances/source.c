/* What a router sends from; see source.h. */
#include "agent/instances/source.h"

#include "agent/base/log.h"
#include "agent/instances/source_rank.h"
#include "agent/kernel/mark.h"

#include <linux/if_addr.h>

struct search {
    const struct router *router;
    const struct ip_address *present;
    const struct observed_address *found; /* NULL: none yet */
    bool found_shared;
    const struct observed_address *own; /* refused because the router itself lists it; or NULL */
};

/* Multicast is sent from the link-local address; unicast peers may be beyond the link. */
static bool has_right_scope(const struct router *router, const struct ip_address *address)
{
    if (router->family == IP_FAMILY_IPV4)
        return true;
    bool local_peers =
        router->receiver.peer_count == 0 || ip_address_is_link_local(&router->receiver.peers[0]);
    return ip_address_is_link_local(address) == local_peers;
}

static bool consider(void *userdata, const struct observed_address *address)
{
    struct search *search = userdata;
    const struct router *router = search->router;
    const struct node *node = router->node;
    const struct ip_address *candidate = &address->prefix.address;
    bool owner = router->config->priority == PRIORITY_OWNER;

    if (candidate->family != router->family ||
        (address->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0 ||
        !has_right_scope(router, candidate))
        return true;
    /* What vipd added is nobody's identity, unless this node owns it. */
    if (mark_is_ours(address) && !owner)
        return true;
    if (!owner && router_has_address(router, candidate)) {
        search->own = address;
        return true;
    }
    /* Listed by another instance, and there without having been added by us: that instance is at
     * fault, and the others send from it if there is nothing else. */
    const struct source_candidate one = {.address = address,
                                         .shared =
                                             !owner && node->is_virtual(node->userdata, candidate),
                                         .present = ip_address_equal(candidate, search->present)};
    const struct source_candidate best = {
        .address = search->found,
        .shared = search->found_shared,
        .present = search->found != NULL &&
                   ip_address_equal(&search->found->prefix.address, search->present)};

    if (search->found == NULL || source_is_better(&one, &best)) {
        search->found = address;
        search->found_shared = one.shared;
    }
    return true;
}

static void tell_own(const struct router *router, const struct ip_address *own)
{
    char name[NAME_SIZE + 16];
    char text[ADDRESS_TEXT_SIZE];

    log_instance(LOG_WARNING, router_name(router, name, sizeof(name)),
                 "%s is in `addresses`, and this node's own address on %s: nothing is left to send "
                 "from. Take it out of `addresses`, or set priority = 255 if this node owns it",
                 ip_address_format(own, text, sizeof(text)), router->config->interface);
}

static void tell_fault(const struct router *router, const struct observed_address *address)
{
    const char *fault = source_fault(address);
    char name[NAME_SIZE + 16];
    char text[ADDRESS_TEXT_SIZE];

    if (fault == NULL || router->receiver.peer_count == 0)
        return;
    log_instance(
        LOG_WARNING, router_name(router, name, sizeof(name)),
        "sends from %s, which is %s: it will be another one some day, and peers drop adverts "
        "from an address they do not list. Set `source`, or give %s an address that stays",
        ip_address_format(&address->prefix.address, text, sizeof(text)), fault,
        router->config->interface);
}

/* NONE: there is none. */
static struct ip_address find(struct router *router, int ifindex)
{
    const struct config_instance *config = router->config;
    const struct ip_address *fixed =
        router->family == IP_FAMILY_IPV4 ? &config->source4 : &config->source6;
    const struct links *links = router->node->links;
    struct search search = {.router = router, .present = &router_election(router)->source};

    if (fixed->family != IP_FAMILY_NONE) {
        const struct observed_address *there = links_address(links, ifindex, fixed);
        bool usable = there != NULL && (there->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0;
        return usable ? *fixed : (struct ip_address){0};
    }
    links_each_address(links, ifindex, consider, &search);
    bool only_own = search.found == NULL && search.own != NULL;
    if (only_own && !router->told_own_source)
        tell_own(router, &search.own->prefix.address);
    router->told_own_source = only_own;
    if (search.found == NULL)
        return (struct ip_address){0};
    if (!ip_address_equal(&search.found->prefix.address, &router->client.source))
        tell_fault(router, search.found);
    return search.found->prefix.address;
}

bool router_choose_source(struct router *router, int ifindex)
{
    struct ip_address source = {0};

    if (ifindex != 0)
        source = find(router, ifindex);
    if (ip_address_equal(&source, &router->client.source))
        return false;
    router->receiver.source = source;
    router->client.source = source;
    segment_watch(&router->client);
    return true;
}
