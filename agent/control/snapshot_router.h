/* How a virtual router stands, for the status: its election, its counters and what it has noticed
 * on its LAN. Looks only. */
#ifndef AGENT_CONTROL_SNAPSHOT_ROUTER_H
#define AGENT_CONTROL_SNAPSHOT_ROUTER_H

#include "agent/instances/instance.h"
#include "agent/instances/watch.h"
#include "lib/control/control.h"

/* Whom it knows as master; in INIT whom it still hears. */
struct status_master snapshot_master(const struct router *router);

/* What of held_by is told: HOLD_GROUP tells nothing when the router has a reason of its own. */
uint32_t snapshot_holds(uint32_t held_by);

/* How long it is from now until the deadline, 0 when it is over; DEADLINE_NEVER stays. */
uint64_t snapshot_left(uint64_t deadline, uint64_t now);

void snapshot_router(const struct router *router, struct status_router *out);

/* The LAN's, a conflict, a claim that failed, addresses that somebody else has put on the interface
 * or that packets are accepted to, addresses that wait for their device, and routes that are
 * missing, for each family; and the interface's own. */
enum { SNAPSHOT_WARNINGS_MAX = 2 * (LAN_WARNINGS + 6) + 1 };

/* What all its routers warn of, at most SNAPSHOT_WARNINGS_MAX. Returns how many. */
size_t snapshot_warnings(const struct instance *instance, struct status_warning *out);

#endif
