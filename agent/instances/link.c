/* A router's place on a link; see link.h. */
#include "agent/instances/link.h"

#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/instances/actions.h"

#include <errno.h>
#include <string.h>

static void on_virtual_ready(void *userdata)
{
    struct router *router = userdata;

    router->client.calls->on_ready(router);
}

static int want_virtual(struct router *router, const struct link *link)
{
    const struct virtual_link_options options = {
        .parent = link->ifindex,
        .family = router->family,
        .vrid = router->config->vrid,
        .on_ready = on_virtual_ready,
        .userdata = router,
    };
    int r = 0;

    if (router->virtual->link == NULL)
        r = virtual_links_want(router->node->virtual_links, &options, &router->virtual->link);
    return r < 0 ? r : virtual_link_ifindex(router->virtual->link);
}

/* A socket that only sends joins nothing, so the loop opens it. */
static int open_virtual_io(struct router *router)
{
    const struct link *made = links_by_index(router->node->links, router->virtual->ifindex);
    const struct advert_io_options options = {
        .ifindex = router->virtual->ifindex,
        .ifname = made != NULL ? made->name : "",
        .family = router->family,
        .send_only = true,
        .priority = AGENT_PRIORITY_PACKETS,
    };
    struct wire_problem problem = {0};
    int r = advert_io_open(&options, &router->virtual->io, &problem);

    /* Once, not at each further attempt. */
    if (r < 0 && r != router->virtual->io_error)
        log_msg(LOG_ERR, "%s: %s", options.ifname, problem.text);
    router->virtual->io_error = r;
    return r;
}

/* The macvlan and its socket; unicast is sent from the interface itself, by the segment's.
 * 0, -EINPROGRESS, or another negative errno, logged. */
static int attach_virtual(struct router *router, const struct link *link)
{
    const struct config_instance *config = router->config;

    if (router->virtual->ifindex != 0)
        return 0;
    int ifindex = want_virtual(router, link);
    if (ifindex == -EINPROGRESS)
        return ifindex;
    /* Once, not at each further attempt. */
    if (ifindex < 0 && ifindex != router->virtual->error)
        log_instance(LOG_ERR, config->name, "cannot make the virtual MAC's link on %s: %s",
                     link->name, strerror(-ifindex));
    router->virtual->error = ifindex < 0 ? ifindex : 0;
    if (ifindex < 0)
        return ifindex;
    router->virtual->ifindex = ifindex;
    return config->unicast ? 0 : open_virtual_io(router);
}

void router_leave_virtual(struct router *router)
{
    if (router->virtual == NULL)
        return;
    advert_io_close(router->virtual->io);
    router->virtual->io = NULL;
}

static void drop_virtual(struct router *router)
{
    if (router->virtual == NULL)
        return;
    router_leave_virtual(router);
    virtual_links_drop(router->virtual->link);
    router->virtual->link = NULL;
    router->virtual->ifindex = 0;
    router->virtual->again = false;
}

static void leave(struct router *router)
{
    drop_virtual(router);
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
static void claim_again(struct router *router)
{
    const struct election_actions again = {
        .list = {{.type = ACTION_CLAIM}, {.type = ACTION_ANNOUNCE}}, .count = 2};

    router->virtual->again = false;
    if (router_election(router)->holding)
        router_execute(router, &again);
}

bool router_link_gone(struct router *router, int ifindex)
{
    const struct link *parent =
        links_by_index(router->node->links, segment_ifindex(&router->client));

    if (router_virtual_ifindex(router) == ifindex && ifindex != 0 && parent != NULL) {
        log_instance(LOG_WARNING, router->config->name,
                     "the virtual MAC's link on %s was deleted by somebody else: making it again",
                     parent->name);
        drop_virtual(router);
        router->virtual->again = true;
        if (router_attach(router, parent) < 0)
            router->node->on_detached(router->node->userdata);
    }
    return parent == NULL || router->client.segment != NULL;
}

/* Where the addresses are has to be in the VRF of the interface. */
static void follow_vrf(struct router *router, const struct link *link)
{
    if (router_virtual_ifindex(router) == 0 || virtual_link_is_placed(router->virtual->link, link))
        return;
    log_instance(LOG_NOTICE, router->config->name,
                 "%s is in another VRF now: making the virtual MAC's link again", link->name);
    drop_virtual(router);
    router->virtual->again = true;
}

int router_attach(struct router *router, const struct link *link)
{
    follow_vrf(router, link);
    bool was_there = router->virtual != NULL && router->virtual->again;
    int r = router->client.segment == NULL
                ? segment_attach(router->node->segments, link, &router->client)
                : segment_state(&router->client);

    if (r == 0 && router->config->mac == MAC_VIRTUAL)
        r = attach_virtual(router, link);
    if (r == 0)
        router_guard(router);
    if (r == 0 && was_there)
        claim_again(router);
    /* Meanwhile it sends from the interface. */
    if (r == -EINPROGRESS && was_there)
        return 0;
    /* Without telling the others: what was taken and left at once is nothing they waited for. */
    if (r < 0 && r != -EINPROGRESS)
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
