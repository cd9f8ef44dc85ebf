/*
 * What the kernel says of links and addresses, kept current over netlink (libnl-3).
 * Owner: the agent. A lost notification (ENOBUFS) leads to a full re-dump and on_resync.
 */
#ifndef AGENT_KERNEL_LINKS_H
#define AGENT_KERNEL_LINKS_H

#include "lib/packet/address.h"

#include <systemd/sd-event.h>

/* IFA_PROTO of every address vipd adds ('V'), so that ours are told from the administrator's. */
enum { VIPD_IFA_PROTO = 0x56 };

struct link {
    int ifindex;
    char name[INTERFACE_NAME_SIZE];
    uint8_t mac[6];
    bool has_mac;
    bool up;      /* IFF_UP */
    bool carrier; /* IFF_LOWER_UP and not IFF_DORMANT: frames can pass */
    unsigned mtu;
    char kind[16];  /* IFLA_INFO_KIND, "" when none: "macvlan" */
    int parent;     /* IFLA_LINK, 0 when none */
    char alias[64]; /* IFLA_IFALIAS */
    /* As of the last report about the link; a write to /proc/sys is not reported. */
    bool promote_secondaries;
};

struct observed_address {
    int ifindex;
    struct ip_prefix prefix;
    uint32_t flags;   /* IFA_F_* */
    uint8_t proto;    /* IFA_PROTO, 0 when the kernel does not say */
    uint32_t valid_s; /* lifetime left when last reported; UINT32_MAX: for ever */
};

struct links;

/* Called from the event loop. Pointers are valid during the call only. */
struct links_observer {
    /* Appeared or changed (name, MAC, MTU, up, carrier). */
    void (*on_link)(void *userdata, const struct link *link);
    /* Gone for good under that index. */
    void (*on_link_gone)(void *userdata, const struct link *link);
    /* Added, changed (present) or removed. Repeated reports without a change of prefix, flags or
     * proto (lease refreshes) are not passed on. */
    void (*on_address)(void *userdata, const struct observed_address *address, bool present);
    /* Notifications were lost and everything was read again: compare all you believe. */
    void (*on_resync)(void *userdata);
    void *userdata;
};

/* Opens the netlink sockets and reads everything once (no callbacks for that). Callbacks come at
 * sd-event priority `priority`. Returns 0 or a negative errno. */
int links_open(sd_event *event, int64_t priority, const struct links_observer *observer,
               struct links **out);
void links_close(struct links *links);

/* NULL when there is none. Valid until the next event-loop turn. */
const struct link *links_by_name(const struct links *links, const char *name);
const struct link *links_by_index(const struct links *links, int ifindex);

/* A link on top of `parent` (0: on any) for which fits() is true, or NULL. */
const struct link *links_find_child(const struct links *links, int parent,
                                    bool (*fits)(const struct link *link));

/* The address as last observed on that link (whatever the prefix length), or NULL. */
const struct observed_address *links_address(const struct links *links, int ifindex,
                                             const struct ip_address *address);

/* The address as last observed with exactly that prefix length, or NULL. */
const struct observed_address *links_prefix(const struct links *links, int ifindex,
                                            const struct ip_prefix *prefix);

/* Calls fn for each observed address (ifindex 0: of all links), in the kernel's order.
 * fn returns false to stop. */
void links_each_address(const struct links *links, int ifindex,
                        bool (*fn)(void *userdata, const struct observed_address *address),
                        void *userdata);

/* Tells the view of a change we have just made and had acknowledged, so that it need not wait for
 * the notification. */
void links_note_address(struct links *links, const struct observed_address *address, bool present);

/* Reads one link by name at once, without callbacks: for a link we have just made or changed.
 * 0 or a negative errno (-ENODEV: there is none). */
int links_update(struct links *links, const char *name);

/* Reads all addresses at once: for one that the kernel says is there and the view does not have.
 * What is new by that is told from the event loop. 0 or a negative errno. */
int links_read_addresses(struct links *links);

/* Forgets a link that we have just deleted. */
void links_note_gone(struct links *links, int ifindex);

#endif
