/* Changes as netlink messages; see address_write.h. */
#include "agent/kernel/address_write.h"

#include "agent/kernel/mark.h"
#include "agent/kernel/mark_check.h"
#include "agent/kernel/virtual_link.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

static struct nlmsghdr *begin(struct rtnl_batch *rtnl, const struct address_change *change,
                              uint16_t type, uint16_t flags)
{
    const struct ip_prefix *prefix = &change->address.prefix;
    bool ipv4 = prefix->address.family == IP_FAMILY_IPV4;
    struct nlmsghdr *message = rtnl_batch_begin(rtnl, type, flags);
    struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    size_t size = ip_family_size(prefix->address.family);

    header->ifa_family = ipv4 ? AF_INET : AF_INET6;
    header->ifa_prefixlen = prefix->length;
    header->ifa_index = (unsigned)change->address.ifindex;
    header->ifa_scope = change->address.scope;
    mnl_attr_put(message, IFA_LOCAL, size, prefix->address.octets);
    mnl_attr_put(message, IFA_ADDRESS, size, prefix->address.octets);
    return message;
}

static void put_ipv4_words(struct nlmsghdr *message, const struct observed_address *address)
{
    static const uint8_t none[sizeof(address->broadcast)];

    if (address->label[0] != '\0')
        mnl_attr_put_strz(message, IFA_LABEL, address->label);
    if (memcmp(address->broadcast, none, sizeof(none)) != 0)
        mnl_attr_put(message, IFA_BROADCAST, sizeof(address->broadcast), address->broadcast);
}

static void put_address(struct rtnl_batch *rtnl, const struct address_change *change,
                        uint16_t flags)
{
    const struct observed_address *address = &change->address;
    struct nlmsghdr *message = begin(rtnl, change, RTM_NEWADDR, flags);
    bool ipv6 = address->prefix.address.family == IP_FAMILY_IPV6;
    /* An IPv6 address that is not preferred is never the source of the node's own traffic. */
    const struct ifa_cacheinfo cache = {.ifa_valid = address->valid_s,
                                        .ifa_prefered = ipv6 ? 0 : address->valid_s};

    mnl_attr_put_u32(message, IFA_FLAGS, address->flags);
    put_ipv4_words(message, address);
    mnl_attr_put(message, IFA_CACHEINFO, sizeof(cache), &cache);
    mark_put(message, address);
}

static void put_promotion(struct rtnl_batch *rtnl, int ifindex)
{
    struct nlmsghdr *message = rtnl_batch_begin(rtnl, RTM_SETLINK, 0);
    struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

    header->ifi_family = AF_UNSPEC;
    header->ifi_index = ifindex;
    struct nlattr *spec = mnl_attr_nest_start(message, IFLA_AF_SPEC);
    struct nlattr *inet = mnl_attr_nest_start(message, AF_INET);
    struct nlattr *conf = mnl_attr_nest_start(message, IFLA_INET_CONF);
    mnl_attr_put_u32(message, IPV4_DEVCONF_PROMOTE_SECONDARIES, 1);
    mnl_attr_nest_end(message, conf);
    mnl_attr_nest_end(message, inet);
    mnl_attr_nest_end(message, spec);
}

static void put(struct rtnl_batch *rtnl, const struct address_change *change, bool quiet)
{
    rtnl_batch_set_quiet(rtnl, quiet || change->unheard);
    switch (change->operation) {
    case ADDRESS_ADD:
        put_address(rtnl, change, NLM_F_CREATE | NLM_F_EXCL);
        break;
    case ADDRESS_REFRESH:
        put_address(rtnl, change, NLM_F_CREATE | NLM_F_REPLACE);
        break;
    case ADDRESS_REMOVE:
        (void)begin(rtnl, change, RTM_DELADDR, 0);
        break;
    case ADDRESS_PROMOTE:
        put_promotion(rtnl, change->address.ifindex);
        break;
    case ADDRESS_LINK_UP:
    case ADDRESS_LINK_DOWN:
        virtual_link_put_up(rtnl, change->address.ifindex, change->operation == ADDRESS_LINK_UP);
        break;
    }
}

/* The first of each family stands for the others. */
static void read_marks_back(struct address_change *changes, unsigned count)
{
    const struct address_change *first[2] = {NULL, NULL};

    for (unsigned i = 0; i < count; i++) {
        struct address_change *change = &changes[i];
        bool ipv6 = change->address.prefix.address.family == IP_FAMILY_IPV6;

        if (!change->read_back || change->result < 0)
            continue;
        if (first[ipv6] == NULL) {
            /* What cannot be read, or has gone by now, is as good as any. */
            (void)mark_check_read(&change->address);
            first[ipv6] = change;
        }
        change->address.proto = first[ipv6]->address.proto;
        change->address.metric = first[ipv6]->address.metric;
    }
}

/* An address that nobody could tell from the administrator's must not stay. */
static void take_unmarked_back(struct rtnl_batch *rtnl, struct address_change *changes,
                               unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct address_change *change = &changes[i];

        if (!change->read_back || change->result < 0 || mark_is_ours(&change->address))
            continue;
        (void)begin(rtnl, change, RTM_DELADDR, 0);
        if (rtnl_batch_full(rtnl))
            (void)rtnl_batch_send(rtnl);
        change->result = -EOPNOTSUPP;
        snprintf(change->detail, sizeof(change->detail),
                 "this kernel does not keep what marks an address as ours (Linux 4.18 does)");
    }
    (void)rtnl_batch_send(rtnl);
}

void address_write(struct rtnl_batch *rtnl, struct address_change *changes, unsigned count,
                   bool quiet)
{
    unsigned i = 0;

    while (i < count) {
        unsigned first = i;

        while (i < count && !rtnl_batch_full(rtnl))
            put(rtnl, &changes[i++], quiet);
        (void)rtnl_batch_send(rtnl);
        for (unsigned k = first; k < i; k++) {
            changes[k].result = rtnl_batch_result(rtnl, k - first);
            if (changes[k].result < 0)
                snprintf(changes[k].detail, sizeof(changes[k].detail), "%s",
                         rtnl_batch_detail(rtnl, k - first));
        }
    }
    read_marks_back(changes, count);
    take_unmarked_back(rtnl, changes, count);
}
