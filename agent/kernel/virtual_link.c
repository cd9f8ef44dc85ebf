/* The macvlan of a virtual router MAC; see virtual_link.h. Owner of a link: the router it was made
 * for, by virtual_links.h. Rare calls, so each opens a netlink socket of its own. */
#include "agent/kernel/virtual_link.h"

#include "agent/base/log.h"
#include "agent/kernel/link_query.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    MAC_OCTETS = 6,
    ARP_IGNORE_OTHER_LINKS = 1,
    ARP_ANNOUNCE_BEST = 2,
    ADDR_GEN_NONE = 1, /* IN6_ADDR_GEN_MODE_NONE */
};

/* One setting of a link's IPv4 configuration. */
struct inet_setting {
    uint16_t id;
    uint32_t value;
};

static struct nlmsghdr *begin_link(struct rtnl_batch *batch, uint16_t type, uint16_t flags,
                                   int ifindex, unsigned change, unsigned value)
{
    struct nlmsghdr *message = rtnl_batch_begin(batch, type, flags);
    struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

    header->ifi_family = AF_UNSPEC;
    header->ifi_index = ifindex;
    header->ifi_change = change;
    header->ifi_flags = value;
    return message;
}

static void put_inet(struct nlmsghdr *message, const struct inet_setting *settings, size_t count)
{
    struct nlattr *inet = mnl_attr_nest_start(message, AF_INET);
    struct nlattr *conf = mnl_attr_nest_start(message, IFLA_INET_CONF);

    for (size_t i = 0; i < count; i++)
        mnl_attr_put_u32(message, settings[i].id, settings[i].value);
    mnl_attr_nest_end(message, conf);
    mnl_attr_nest_end(message, inet);
}

static void put_create(struct rtnl_batch *batch, const char *name,
                       const struct virtual_link_place *place, const uint8_t mac[MAC_OCTETS])
{
    struct nlmsghdr *message = begin_link(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, 0, 0);

    mnl_attr_put_strz(message, IFLA_IFNAME, name);
    mnl_attr_put_u32(message, IFLA_LINK, (uint32_t)place->parent);
    mnl_attr_put(message, IFLA_ADDRESS, MAC_OCTETS, mac);
    struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
    mnl_attr_put_strz(message, IFLA_INFO_KIND, "macvlan");
    struct nlattr *data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
    mnl_attr_put_u32(message, IFLA_MACVLAN_MODE,
                     place->vepa ? MACVLAN_MODE_VEPA : MACVLAN_MODE_BRIDGE);
    mnl_attr_nest_end(message, data);
    mnl_attr_nest_end(message, info);
}

/* Settings of the macvlan itself: it answers ARP only for its own addresses, and accepts what comes
 * in although the way back may lead over the parent. */
static void put_settings(struct rtnl_batch *batch, int ifindex, const char *alias, int vrf)
{
    static const struct inet_setting settings[] = {
        {IPV4_DEVCONF_ARP_IGNORE, ARP_IGNORE_OTHER_LINKS},
        {IPV4_DEVCONF_ARP_ANNOUNCE, ARP_ANNOUNCE_BEST},
        {IPV4_DEVCONF_RP_FILTER, 0},
    };
    struct nlmsghdr *message = begin_link(batch, RTM_SETLINK, 0, ifindex, 0, 0);

    mnl_attr_put_strz(message, IFLA_IFALIAS, alias);
    /* 0: out of one, if it is in any. */
    mnl_attr_put_u32(message, IFLA_MASTER, (uint32_t)vrf);
    struct nlattr *spec = mnl_attr_nest_start(message, IFLA_AF_SPEC);
    put_inet(message, settings, sizeof(settings) / sizeof(settings[0]));
    mnl_attr_nest_end(message, spec);
}

/* It gets no IPv6 address by itself. */
static void put_no_addresses(struct rtnl_batch *batch, int ifindex)
{
    struct nlmsghdr *message = begin_link(batch, RTM_SETLINK, 0, ifindex, 0, 0);
    struct nlattr *spec = mnl_attr_nest_start(message, IFLA_AF_SPEC);
    struct nlattr *inet6 = mnl_attr_nest_start(message, AF_INET6);
    mnl_attr_put_u8(message, IFLA_INET6_ADDR_GEN_MODE, ADDR_GEN_NONE);
    mnl_attr_nest_end(message, inet6);
    mnl_attr_nest_end(message, spec);
}

/* Never less strict than the administrator has made it. */
static struct arp_settings stricter(const struct arp_settings *before)
{
    return (struct arp_settings){
        before->ignore > 0 ? before->ignore : ARP_IGNORE_OTHER_LINKS,
        before->announce > ARP_ANNOUNCE_BEST ? before->announce : ARP_ANNOUNCE_BEST,
    };
}

static void put_parent(struct rtnl_batch *batch, int parent, const struct arp_settings *arp)
{
    const struct inet_setting settings[] = {
        {IPV4_DEVCONF_ARP_IGNORE, arp->ignore},
        {IPV4_DEVCONF_ARP_ANNOUNCE, arp->announce},
    };
    struct nlmsghdr *message = begin_link(batch, RTM_SETLINK, 0, parent, 0, 0);
    struct nlattr *spec = mnl_attr_nest_start(message, IFLA_AF_SPEC);

    put_inet(message, settings, sizeof(settings) / sizeof(settings[0]));
    mnl_attr_nest_end(message, spec);
}

static int send_and_close(struct rtnl_batch *batch)
{
    int r = rtnl_batch_send(batch);

    rtnl_batch_close(batch);
    return r;
}

