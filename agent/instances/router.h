/*
 * One virtual router on this node: one address family of an instance, with what it needs to do as
 * its election says: the client on its segment, the addresses it wants in the kernel, the macvlan
 * of a virtual MAC, and what is put off until the kernel answers for the addresses. It carries out;
 * it neither steps its election nor knows the instance that does: what it reads of the outside (the
 * node's parts, its configuration, its election) it was given as pointers.
 *
 * This header has the single deeds; actions.h carries out an election's whole list in its order.
 */
#ifndef AGENT_INSTANCES_ROUTER_H
#define AGENT_INSTANCES_ROUTER_H

#include "agent/instances/answer_wait.h"
#include "agent/instances/authentication.h"
#include "agent/instances/node.h"
#include "agent/instances/tally.h"
#include "agent/wire/advert_io.h"
#include "lib/election/election.h"
#include "lib/election/peer_macs.h"

struct instance;
struct router;
struct router_watch;
struct watch_past;

/* What can wait are an advert and an announcement, each once. */
enum { POSTPONED_MAX = 2 };

/* What follows a claim waits until the kernel has the addresses and answers for them: whoever held
 * them before goes on doing so until it hears of us. Boot time in ns. */
struct postponed {
    struct deadline deadline; /* when to look again */
    struct answer_wait wait;  /* for the kernel to answer for what it has */
    uint64_t adverts_due_ns;  /* adverts go by then */
    uint64_t give_up_ns;      /* and by then in any case */
    size_t announced;         /* of the claims, as they landed: not again with what waits */
    bool takeover;            /* from a master that fell silent: adverts need no answering kernel */
    bool releasing;           /* adverts wait until the kernel has removed the addresses */
    uint8_t count;            /* 0: nothing waits */
    enum election_action_type list[POSTPONED_MAX]; /* in execution order */
    uint8_t priority;                              /* of the advert, as in an election_action, */
    struct ip_address source;                      /* and likewise */
};

/* Who adverted last while the router was not MASTER itself: in INIT the election follows nobody. */
struct heard_master {
    struct ip_address address;
    uint8_t priority;
    uint64_t until_ns; /* boot time: not heard again by then, it is not there; 0: nobody */
};

/* Addresses of this router on its link that somebody else has put there; see strangers.h. */
struct strangers {
    size_t count;
    bool holding;           /* as the election did then */
    struct ip_prefix first; /* of them */
    char link[INTERFACE_NAME_SIZE];
    uint64_t since_wall_ns; /* when there was none before */
};

/* A link that some of the addresses are on beside the router's own; see devices.h. */
struct router_device {
    char name[INTERFACE_NAME_SIZE];
    struct device_state {
        int ifindex; /* 0: there is none */
        bool up;
        bool carrier;
        bool no_neighbours;
        uint8_t mac[MAC_SIZE];
    } seen;                      /* last */
    struct segment_client watch; /* over the addresses there */
};

/* Addresses that are wanted and wait for their device. */
struct waiting_addresses {
    size_t count;
    bool missing;           /* the device is not there; else it is down */
    struct ip_prefix first; /* of them, */
    char device[INTERFACE_NAME_SIZE];
    uint64_t since_wall_ns;
};

struct router_devices {
    struct router_device *list; /* each once; NULL: none */
    size_t count;
    struct waiting_addresses *waiting; /* NULL: none */
};

/* What goes with mac = virtual. */
struct router_virtual {
    struct virtual_link *link; /* the macvlan, also while it is made */
    struct advert_io *io;
    struct deadline moved; /* the MAC, as the switch is to believe: see actions.c */
    int ifindex;           /* once the link is there, else 0 */
    int error;             /* why there is none, as it was logged */
    int io_error;          /* why its socket could not be opened, as it was logged */
    bool again;            /* the link was there, and is being made anew */
};

/* What a router tells. Static. */
struct router_calls {
    /* What its other devices' segments tell; see devices.h. */
    struct segment_client_calls of_device;
    /* Nothing is put off any more. */
    void (*on_said)(struct router *router);
    /* The timer of the watch fired; userdata is the router. */
    sd_event_time_handler_t on_watch_due;
};

