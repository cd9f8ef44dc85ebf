/*
 * One [instance] of the configuration on this node: its elections (one for each address family),
 * bound to the link, the sockets and a timer. It feeds events in and carries the actions out; it
 * decides nothing itself.
 */
#ifndef AGENT_INSTANCES_INSTANCE_H
#define AGENT_INSTANCES_INSTANCE_H

#include "agent/base/config_box.h"
#include "agent/instances/bundle.h"
#include "agent/instances/handover.h"
#include "agent/instances/node.h"
#include "agent/recorder/policy.h"
#include "agent/wire/advert_io.h"
#include "lib/election/priority.h"

/* What follows a claim waits until the kernel answers for the addresses: whoever held them before
 * goes on doing so until it hears of us. */
struct postponed {
    sd_event_source *timer; /* NULL: never needed */
    uint64_t give_up_ns;
    struct election_actions actions; /* none: nothing waits */
};

/* One virtual router: an address family of an instance. */
struct router {
    struct instance *instance;
    size_t index; /* of its election */
    enum ip_family family;
    const struct ip_prefix *prefixes; /* the configuration's */
    size_t count;
    struct segment_client client;
    struct packet_receiver receiver;
    struct ip_address *peers; /* of this family; NULL for multicast */
    struct desired_set desired;
    struct postponed postponed;
    int virtual_ifindex; /* the macvlan of mac = virtual, else 0 */
    int virtual_error;   /* why there is none, as it was logged */
    struct advert_io *virtual_io;
    uint8_t link_mac[MAC_SIZE]; /* of the interface, as last seen */
    struct heard_master heard;
    uint64_t by_verdict[PACKET_VERDICTS];
    uint64_t by_warning[PACKET_WARNINGS];
    uint64_t send_errors;
    bool send_failing;
    enum reason new_master_reason;
    enum reason last_event;
    uint64_t up_since_wall_ns;  /* left INIT; 0: in INIT */
    struct router_watch *watch; /* NULL: nothing odd was noticed yet */
};

struct instance {
    struct node *node;
    struct config_box *box;
    const struct config_instance *config;
    struct router *routers;
    struct bundle *bundle;
    struct bundle_share *share;
    struct election *elections; /* its share of the bundle, side by side: they move as a group */
    size_t router_count;
    enum vrrp_state state;
    uint64_t since_wall_ns;
    struct transition last;
    struct recorder_policy recording;
    uint64_t last_wall_ns; /* 0: no transition yet */
    bool started;
    bool stopping;
    bool stopped;
    bool unattached;       /* its link is there, but could not be used: tried again */
    bool unpublished;      /* its state file is to be written */
    uint8_t told_priority; /* the effective one that on_priority was last called for */
    struct handover handover;
    struct damping damping;
    uint8_t damping_as_master; /* priority by its checks when it became MASTER, or was reloaded */
    sd_event_source *damping_timer; /* NULL: never held back yet */
    bool checks_due; /* instance_checks_changed() is to be called when the event is done */
    const struct config_instance *next_config; /* REPLACED: started when this one is done */
    struct config_box *next_box;
};

/* Made from `config` (part of box), not started. NULL when out of memory. */
struct instance *instance_new(struct node *node, struct config_box *box,
                              const struct config_instance *config);

/* The same beside others of its group: in their bundle. */
struct instance *instance_new_in(struct node *node, struct config_box *box,
                                 const struct config_instance *config, struct bundle *bundle);

/* Releases what is still held, at once, and frees. NULL is allowed. */
void instance_free(struct instance *instance);

/* Looks at the link and takes part in the election from now on. */
void instance_start(struct instance *instance);

/* Hands over: resigns, keeps answering for the successor (bounded), then on_stopped is called. */
void instance_stop(struct instance *instance);

/* Compares the link and its addresses with what the elections believe. Call after any change. */
void instance_refresh(struct instance *instance);

/* A link is gone. When it was the macvlan of a router (somebody else deleted it), it is made again,
 * and a MASTER claims and announces anew. */
void instance_link_gone(struct instance *instance, int ifindex);

/* Applies a configuration that differs only in what can change in place (CONFIG_UPDATED), or not
 * at all (then only the pointers move to the new value). Call segments_watch_due() after it. */
void instance_update(struct instance *instance, struct config_box *box,
                     const struct config_instance *config, bool changed);

/* Fires what is due, as the timer would. */
void instance_fire_due(struct instance *instance);

/* A check that it follows counts otherwise, or other checks are followed. */
void instance_checks_changed(struct instance *instance);

/* True when that check matters to it: its own, or of an instance in its group. */
bool instance_follows(const struct instance *instance, const char *check);

/* The effective priority by its checks as they are, and its arithmetic. Returns buffer. */
uint8_t instance_priority(const struct instance *instance);

/* True when that is below the configured one: it is not healthy. */
bool instance_impaired(const struct instance *instance);
const char *instance_priority_text(const struct instance *instance, char *buffer, size_t size);

/* True when it lists that address. */
bool instance_has_address(const struct instance *instance, const struct ip_address *address);

#endif