struct virtual_link_place virtual_link_place(const struct link *parent)
{
    bool beside = strcmp(parent->kind, "macvlan") == 0;

    return (struct virtual_link_place){
        .parent = parent->ifindex,
        .below = beside ? parent->parent : parent->ifindex,
        .vepa = beside,
        .vrf = strcmp(parent->master_kind, "vrf") == 0 ? parent->master : 0,
    };
}

/* Ours from just after its creation, when it had no alias yet. */
static bool is_half_made(const struct link *link, int below, enum ip_family family, uint8_t vrid)
{
    uint8_t mac[MAC_OCTETS];

    virtual_mac(family, vrid, mac);
    return strcmp(link->kind, "macvlan") == 0 && link->parent == below && !link->up &&
           link->alias[0] == '\0' && link->has_mac && memcmp(link->mac, mac, sizeof(mac)) == 0;
}

static unsigned read_setting(const char *ifname, const char *key)
{
    char path[96];
    char digit = '0';

    snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", ifname, key);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, &digit, 1);
    close(fd);
    return n == 1 && digit >= '0' && digit <= '8' ? (unsigned)(digit - '0') : 0;
}

struct arp_settings virtual_link_before(const struct links *links, const struct link *parent)
{
    const struct link *sibling = links_find_child(links, parent->ifindex, virtual_mark_is_on);

    if (sibling != NULL)
        return virtual_mark_before(sibling);
    return (struct arp_settings){read_setting(parent->name, "arp_ignore"),
                                 read_setting(parent->name, "arp_announce")};
}

static int make(const char *name, const struct virtual_link_place *place, enum ip_family family,
                uint8_t vrid, struct link *made)
{
    uint8_t mac[MAC_OCTETS];
    struct rtnl_batch *batch;
    int r = rtnl_batch_open(&batch);

    if (r < 0)
        return r;
    virtual_mac(family, vrid, mac);
    put_create(batch, name, place, mac);
    r = send_and_close(batch);
    return r < 0 ? r : link_query_name(name, made);
}

static int configure(int ifindex, const struct virtual_link_place *place, enum ip_family family,
                     const struct arp_settings *before)
{
    const struct arp_settings now = stricter(before);
    const int on = place->below != place->parent ? place->parent : 0;
    char alias[VIRTUAL_MARK_SIZE];
    struct rtnl_batch *batch;
    int r = rtnl_batch_open(&batch);

    if (r < 0)
        return r;
    virtual_mark_write(before, on, alias, sizeof(alias));
    put_settings(batch, ifindex, alias, place->vrf);
    put_parent(batch, place->parent, &now);
    (void)begin_link(batch, RTM_SETLINK, 0, ifindex, IFF_UP, 0);
    r = rtnl_batch_send(batch);
    if (r == 0) {
        put_no_addresses(batch, ifindex);
        r = rtnl_batch_send(batch);
        /* Where there is no IPv6 there is nothing to keep away. */
        if (family == IP_FAMILY_IPV4 && r == -EAFNOSUPPORT)
            r = 0;
    }
    rtnl_batch_close(batch);
    return r;
}

int virtual_link_create(const struct virtual_link_place *place, enum ip_family family, uint8_t vrid,
                        const struct arp_settings *before, struct link *made)
{
    char name[INTERFACE_NAME_SIZE];

    virtual_link_name(place->parent, family, vrid, name);
    int r = link_query_name(name, made);
    if (r == -ENODEV)
        r = make(name, place, family, vrid, made);
    else if (r == 0 && !virtual_mark_is_on(made) && !is_half_made(made, place->below, family, vrid))
        r = -EEXIST;
    if (r < 0)
        return r;
    int ifindex = made->ifindex;
    r = configure(ifindex, place, family, before);
    if (r == 0)
        r = link_query_index(ifindex, made);
    if (r < 0)
        (void)virtual_link_delete(ifindex, place->parent, NULL);
    return r;
}

void virtual_link_put_up(struct rtnl_batch *batch, int ifindex, bool up)
{
    (void)begin_link(batch, RTM_SETLINK, 0, ifindex, IFF_UP, up ? IFF_UP : 0);
}

int virtual_link_delete(int ifindex, int parent, const struct arp_settings *before)
{
    struct rtnl_batch *batch;
    int r = rtnl_batch_open(&batch);

    if (r < 0)
        return r;
    if (ifindex != 0) {
        (void)begin_link(batch, RTM_DELLINK, 0, ifindex, 0, 0);
        r = rtnl_batch_send(batch);
    }
    /* It goes with its parent. */
    r = r == -ENODEV ? 0 : r;
    if (r == 0 && before != NULL) {
        put_parent(batch, parent, before);
        r = rtnl_batch_send(batch);
        r = r == -ENODEV ? 0 : r;
    }
    rtnl_batch_close(batch);
    return r;
}

/* What is left of it in the view is what stays. */
static int delete_leftover(struct links *links, const struct link *link)
{
    const struct arp_settings before = virtual_mark_before(link);

    links_note_gone(links, link->ifindex);
    bool last = links_find_child(links, link->parent, virtual_mark_is_on) == NULL;
    return virtual_link_delete(link->ifindex, link->parent, last ? &before : NULL);
}

int virtual_link_delete_all(struct links *links)
{
    const struct link *found;
    int count = 0;

    while ((found = links_find_child(links, 0, virtual_mark_is_on)) != NULL) {
        const struct link link = *found;
        int r = delete_leftover(links, &link);

        if (r < 0)
            log_msg(LOG_ERR, "cannot delete the virtual MAC's link %s: %s", link.name,
                    strerror(-r));
        count += r == 0;
    }
    return count;
}