/* What is small stands together: there are thousands of these. */
struct router {
    struct instance *instance; /* whose it is: only handed on, never looked into from here */
    const struct node *node;
    const struct config_instance *config;
    struct election *election;
    const char *interface;                /* its name; empty: not known yet */
    const struct claimed_address *claims; /* the configuration's: all that it is to hold */
    size_t claim_count;
    struct segment_client client;
    struct packet_receiver receiver;
    enum ip_family family;
    uint8_t index;        /* among the routers of the instance */
    bool has_sibling;     /* of the other family: messages say which one is meant */
    bool told_own_source; /* that its only source is among its own virtual addresses */
    bool send_failing;
    bool looked_holding; /* as the election did when it was looked for strangers */
    enum reason new_master_reason;
    enum reason last_event;
    uint8_t link_mac[MAC_SIZE]; /* of the interface, as last seen */
    struct heard_master heard;
    unsigned sending; /* of one advert, to so many it is on its way, */
    int send_result;  /* and to those before it went so */
    uint64_t send_errors;
    struct packet_tally *tally;    /* NULL: nothing odd came yet */
    struct packet_dialect *former; /* before the last reload that changed it, in force while
                                      receiver.former points here; NULL: there was none */
    struct ip_address *peers;      /* of this family; NULL for multicast */
    struct peer_macs peer_macs;    /* see peers.h */
    struct authenticator auth;
    struct desired_set desired;
    struct nft_share *guarded; /* the addresses, with accept = no; NULL: never needed */
    struct route_set *routes;  /* and rules, which come with the addresses; likewise */
    struct router_devices devices;
    struct strangers *strangers; /* NULL: none */
    struct postponed postponed;
    struct router_virtual *virtual; /* NULL: mac = interface */
    uint64_t up_since_wall_ns;      /* left INIT; 0: in INIT */
    struct router_watch *watch;     /* NULL: nothing odd goes on */
    struct watch_past *watch_past;  /* see watch.h; NULL: nothing */
    const struct router_calls *calls;
};

/* Points the router at its part of its configuration. What it spoke by the one before is taken
 * until router_heard() was given an advert by this one. False when out of memory. */
bool router_read_config(struct router *router);

/* Frees what belongs to it, but for its place on a link (link.h) and its watch (watch.h). */
void router_free(struct router *router);

/* The election of this router. */
static inline struct election *router_election(const struct router *router)
{
    return router->election;
}

/* Of the macvlan of mac = virtual; 0: there is none. */
static inline int router_virtual_ifindex(const struct router *router)
{
    return router->virtual != NULL ? router->virtual->ifindex : 0;
}

/* The link that this address goes on; 0 when there is none. */
int router_ifindex_of(const struct router *router, const struct claimed_address *claim);

/* Names "web", or "web (ipv6)" for one of two families, in messages. */
const char *router_name(const struct router *router, char *buffer, size_t size);

/* True when it claims that address. */
bool router_has_address(const struct router *router, const struct ip_address *address);

/* True for the MACs of the interface, of a bond's slaves and of the addresses' other devices, and
 * for the one that the whole cluster shares. */
bool router_owns_mac(const struct router *router, const uint8_t mac[MAC_SIZE]);

/* Wants its addresses in the kernel, on a link that is up. Returns before it is so: see
 * desired_set.on_settled. */
void router_claim(struct router *router);

/* The addresses are there: wants what its configuration has of routes and rules. Returns before it
 * is so: see route_set.on_settled. */
void router_claim_routes(struct router *router);

/* Wants none of them any more. */
void router_release(struct router *router);

/* Addresses, or routes and rules. */
bool router_wants_any(const struct router *router);

/* Has packets to its addresses dropped, or not, as its configuration and its link are now. */
void router_guard(struct router *router);

/* Announces these of the router's addresses, once, each on its own link. */
void router_announce(struct router *router, const struct claimed_address *claims, size_t count);

/* Asks the router's link who holds these addresses, of those that are to be there; answers come as
 * claims. */
void router_ask(struct router *router, const struct claimed_address *claims, size_t count);

/* Notes an accepted advert, before the election has it. One in our own dialect ends the time of the
 * former. */
void router_heard(struct router *router, const struct advert *advert);

#endif
