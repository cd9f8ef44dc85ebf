/* A router's place on a link; see link.h. */
#include "agent/instances/link.h"

#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/instances/actions.h"
#include "agent/kernel/virtual_link.h"

#include <string.h>

/* The macvlan and its send-only socket. 0 or a negative errno, logged. */
static int open_virtual(struct router *router, const struct link *link)
{
    const struct config_instance *config = router->config;
    const struct node *node = router->node;
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
    int r = virtual_link_delete(router->node->links, router->virtual_ifindex, parent);
    if (r < 0)
        log_instance(LOG_WARNING, router->config->name, "cannot delete the virtual MAC's link: %s",
                     strerror(-r));
    router->virtual_ifindex = 0;
}

static void leave(struct router *router)
{
    close_virtual(router, segment_ifindex(&router->client));
    segment_detach(router->node->segments, &router->client);
}

void router_detach(struct router *router)
{
    const struct node *node = router->node;
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
    log_instance(LOG_WARNING, router->config->name,
                 "the virtual MAC's link on %s was deleted by somebody else: making it again",
                 parent->name);
    if (open_virtual(router, parent) < 0)
        router_detach(router);
    else if (router_election(router)->holding)
        router_execute(router, &again);
}

bool router_link_gone(struct router *router, int ifindex)
{
    const struct link *parent =
        links_by_index(router->node->links, segment_ifindex(&router->client));

    if (router->virtual_ifindex == ifindex && ifindex != 0 && parent != NULL)
        make_virtual_again(router, parent);
    return parent == NULL || router->client.segment != NULL;
}

int router_attach(struct router *router, const struct link *link)
{
    int r = segment_attach(router->node->segments, link, &router->client);

    if (r == 0 && router->config->mac == MAC_VIRTUAL)
        r = open_virtual(router, link);
    /* Without telling the others: what was taken and left at once is nothing they waited for. */
    if (r < 0)
        leave(router);
    return r;
}

void router_follow_mac(struct router *router, const struct link *link)
{
    const struct election_actions again = {.list = {{.type = ACTION_ANNOUNCE}}, .count = 1};
    const struct config_instance *config = router->config;

    if (!link->has_mac || memcmp(router->link_mac, link->mac, sizeof(link->mac)) == 0)
        return;
    memcpy(router->link_mac, link->mac, sizeof(link->mac));
    if (config->mac == MAC_VIRTUAL || router_election(router)->state != VRRP_MASTER)
        return;
    log_instance(LOG_NOTICE, config->name, "%s has another MAC: announcing the addresses again",
                 link->name);
    router_execute(router, &again);
}
