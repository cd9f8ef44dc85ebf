/* Dumps RTM_GETLINK and RTM_GETADDR through libmnl; see network_view.h. */
#include "tools/common/network_view.h"

#include "lib/packet/address_mark.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MAC_OCTETS = 6,
    ATTRIBUTES_MAX = 128,
    BUFFER_SIZE = 64 * 1024,
    ANSWER_TIMEOUT_S = 5,
    ATTEMPTS = 5,
};

struct attributes {
    const struct nlattr *by_type[ATTRIBUTES_MAX];
};

static int collect(const struct nlattr *attribute, void *data)
{
    struct attributes *found = data;
    uint16_t type = mnl_attr_get_type(attribute);

    if (type < ATTRIBUTES_MAX)
        found->by_type[type] = attribute;
    return MNL_CB_OK;
}

static bool has(const struct attributes *attributes, int type, size_t size)
{
    const struct nlattr *attribute = attributes->by_type[type];

    return attribute != NULL && mnl_attr_get_payload_len(attribute) >= size;
}

static void copy_text(const struct attributes *attributes, int type, char *out, size_t size)
{
    const struct nlattr *attribute = attributes->by_type[type];

    if (attribute != NULL)
        snprintf(out, size, "%.*s", (int)mnl_attr_get_payload_len(attribute),
                 mnl_attr_get_str(attribute));
}

static void read_bridge(const struct nlattr *nest, struct link_view *link)
{
    struct attributes data = {0};

    mnl_attr_parse_nested(nest, collect, &data);
    link->snoops = has(&data, IFLA_BR_MCAST_SNOOPING, 1) &&
                   mnl_attr_get_u8(data.by_type[IFLA_BR_MCAST_SNOOPING]) != 0;
    link->queries = has(&data, IFLA_BR_MCAST_QUERIER, 1) &&
                    mnl_attr_get_u8(data.by_type[IFLA_BR_MCAST_QUERIER]) != 0;
}

/* The attribute that is a kind's mode, and its size. */
static const struct {
    const char *kind;
    int attribute;
    size_t size;
} modes[] = {
    {"macvlan", IFLA_MACVLAN_MODE, sizeof(uint32_t)},
    {"ipvlan", IFLA_IPVLAN_MODE, sizeof(uint16_t)},
    {"bond", IFLA_BOND_MODE, sizeof(uint8_t)},
};

static void read_mode(const struct nlattr *nest, struct link_view *link)
{
    struct attributes data = {0};

    mnl_attr_parse_nested(nest, collect, &data);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(modes[i].kind, link->kind) != 0 ||
            !has(&data, modes[i].attribute, modes[i].size))
            continue;
        const struct nlattr *mode = data.by_type[modes[i].attribute];
        if (modes[i].size == sizeof(uint8_t))
            link->mode = mnl_attr_get_u8(mode);
        else if (modes[i].size == sizeof(uint16_t))
            link->mode = mnl_attr_get_u16(mode);
        else
            link->mode = mnl_attr_get_u32(mode);
    }
}

static void read_kind(const struct nlattr *nest, struct link_view *link)
{
    struct attributes info = {0};

    mnl_attr_parse_nested(nest, collect, &info);
    copy_text(&info, IFLA_INFO_KIND, link->kind, sizeof(link->kind));
    if (strcmp(link->kind, "bridge") == 0 && info.by_type[IFLA_INFO_DATA] != NULL)
        read_bridge(info.by_type[IFLA_INFO_DATA], link);
    if (info.by_type[IFLA_INFO_DATA] != NULL)
        read_mode(info.by_type[IFLA_INFO_DATA], link);
}

static int on_link(const struct nlmsghdr *message, void *data)
{
    struct network_view *view = data;
    const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
    struct attributes found = {0};
    struct link_view link = {.ifindex = header->ifi_index};

    if (message->nlmsg_type != RTM_NEWLINK)
        return MNL_CB_OK;
    mnl_attr_parse(message, sizeof(*header), collect, &found);
    copy_text(&found, IFLA_IFNAME, link.name, sizeof(link.name));
    link.up = (header->ifi_flags & IFF_UP) != 0;
    link.carrier = (header->ifi_flags & IFF_LOWER_UP) != 0;
    link.multicast = (header->ifi_flags & IFF_MULTICAST) != 0;
    link.loopback = (header->ifi_flags & IFF_LOOPBACK) != 0;
    link.ethernet = header->ifi_type == ARPHRD_ETHER;
    if (has(&found, IFLA_MTU, 4))
        link.mtu = mnl_attr_get_u32(found.by_type[IFLA_MTU]);
    if (has(&found, IFLA_LINK, 4))
        link.parent = (int)mnl_attr_get_u32(found.by_type[IFLA_LINK]);
    if (has(&found, IFLA_MASTER, 4))
        link.master = (int)mnl_attr_get_u32(found.by_type[IFLA_MASTER]);
    if (has(&found, IFLA_ADDRESS, MAC_OCTETS))
        memcpy(link.mac, mnl_attr_get_payload(found.by_type[IFLA_ADDRESS]), MAC_OCTETS);
    if (found.by_type[IFLA_LINKINFO] != NULL)
        read_kind(found.by_type[IFLA_LINKINFO], &link);
    struct link_view *links = reallocarray(view->links, view->count + 1, sizeof(*links));
    if (links == NULL)
        return MNL_CB_ERROR;
    view->links = links;
    links[view->count++] = link;
    return MNL_CB_OK;
}

