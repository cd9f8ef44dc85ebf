/*
 * What a virtual router notices on its LAN beside the election: machines that claim its addresses,
 * and how they are met (lib/election/conflict_policy); what is odd about the adverts there
 * (lib/election/lan_warning). Memory is taken when there is something to notice.
 * For the parts of an instance only.
 */
#ifndef AGENT_INSTANCES_WATCH_H
#define AGENT_INSTANCES_WATCH_H

#include "agent/instances/instance.h"
#include "lib/election/lan_warning.h"

/* Owned by its router. */
struct router_watch {
    struct router *router;
    struct conflict conflict;
    uint64_t last_wall_ns; /* last claim of the conflict */
    struct lan_watch lan;
    sd_event_source *timer;
};

/* Somebody whose MAC is not ours claims an address of this router. */
void router_watch_claim(struct router *router, const struct neighbour_claim *claim);

/* Every message with its VRID, before the election has it. */
void router_watch_message(struct router *router, const struct lan_message *message);

/* A captured frame with its VRID: from an own address, or from the other side of a conflict. */
void router_watch_frame(struct router *router, const struct vrrp_frame *frame, bool mac_is_ours);

/* What an active warning says. Returns buffer. size: LAN_WARNING_TEXT_SIZE is enough. */
const char *router_watch_text(const struct router *router, const struct lan_warning *warning,
                              char *buffer, size_t size);

/* The router's state changed. */
void router_watch_moved(struct router *router);

/* The router's configuration changed. */
void router_watch_configured(struct router *router);

/* Asks the link who holds the router's addresses; answers come as claims. */
void router_ask(struct router *router, const struct ip_prefix *prefixes, size_t count);

/* Frees router->watch. */
void router_watch_free(struct router *router);

#endif
