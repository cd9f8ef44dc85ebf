/* The links and addresses of this network namespace, read once over netlink. */
#ifndef TOOLS_COMMON_NETWORK_VIEW_H
#define TOOLS_COMMON_NETWORK_VIEW_H

#include "lib/config/interface_fit.h"
#include "lib/packet/address.h"

struct address_view {
    struct ip_prefix prefix;
    bool ours;      /* added by a vipd (IFA_PROTO) */
    bool tentative; /* Duplicate Address Detection is not done, or has failed */
    bool dad_failed;
};

struct link_view {
    int ifindex;
    char name[INTERFACE_NAME_SIZE];
    char kind[16]; /* "veth", "bridge"; empty for hardware */
    bool up;
    bool carrier;
    bool multicast;
    bool loopback;
    bool ethernet; /* it has MACs */
    unsigned mode; /* of a macvlan, an ipvlan or a bond; else 0 */
    unsigned mtu;
    uint8_t mac[6];
    int parent;  /* link it is stacked on (macvlan, VLAN), 0: none */
    int master;  /* bridge, bond or VRF it belongs to, 0: none */
    bool snoops; /* a bridge that looks into IGMP and MLD */
    bool queries;
    struct address_view *addresses;
    size_t address_count;
};

struct network_view {
    struct link_view *links;
    size_t count;
};

/* 0 or a negative errno. network_view_free() in either case. */
int network_view_read(struct network_view *out);
void network_view_free(struct network_view *view);

/* NULL: there is none. */
const struct link_view *network_view_link(const struct network_view *view, const char *name);
const struct link_view *network_view_link_at(const struct network_view *view, int ifindex);

/* What it is like, for interface_fit.h: valid as long as the link is. */
struct interface_nature link_view_nature(const struct link_view *link);

/* The address on that link, or NULL. */
const struct address_view *link_view_address(const struct link_view *link,
                                             const struct ip_address *address);

/* The first address of the node itself (not added by vipd) whose network holds `address`; NULL. */
const struct address_view *link_view_network_of(const struct link_view *link,
                                                const struct ip_address *address);

#endif
