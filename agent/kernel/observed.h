/*
 * What is seen of the kernel's links and addresses, and who is told of it: the words that all of
 * this room share. Plain values; owner: whoever holds them.
 */
#ifndef AGENT_KERNEL_OBSERVED_H
#define AGENT_KERNEL_OBSERVED_H

#include "lib/packet/address.h"

struct link {
    int ifindex;
    char name[INTERFACE_NAME_SIZE];
    uint8_t mac[6];
    bool has_mac;
    bool up;            /* IFF_UP */
    bool carrier;       /* IFF_LOWER_UP and not IFF_DORMANT: frames can pass */
    bool no_neighbours; /* IFF_NOARP or IFF_LOOPBACK: nobody there asks for addresses */
    unsigned mtu;
    bool ethernet; /* ARPHRD_ETHER */
    bool loopback;
    bool multicast; /* IFF_MULTICAST */
    char kind[16];  /* IFLA_INFO_KIND, "" when none: "macvlan" */
    unsigned mode;  /* of a macvlan, an ipvlan or a bond; else 0 */
    /* IFLA_LINK, 0 when none. Of a macvlan of ours on another macvlan: that one, although the
     * kernel has put both on what is below. */
    int parent;
    int master;           /* the bond, bridge or VRF it belongs to, 0 when none, */
    char master_kind[16]; /* and which of them: "vrf" */
    char alias[64];       /* IFLA_IFALIAS */
    /* As of the last report about the link; a write to /proc/sys is not reported. */
    bool promote_secondaries;
    bool forwards_ipv6; /* the node is an IPv6 router there; no change that is told of by itself */
};

struct observed_address {
    int ifindex;
    struct ip_prefix prefix;
    uint32_t flags;                  /* IFA_F_* */
    uint8_t proto;                   /* IFA_PROTO, 0 when the kernel does not say; see mark.h */
    uint32_t metric;                 /* IFA_RT_PRIORITY, 0 when there is none */
    uint32_t valid_s;                /* lifetime left when last reported; UINT32_MAX: for ever */
    char label[INTERFACE_NAME_SIZE]; /* IPv4; "" when the kernel does not say */
    uint8_t broadcast[4];            /* IPv4; zeros: none */
    uint8_t scope;                   /* RT_SCOPE_* */
    uint32_t created; /* when it was added: hundredths of seconds of the kernel's clock */
};

/* Called from the event loop. Pointers are valid during the call only. */
struct links_observer {
    /* Appeared or changed (name, MAC, MTU, up, carrier). */
    void (*on_link)(void *userdata, const struct link *link);
    /* Gone for good under that index. */
    void (*on_link_gone)(void *userdata, const struct link *link);
    /* Added, changed (present) or removed. Repeated reports without a change of prefix, flags or
     * owner (lease refreshes) are not passed on. */
    void (*on_address)(void *userdata, const struct observed_address *address, bool present);
    /* Notifications were lost and everything was read again: compare all you believe. */
    void (*on_resync)(void *userdata);
    void *userdata;
};

#endif
