/*
 * What a virtual router notices on its LAN beside the election: machines that claim its addresses,
 * and how they are met (lib/election/conflict_policy); what is odd about the adverts there
 * (lib/election/lan_warning). Memory is taken when there is something to notice, and given back
 * once all of that is over; what is told of it later is kept.
 *
 * It tells what it finds to the log and the history and answers by itself what needs no election
 * (an announcement in defence, a question on the link). What the election has to know of a conflict
 * it does not do: it answers with the policy's outcome, and receive.c carries that out, calling
 * router_watch_meet(), _settle() and _go_on() in between.
 */
#ifndef AGENT_INSTANCES_WATCH_H
#define AGENT_INSTANCES_WATCH_H

#include "agent/instances/router.h"
#include "lib/election/lan_warning.h"

/* What is left of conflicts that are over. Owned by its router. */
struct watch_past {
    struct conflict_record record;
    uint64_t last_wall_ns; /* last claim of the last one */
};

/* Owned by its router. */
struct router_watch {
    struct router *router;
    struct conflict conflict;
    uint64_t last_wall_ns; /* last claim of the conflict */
    struct lan_watch lan;
    sd_event_source *timer; /* calls the router's on_watch_due */
};

/* Somebody whose MAC is not ours claims an address of this router. True: outcome is to be carried
 * out. */
bool router_watch_claim(struct router *router, const struct neighbour_claim *claim,
                        struct conflict_outcome *outcome);

/* Somebody who is known claims an address of this router: that is told when it goes on, as what
 * peers.h makes of it. True: outcome is to be carried out. */
bool router_watch_known(struct router *router, const struct neighbour_claim *claim,
                        const struct lan_sighting *sighting, struct conflict_outcome *outcome);

/* What was seen is told. */
void router_watch_see(struct router *router, const struct lan_sighting *sighting);

/* Every message with its VRID, before the election has it. False: there is nothing odd about it but
 * perhaps that it was refused. */
bool router_watch_message(struct router *router, const struct lan_message *message);

/* A captured frame with its VRID: from an own address, or from the other side of a conflict. True:
 * outcome is to be carried out. */
bool router_watch_frame(struct router *router, const struct vrrp_frame *frame, bool mac_is_ours,
                        struct conflict_outcome *outcome);

/* Its timer fired, or the router's configuration changed. True: outcome is to be carried out. */
bool router_watch_due(struct router *router, struct conflict_outcome *outcome);

/* The router's state changed. Ends a conflict at most, which concerns no election. */
void router_watch_moved(struct router *router);

/* The parts of an outcome that are the watch's, in their order: before mastership is given up,
 * before the election is taken part in again, and last. */
void router_watch_meet(struct router *router, const struct conflict_outcome *outcome);
void router_watch_settle(struct router *router, const struct conflict_outcome *outcome);
void router_watch_go_on(struct router *router, const struct conflict_outcome *outcome);

/* Frees router->watch if nothing goes on in it. Last of what its timer does: others may use it yet
 * while they carry out an outcome. */
void router_watch_rest(struct router *router);

/* What there was of conflicts, the present one included. */
struct watch_past router_watch_past(const struct router *router);

/* What an active warning says. Returns buffer. size: LAN_WARNING_TEXT_SIZE is enough. */
const char *router_watch_text(const struct router *router, const struct lan_warning *warning,
                              char *buffer, size_t size);

/* Frees router->watch and router->watch_past. */
void router_watch_free(struct router *router);

#endif
