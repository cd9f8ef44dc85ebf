/*
 * Virtual addresses on this node's own interface that vipd did not put there: left by a killed
 * keepalived, or in the network configuration, or added by hand. They have no lease and are not
 * removed, so that two nodes may answer for one address: that is said when it is seen, when this
 * node claims the addresses and when it gives them up, and the status warns of it for as long as it
 * is so. Whose an address is the reconciler knows.
 */
#ifndef AGENT_INSTANCES_STRANGERS_H
#define AGENT_INSTANCES_STRANGERS_H

#include "agent/instances/router.h"

/* Looks at the router's link and tells the log and the history what is new. */
void router_strangers_look(struct router *router);

/* Whether the addresses were claimed or given up since it was looked at. */
bool router_strangers_due(const struct router *router);

/* Whose that address is where the router wants it, or for a virtual MAC below that. */
enum address_owner router_owner(const struct router *router, const struct claimed_address *claim);

/* What the status says while there are some (router->strangers). Returns buffer. size:
 * REASON_TEXT_SIZE. */
const char *router_strangers_text(const struct router *router, char *buffer, size_t size);

#endif
