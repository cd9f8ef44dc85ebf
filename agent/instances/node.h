/*
 * The parts of a node that an instance works with, and what it tells the agent. Owned by the agent;
 * an instance only borrows it. `vipd --release` has no checks and no drains, and nobody to tell
 * events: its instances are never started, and its loop never turns.
 */
#ifndef AGENT_INSTANCES_NODE_H
#define AGENT_INSTANCES_NODE_H

#include "agent/base/deadlines.h"
#include "agent/checks/checks.h"
#include "agent/instances/drains.h"
#include "agent/kernel/links.h"
#include "agent/kernel/nft_guard.h"
#include "agent/kernel/old_connections.h"
#include "agent/kernel/peer_routes.h"
#include "agent/kernel/reconciler.h"
#include "agent/kernel/route_keeper.h"
#include "agent/kernel/virtual_links.h"
#include "agent/wire/announce_queue.h"
#include "agent/wire/neighbour_io.h"
#include "agent/wire/segment.h"
#include "lib/election/reason.h"

struct instance;
struct sequences;

/* Adverts of so many instances leave at a time: no receiver's buffer is too small for them. Of more
 * instances the next ones have the next one of so many phases of the interval. */
enum {
    INSTANCES_IN_PHASE = 64,
    INSTANCE_PHASES = 16,
};

struct node {
    sd_event *event;
    struct deadlines *deadlines; /* of the elections, and what waits with them */
    uint64_t phase_ns;           /* where all intervals begin: boot time */
    unsigned instances_made;
    struct links *links;
    struct checks *checks;
    struct reconciler *reconciler;
    struct route_keeper *routes;             /* NULL: none are added (vipd --release) */
    struct nft_guard *guard;                 /* NULL: packets are not dropped (vipd --release) */
    struct old_connections *old_connections; /* NULL: none is forgotten (vipd --release) */
    struct neighbour_io *neighbours;
    struct announce_queue *announcements; /* over that; NULL: never a pause */
    struct segments *segments;
    struct virtual_links *virtual_links;
    struct peer_routes *peer_routes;
    struct drains *drains;
    struct sequences *sequences; /* NULL: none are kept */

    /* The instance moved as a whole. */
    void (*on_transition)(void *userdata, struct instance *instance,
                          const struct transition *transition);
    /* It is MASTER and has heard this advert, which loses against its own. */
    void (*on_rival)(void *userdata, struct instance *instance, const struct advert *advert);
    /* Its effective priority, or what it waits for as MASTER, is another than before. */
    void (*on_changed)(void *userdata, struct instance *instance);
    /* Something to remember that is no transition: `event` is its name, text a sentence. */
    void (*on_event)(void *userdata, struct instance *instance, const char *event,
                     const struct evidence *evidence, const char *text);
    /* The kernel has answered for a claim of it. */
    void (*on_claimed)(void *userdata, struct instance *instance);
    /* It was stopped and holds nothing any more: it may be freed in a later turn of the loop. */
    void (*on_stopped)(void *userdata, struct instance *instance);
    /* An instance could not be put on its link: it is to be tried again after a while. */
    void (*on_unattached)(void *userdata);
    /* An instance left its link: what it used there may be what another one waits for. */
    void (*on_detached)(void *userdata);
    /* What a router had noticed on its LAN is over, and some 2 KiB are free. */
    void (*on_rest)(void *userdata);
    /* True when any instance claims that address as a virtual one. */
    bool (*is_virtual)(void *userdata, const struct ip_address *address);
    void *userdata;
};

#endif
