/* Messages of rtnetlink about links and addresses; see links_parse.h. Pure. */
#include "agent/kernel/links_parse.h"

#include "agent/kernel/mark.h"
#include "agent/kernel/virtual_mark.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

enum {
    /* IFA_MAX of older kernel headers ends before it. */
    ADDRESS_ATTRIBUTES = ATTRIBUTE_IFA_PROTO,
    FLAG_LOWER_UP = 1 << 16,
    FLAG_DORMANT = 1 << 17,
};

int links_parse_ifindex(struct nlmsghdr *message)
{
    struct ifinfomsg *info = nlmsg_data(message);

    if (!nlmsg_valid_hdr(message, sizeof(*info)) || info->ifi_family != AF_UNSPEC)
        return 0;
    return info->ifi_index;
}

/* The kinds whose mode says what they can carry: the attribute's number and its size. */
static const struct {
    const char *kind;
    int attribute;
    int size;
} modes[] = {
    {"macvlan", IFLA_MACVLAN_MODE, sizeof(uint32_t)},
    {"ipvlan", IFLA_IPVLAN_MODE, sizeof(uint16_t)},
    {"bond", IFLA_BOND_MODE, sizeof(uint8_t)},
};

/* Integers of this machine's order. */
static unsigned read_number(struct nlattr *attribute)
{
    switch (nla_len(attribute)) {
    case sizeof(uint8_t):
        return nla_get_u8(attribute);
    case sizeof(uint16_t):
        return nla_get_u16(attribute);
    default:
        return nla_get_u32(attribute);
    }
}

static void read_mode(struct nlattr *data, struct link *link)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(modes[i].kind, link->kind) != 0)
            continue;
        struct nlattr *mode = nla_find(nla_data(data), nla_len(data), modes[i].attribute);
        if (mode != NULL && nla_len(mode) == modes[i].size)
            link->mode = read_number(mode);
    }
}

static void read_kind(struct nlattr *linkinfo, struct link *link)
{
    struct nlattr *attributes[IFLA_INFO_MAX + 1];

    if (nla_parse_nested(attributes, IFLA_INFO_MAX, linkinfo, NULL) != 0)
        return;
    if (attributes[IFLA_INFO_KIND] != NULL)
        nla_strlcpy(link->kind, attributes[IFLA_INFO_KIND], sizeof(link->kind));
    if (attributes[IFLA_INFO_SLAVE_KIND] != NULL)
        nla_strlcpy(link->master_kind, attributes[IFLA_INFO_SLAVE_KIND], sizeof(link->master_kind));
    if (attributes[IFLA_INFO_DATA] != NULL)
        read_mode(attributes[IFLA_INFO_DATA], link);
}

static bool is_index(struct nlattr *attribute)
{
    return attribute != NULL && nla_len(attribute) >= (int)sizeof(uint32_t);
}

/* The settings of a link in one family are an attribute with an array of 32-bit values. False:
 * there is no such value. */
static bool read_setting(struct nlattr *family, int attribute, size_t place, bool *out)
{
    const size_t offset = place * sizeof(uint32_t);
    uint32_t value;

    if (family == NULL)
        return false;
    struct nlattr *values = nla_find(nla_data(family), nla_len(family), attribute);
    if (values == NULL || nla_len(values) < (int)(offset + sizeof(value)))
        return false;
    memcpy(&value, (const char *)nla_data(values) + offset, sizeof(value));
    *out = value != 0;
    return true;
}

/* Those of IPv4 begin with the number 1. */
static void read_settings(struct nlattr *families, struct link *link)
{
    struct nlattr *family[AF_INET6 + 1];

    if (nla_parse_nested(family, AF_INET6, families, NULL) != 0)
        return;
    (void)read_setting(family[AF_INET], IFLA_INET_CONF, IPV4_DEVCONF_PROMOTE_SECONDARIES - 1,
                       &link->promote_secondaries);
    (void)read_setting(family[AF_INET6], IFLA_INET6_CONF, DEVCONF_FORWARDING, &link->forwards_ipv6);
}

bool links_parse_forwards(struct nlmsghdr *message, int *ifindex, bool *forwards_ipv6)
{
    struct nlattr *attributes[NETCONFA_MAX + 1];
    struct netconfmsg *info = nlmsg_data(message);

    if (!nlmsg_valid_hdr(message, sizeof(*info)) || info->ncm_family != AF_INET6 ||
        nlmsg_parse(message, sizeof(*info), attributes, NETCONFA_MAX, NULL) < 0 ||
        !is_index(attributes[NETCONFA_IFINDEX]) || !is_index(attributes[NETCONFA_FORWARDING]))
        return false;
    *ifindex = (int)nla_get_u32(attributes[NETCONFA_IFINDEX]);
    *forwards_ipv6 = nla_get_u32(attributes[NETCONFA_FORWARDING]) != 0;
    return true;
}

