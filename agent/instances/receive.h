/*
 * What arrives from the LAN for a router: adverts, claims of its addresses, captured frames, and
 * the timer of its watch. Counted, shown to the watch, given to its election; what the watch makes
 * of a conflict is carried out.
 */
#ifndef AGENT_INSTANCES_RECEIVE_H
#define AGENT_INSTANCES_RECEIVE_H

#include "agent/instances/router.h"

/* From now on, what arrives for the router is received here. Before it is put on a link. */
void receive_prepare(struct router *router);

/* The router's configuration changed: what it means for a conflict under way. */
void receive_configured(struct router *router);

#endif
