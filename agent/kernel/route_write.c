/* Requests of routes; those of rules are in rule_write.c. See route_write.h. */
#include "agent/kernel/route_write.h"

#include "agent/kernel/route_types.h"
#include "agent/kernel/rule_write.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

static void put_address(struct nlmsghdr *message, uint16_t type, const struct ip_address *address)
{
    if (address->family != IP_FAMILY_NONE)
        mnl_attr_put(message, type, ip_family_size(address->family), address->octets);
}

/* What ip-route(8) takes where none is given. */
static uint8_t scope_of(const struct config_route *route)
{
    if (route->has_scope)
        return route->scope;
    if (route->family == IP_FAMILY_IPV6 || route->via.family != IP_FAMILY_NONE)
        return RT_SCOPE_UNIVERSE;
    if (route->type == ROUTE_LOCAL)
        return RT_SCOPE_HOST;
    return route->type == ROUTE_UNICAST ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

static void put_route(struct rtnl_batch *rtnl, enum route_operation operation,
                      const struct route_item *item)
{
    static const uint16_t flags[] = {[ROUTE_ADD] = NLM_F_CREATE | NLM_F_EXCL,
                                     [ROUTE_REPLACE] = NLM_F_CREATE | NLM_F_REPLACE,
                                     [ROUTE_REMOVE] = 0};
    const struct config_route *route = &item->route;
    bool remove = operation == ROUTE_REMOVE;
    struct nlmsghdr *message =
        rtnl_batch_begin(rtnl, remove ? RTM_DELROUTE : RTM_NEWROUTE, flags[operation]);
    struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

    header->rtm_family = route->family == IP_FAMILY_IPV4 ? AF_INET : AF_INET6;
    header->rtm_dst_len = route->to.length;
    header->rtm_table = route->table <= UINT8_MAX ? (uint8_t)route->table : RT_TABLE_UNSPEC;
    header->rtm_protocol = VIPD_ROUTE_PROTOCOL;
    /* It is one place, whatever the scope. */
    header->rtm_scope = remove ? RT_SCOPE_NOWHERE : scope_of(route);
    header->rtm_type = route_type_number(route->type);
    header->rtm_flags = route->onlink ? RTNH_F_ONLINK : 0;
    mnl_attr_put_u32(message, RTA_TABLE, route->table);
    if (route->to.length > 0)
        put_address(message, RTA_DST, &route->to.address);
    put_address(message, RTA_GATEWAY, &route->via);
    if (item->ifindex > 0)
        mnl_attr_put_u32(message, RTA_OIF, (uint32_t)item->ifindex);
    put_address(message, RTA_PREFSRC, &route->source);
    if (route->metric != 0)
        mnl_attr_put_u32(message, RTA_PRIORITY, route->metric);
    if (route->mtu == 0 || remove)
        return;
    struct nlattr *metrics = mnl_attr_nest_start(message, RTA_METRICS);
    mnl_attr_put_u32(message, RTAX_MTU, route->mtu);
    mnl_attr_nest_end(message, metrics);
}

void route_write(struct rtnl_batch *rtnl, enum route_operation operation,
                 const struct route_item *item)
{
    if (item->kind == ROUTE_ITEM_ROUTE)
        put_route(rtnl, operation, item);
    else
        rule_write(rtnl, operation == ROUTE_REMOVE, &item->rule);
}