bool links_parse_link(struct nlmsghdr *message, struct link *link)
{
    struct nlattr *attributes[IFLA_MAX + 1];
    struct ifinfomsg *info = nlmsg_data(message);

    if (links_parse_ifindex(message) <= 0 ||
        nlmsg_parse(message, sizeof(*info), attributes, IFLA_MAX, NULL) < 0 ||
        attributes[IFLA_WIRELESS] != NULL)
        return false;
    /* An alias given to a link that is down is not reported, so one that we have read stays. */
    struct link before = *link;
    *link = (struct link){.ifindex = info->ifi_index, .forwards_ipv6 = before.forwards_ipv6};
    memcpy(link->alias, before.alias, sizeof(link->alias));
    link->up = (info->ifi_flags & IFF_UP) != 0;
    link->no_neighbours = (info->ifi_flags & (IFF_NOARP | IFF_LOOPBACK)) != 0;
    link->carrier = (info->ifi_flags & FLAG_LOWER_UP) != 0 && (info->ifi_flags & FLAG_DORMANT) == 0;
    link->multicast = (info->ifi_flags & IFF_MULTICAST) != 0;
    link->loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
    link->ethernet = info->ifi_type == ARPHRD_ETHER;
    if (attributes[IFLA_IFNAME] != NULL)
        nla_strlcpy(link->name, attributes[IFLA_IFNAME], sizeof(link->name));
    if (attributes[IFLA_ADDRESS] != NULL) {
        link->has_mac = nla_len(attributes[IFLA_ADDRESS]) == sizeof(link->mac);
        if (link->has_mac)
            memcpy(link->mac, nla_data(attributes[IFLA_ADDRESS]), sizeof(link->mac));
    }
    if (attributes[IFLA_MTU] != NULL && nla_len(attributes[IFLA_MTU]) >= (int)sizeof(uint32_t))
        link->mtu = nla_get_u32(attributes[IFLA_MTU]);
    /* The index of a parent in another namespace means nothing here. */
    if (attributes[IFLA_LINK_NETNSID] == NULL && is_index(attributes[IFLA_LINK]))
        link->parent = (int)nla_get_u32(attributes[IFLA_LINK]);
    if (is_index(attributes[IFLA_MASTER]))
        link->master = (int)nla_get_u32(attributes[IFLA_MASTER]);
    if (attributes[IFLA_IFALIAS] != NULL)
        nla_strlcpy(link->alias, attributes[IFLA_IFALIAS], sizeof(link->alias));
    if (attributes[IFLA_LINKINFO] != NULL)
        read_kind(attributes[IFLA_LINKINFO], link);
    if (attributes[IFLA_AF_SPEC] != NULL)
        read_settings(attributes[IFLA_AF_SPEC], link);
    virtual_mark_apply(link);
    return true;
}

/* IFA_LOCAL is the address itself; IFA_ADDRESS is the peer's on point-to-point links. */
static bool read_address(struct nlattr **attributes, enum ip_family family, struct ip_address *out)
{
    struct nlattr *a =
        attributes[IFA_LOCAL] != NULL ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];

    if (a == NULL || nla_len(a) < (int)ip_family_size(family))
        return false;
    *out = ip_address_from_octets(family, nla_data(a));
    return true;
}

static void read_ipv4_words(struct nlattr **attributes, struct observed_address *out)
{
    if (attributes[IFA_LABEL] != NULL)
        nla_strlcpy(out->label, attributes[IFA_LABEL], sizeof(out->label));
    if (attributes[IFA_BROADCAST] != NULL &&
        nla_len(attributes[IFA_BROADCAST]) == (int)sizeof(out->broadcast))
        memcpy(out->broadcast, nla_data(attributes[IFA_BROADCAST]), sizeof(out->broadcast));
}

bool links_parse_address(struct nlmsghdr *message, struct observed_address *out)
{
    struct nlattr *attributes[ADDRESS_ATTRIBUTES + 1];
    struct ifaddrmsg *info = nlmsg_data(message);
    struct ifa_cacheinfo cache;

    if (!nlmsg_valid_hdr(message, sizeof(*info)) ||
        (info->ifa_family != AF_INET && info->ifa_family != AF_INET6) ||
        nlmsg_parse(message, sizeof(*info), attributes, ADDRESS_ATTRIBUTES, NULL) < 0)
        return false;
    enum ip_family family = info->ifa_family == AF_INET ? IP_FAMILY_IPV4 : IP_FAMILY_IPV6;

    *out = (struct observed_address){.ifindex = (int)info->ifa_index, .valid_s = UINT32_MAX};
    if (!read_address(attributes, family, &out->prefix.address))
        return false;
    out->prefix.length = info->ifa_prefixlen;
    out->flags = info->ifa_flags;
    out->scope = info->ifa_scope;
    read_ipv4_words(attributes, out);
    if (attributes[IFA_FLAGS] != NULL && nla_len(attributes[IFA_FLAGS]) >= (int)sizeof(uint32_t))
        out->flags = nla_get_u32(attributes[IFA_FLAGS]);
    if (attributes[ATTRIBUTE_IFA_PROTO] != NULL && nla_len(attributes[ATTRIBUTE_IFA_PROTO]) > 0)
        out->proto = nla_get_u8(attributes[ATTRIBUTE_IFA_PROTO]);
    if (attributes[IFA_RT_PRIORITY] != NULL &&
        nla_len(attributes[IFA_RT_PRIORITY]) >= (int)sizeof(uint32_t))
        out->metric = nla_get_u32(attributes[IFA_RT_PRIORITY]);
    if (attributes[IFA_CACHEINFO] != NULL &&
        nla_len(attributes[IFA_CACHEINFO]) >= (int)sizeof(cache)) {
        memcpy(&cache, nla_data(attributes[IFA_CACHEINFO]), sizeof(cache));
        out->valid_s = cache.ifa_valid;
        out->created = cache.cstamp;
    }
    return true;
}
