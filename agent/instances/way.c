/* Follows the way to the peers; see way.h. */
#include "agent/instances/way.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct peer_way way_of(const struct config_instance *config)
{
    return (struct peer_way){.peers = config->peers,
                             .count = config->peer_count,
                             .source4 = config->source4,
                             .source6 = config->source6};
}

bool instance_find_way(struct instance *instance, void (*changed)(void *instance))
{
    const struct config_instance *config = instance->config;

    memcpy(instance->interface, config->interface, sizeof(instance->interface));
    if (config->interface[0] != '\0')
        return true;
    const struct peer_way way = way_of(config);
    return peer_routes_want(instance->node->peer_routes, &way, changed, instance, &instance->way) >=
           0;
}

void instance_forget_way(struct instance *instance)
{
    peer_routes_drop(instance->way);
    instance->way = NULL;
}

void instance_change_way(struct instance *instance)
{
    const struct peer_way way = way_of(instance->config);

    if (instance->way != NULL && peer_route_change(instance->way, &way) < 0)
        log_instance(LOG_ERR, instance->config->name, "out of memory");
}

bool instance_way_known(const struct instance *instance)
{
    return instance->way == NULL || peer_route_ifindex(instance->way) != -EINPROGRESS;
}

/* The link that leads to the peers. NULL: none does. */
static const struct link *link_of_way(struct instance *instance)
{
    const struct link *link =
        links_by_index(instance->node->links, peer_route_ifindex(instance->way));
    const char *name = link != NULL ? link->name : "";

    if (instance->way_told && strcmp(instance->interface, name) == 0)
        return link;
    instance->way_told = true;
    snprintf(instance->interface, sizeof(instance->interface), "%s", name);
    if (link != NULL)
        log_instance(LOG_INFO, instance->config->name, "its unicast peers are reached by %s", name);
    else
        log_instance(LOG_WARNING, instance->config->name,
                     "no route leads to any of its unicast peers: it takes no part");
    return link;
}

const struct link *instance_link(struct instance *instance)
{
    if (instance->way != NULL)
        return link_of_way(instance);
    return links_by_name(instance->node->links, instance->config->interface);
}

bool instance_astray_text(const struct instance *instance, char *buffer, size_t size)
{
    int ifindex = 0;
    const struct ip_address *peer =
        instance->way != NULL ? peer_route_astray(instance->way, &ifindex) : NULL;
    const struct link *other = links_by_index(instance->node->links, ifindex);
    char text[ADDRESS_TEXT_SIZE];

    if (peer == NULL)
        return false;
    snprintf(buffer, size,
             "the unicast peer %s is reached by %s, and adverts go out on %s alone: they do not "
             "hear each other; route all peers one way",
             ip_address_format(peer, text, sizeof(text)),
             other != NULL ? other->name : "another interface", instance->interface);
    return true;
}

void instance_tell_astray(struct instance *instance)
{
    char text[REASON_TEXT_SIZE];
    bool astray = instance_astray_text(instance, text, sizeof(text));

    if (astray && instance->astray_since_wall_ns == 0)
        log_instance(LOG_WARNING, instance->config->name, "%s", text);
    if (!astray)
        instance->astray_since_wall_ns = 0;
    else if (instance->astray_since_wall_ns == 0)
        instance->astray_since_wall_ns = clock_wall_ns();
}
