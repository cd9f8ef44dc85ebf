/* Requests of rules; see rule_write.h. */
#include "agent/kernel/rule_write.h"

#include "agent/kernel/route_item.h"
#include "agent/kernel/route_types.h"

#include <sys/socket.h>

static void put_prefix(struct nlmsghdr *message, uint16_t type, const struct ip_prefix *prefix,
                       uint8_t *length)
{
    if (prefix->address.family == IP_FAMILY_NONE)
        return;
    *length = prefix->length;
    mnl_attr_put(message, type, ip_family_size(prefix->address.family), prefix->address.octets);
}

void rule_write(struct rtnl_batch *rtnl, bool remove, const struct config_rule *rule)
{
    struct nlmsghdr *message = rtnl_batch_begin(rtnl, remove ? RTM_DELRULE : RTM_NEWRULE,
                                                remove ? 0 : NLM_F_CREATE | NLM_F_EXCL);
    struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

    header->family = rule->family == IP_FAMILY_IPV4 ? AF_INET : AF_INET6;
    header->table = rule->table <= UINT8_MAX ? (uint8_t)rule->table : RT_TABLE_UNSPEC;
    header->action = rule_action_number(rule->action);
    header->flags = rule->inverted ? FIB_RULE_INVERT : 0;
    put_prefix(message, FRA_SRC, &rule->from, &header->src_len);
    put_prefix(message, FRA_DST, &rule->to, &header->dst_len);
    if (rule->iif[0] != '\0')
        mnl_attr_put_strz(message, FRA_IIFNAME, rule->iif);
    if (rule->oif[0] != '\0')
        mnl_attr_put_strz(message, FRA_OIFNAME, rule->oif);
    if (rule->mask != 0) {
        mnl_attr_put_u32(message, FRA_FWMARK, rule->mark);
        mnl_attr_put_u32(message, FRA_FWMASK, rule->mask);
    }
    if (rule->has_priority)
        mnl_attr_put_u32(message, FRA_PRIORITY, rule->priority);
    if (rule->action == RULE_LOOKUP)
        mnl_attr_put_u32(message, FRA_TABLE, rule->table);
    mnl_attr_put_u8(message, FRA_PROTOCOL, VIPD_ROUTE_PROTOCOL);
}