static struct link_view *find_link(const struct network_view *view, int ifindex)
{
    for (size_t i = 0; i < view->count; i++)
        if (view->links[i].ifindex == ifindex)
            return &view->links[i];
    return NULL;
}

static bool is_marked(const struct attributes *found)
{
    uint8_t protocol = has(found, ATTRIBUTE_IFA_PROTO, 1)
                           ? mnl_attr_get_u8(found->by_type[ATTRIBUTE_IFA_PROTO])
                           : 0;
    uint32_t metric =
        has(found, IFA_RT_PRIORITY, 4) ? mnl_attr_get_u32(found->by_type[IFA_RT_PRIORITY]) : 0;

    return address_is_marked(protocol, metric);
}

static int on_address(const struct nlmsghdr *message, void *data)
{
    const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
    struct link_view *link = find_link(data, (int)header->ifa_index);
    enum ip_family family = header->ifa_family == AF_INET ? IP_FAMILY_IPV4 : IP_FAMILY_IPV6;
    struct attributes found = {0};
    uint32_t flags = header->ifa_flags;

    if (message->nlmsg_type != RTM_NEWADDR || link == NULL ||
        (header->ifa_family != AF_INET && header->ifa_family != AF_INET6))
        return MNL_CB_OK;
    mnl_attr_parse(message, sizeof(*header), collect, &found);
    /* With a peer (point to point) IFA_LOCAL is ours and IFA_ADDRESS the other end's. */
    int type = found.by_type[IFA_LOCAL] != NULL ? IFA_LOCAL : IFA_ADDRESS;
    if (!has(&found, type, ip_family_size(family)))
        return MNL_CB_OK;
    if (has(&found, IFA_FLAGS, 4))
        flags = mnl_attr_get_u32(found.by_type[IFA_FLAGS]);
    struct address_view *list =
        reallocarray(link->addresses, link->address_count + 1, sizeof(*list));
    if (list == NULL)
        return MNL_CB_ERROR;
    link->addresses = list;
    list[link->address_count++] = (struct address_view){
        .prefix = {ip_address_from_octets(family, mnl_attr_get_payload(found.by_type[type])),
                   header->ifa_prefixlen},
        .ours = is_marked(&found),
        .tentative = (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0,
        .dad_failed = (flags & IFA_F_DADFAILED) != 0,
    };
    return MNL_CB_OK;
}

static int dump(struct mnl_socket *socket, uint16_t type, size_t header_size, mnl_cb_t callback,
                struct network_view *view)
{
    char *buffer = calloc(1, BUFFER_SIZE);
    unsigned port = mnl_socket_get_portid(socket);
    int r;

    if (buffer == NULL)
        return -ENOMEM;
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = type;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request->nlmsg_seq = type;
    /* Zeroed: AF_UNSPEC, every link. */
    (void)mnl_nlmsg_put_extra_header(request, header_size);
    if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) {
        r = -errno;
        goto out;
    }
    do {
        ssize_t size = mnl_socket_recvfrom(socket, buffer, BUFFER_SIZE);
        errno = size < 0 ? errno : ENOMEM; /* what a callback fails with */
        r = size < 0 ? MNL_CB_ERROR : mnl_cb_run(buffer, (size_t)size, type, port, callback, view);
    } while (r > MNL_CB_STOP);
    r = r == MNL_CB_STOP ? 0 : -errno;
out:
    free(buffer);
    return r;
}

static int read_once(struct network_view *out)
{
    const struct timeval limit = {.tv_sec = ANSWER_TIMEOUT_S};
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    int r;

    *out = (struct network_view){0};
    if (socket == NULL)
        return -errno;
    if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
        setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
        r = -errno;
    else
        r = dump(socket, RTM_GETLINK, sizeof(struct ifinfomsg), on_link, out);
    if (r == 0)
        r = dump(socket, RTM_GETADDR, sizeof(struct ifaddrmsg), on_address, out);
    mnl_socket_close(socket);
    return r;
}

int network_view_read(struct network_view *out)
{
    int r = -EINTR;

    /* A dump that a change ran into is not consistent: once more. */
    for (int i = 0; i < ATTEMPTS && r == -EINTR; i++) {
        r = read_once(out);
        if (r == -EINTR)
            network_view_free(out);
    }
    return r;
}

void network_view_free(struct network_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        free(view->links[i].addresses);
    free(view->links);
    *view = (struct network_view){0};
}

const struct link_view *network_view_link(const struct network_view *view, const char *name)
{
    for (size_t i = 0; i < view->count; i++)
        if (strcmp(view->links[i].name, name) == 0)
            return &view->links[i];
    return NULL;
}

const struct link_view *network_view_link_at(const struct network_view *view, int ifindex)
{
    return find_link(view, ifindex);
}

struct interface_nature link_view_nature(const struct link_view *link)
{
    return (struct interface_nature){.name = link->name,
                                     .kind = link->kind,
                                     .mode = link->mode,
                                     .ethernet = link->ethernet,
                                     .loopback = link->loopback,
                                     .multicast = link->multicast};
}

const struct address_view *link_view_address(const struct link_view *link,
                                             const struct ip_address *address)
{
    for (size_t i = 0; i < link->address_count; i++)
        if (ip_address_equal(&link->addresses[i].prefix.address, address))
            return &link->addresses[i];
    return NULL;
}

const struct address_view *link_view_network_of(const struct link_view *link,
                                                const struct ip_address *address)
{
    for (size_t i = 0; i < link->address_count; i++) {
        const struct address_view *own = &link->addresses[i];

        if (!own->ours &&
            ip_address_same_network(&own->prefix.address, address, own->prefix.length))
            return own;
    }
    return NULL;
}
