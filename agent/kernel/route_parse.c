/* Messages about routes and rules; see route_parse.h. */
#include "agent/kernel/route_parse.h"

#include "agent/kernel/route_types.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { ATTRIBUTES = 32 };

struct attributes {
    const struct nlattr *list[ATTRIBUTES];
};

static int note(const struct nlattr *attribute, void *userdata)
{
    struct attributes *attributes = userdata;
    uint16_t type = mnl_attr_get_type(attribute);

    if (type < ATTRIBUTES)
        attributes->list[type] = attribute;
    return MNL_CB_OK;
}

static uint32_t number(const struct attributes *attributes, uint16_t type, uint32_t otherwise)
{
    const struct nlattr *attribute = attributes->list[type];

    if (attribute == NULL || mnl_attr_get_payload_len(attribute) < sizeof(uint32_t))
        return otherwise;
    return mnl_attr_get_u32(attribute);
}

static struct ip_address address(const struct attributes *attributes, uint16_t type,
                                 enum ip_family family)
{
    const struct nlattr *attribute = attributes->list[type];

    if (attribute == NULL || mnl_attr_get_payload_len(attribute) < ip_family_size(family))
        return (struct ip_address){0};
    return ip_address_from_octets(family, mnl_attr_get_payload(attribute));
}

static void text(const struct attributes *attributes, uint16_t type, char *out)
{
    const struct nlattr *attribute = attributes->list[type];

    if (attribute != NULL && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
        snprintf(out, INTERFACE_NAME_SIZE, "%s", mnl_attr_get_str(attribute));
}

static bool family_of(uint8_t number, enum ip_family *out)
{
    *out = number == AF_INET ? IP_FAMILY_IPV4 : IP_FAMILY_IPV6;
    return number == AF_INET || number == AF_INET6;
}

static bool type_of(uint8_t number, enum config_route_type *out)
{
    for (unsigned type = 0; type < ROUTE_TYPES; type++)
        if (route_type_number((enum config_route_type)type) == number) {
            *out = (enum config_route_type)type;
            return true;
        }
    return false;
}

static bool action_of(uint8_t number, enum config_rule_action *out)
{
    for (unsigned action = 0; action < RULE_ACTIONS; action++)
        if (rule_action_number((enum config_rule_action)action) == number) {
            *out = (enum config_rule_action)action;
            return true;
        }
    return false;
}

static uint32_t mtu(const struct attributes *attributes)
{
    struct attributes metrics = {0};

    if (attributes->list[RTA_METRICS] == NULL)
        return 0;
    (void)mnl_attr_parse_nested(attributes->list[RTA_METRICS], note, &metrics);
    return number(&metrics, RTAX_MTU, 0);
}

static bool parse_route(const struct nlmsghdr *message, struct route_item *out)
{
    const struct rtmsg *header = mnl_nlmsg_get_payload(message);
    struct config_route *route = &out->route;
    struct attributes a = {0};

    if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) ||
        header->rtm_protocol != VIPD_ROUTE_PROTOCOL || (header->rtm_flags & RTM_F_CLONED) != 0 ||
        !family_of(header->rtm_family, &route->family) ||
        !type_of(header->rtm_type, &route->type) ||
        mnl_attr_parse(message, sizeof(*header), note, &a) < 0)
        return false;
    out->kind = ROUTE_ITEM_ROUTE;
    out->ifindex = (int)number(&a, RTA_OIF, 0);
    route->to.address = address(&a, RTA_DST, route->family);
    route->to.address.family = route->family;
    route->to.length = header->rtm_dst_len;
    route->via = address(&a, RTA_GATEWAY, route->family);
    route->source = address(&a, RTA_PREFSRC, route->family);
    route->table = number(&a, RTA_TABLE, header->rtm_table);
    route->metric = number(&a, RTA_PRIORITY, 0);
    route->mtu = mtu(&a);
    route->scope = header->rtm_scope;
    route->has_scope = true;
    route->onlink = (header->rtm_flags & RTNH_F_ONLINK) != 0;
    return true;
}

static struct ip_prefix prefix(const struct attributes *attributes, uint16_t type,
                               enum ip_family family, uint8_t length)
{
    return (struct ip_prefix){.address = address(attributes, type, family), .length = length};
}

static bool parse_rule(const struct nlmsghdr *message, struct route_item *out)
{
    const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(message);
    struct config_rule *rule = &out->rule;
    struct attributes a = {0};

    if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) ||
        !family_of(header->family, &rule->family) || !action_of(header->action, &rule->action) ||
        mnl_attr_parse(message, sizeof(*header), note, &a) < 0 || a.list[FRA_PROTOCOL] == NULL ||
        mnl_attr_get_u8(a.list[FRA_PROTOCOL]) != VIPD_ROUTE_PROTOCOL)
        return false;
    out->kind = ROUTE_ITEM_RULE;
    rule->from = prefix(&a, FRA_SRC, rule->family, header->src_len);
    rule->to = prefix(&a, FRA_DST, rule->family, header->dst_len);
    text(&a, FRA_IIFNAME, rule->iif);
    text(&a, FRA_OIFNAME, rule->oif);
    rule->mark = number(&a, FRA_FWMARK, 0);
    rule->mask = number(&a, FRA_FWMASK, 0);
    rule->priority = number(&a, FRA_PRIORITY, 0);
    rule->has_priority = true;
    rule->inverted = (header->flags & FIB_RULE_INVERT) != 0;
    if (rule->action == RULE_LOOKUP)
        rule->table = number(&a, FRA_TABLE, header->table);
    return true;
}

bool route_parse(const struct nlmsghdr *message, struct route_item *out)
{
    memset(out, 0, sizeof(*out));
    switch (message->nlmsg_type) {
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        return parse_route(message, out);
    case RTM_NEWRULE:
    case RTM_DELRULE:
        return parse_rule(message, out);
    default:
        return false;
    }
}
