/*
 * What all routers of one segment want to have watched, put together.
 */
#ifndef AGENT_WIRE_WATCHED_H
#define AGENT_WIRE_WATCHED_H

#include "agent/wire/conflict.h"
#include "agent/wire/segment_client.h"

/* Their addresses, to be freed. NULL: out of memory. */
struct ip_address *watched_addresses(const struct segment_client *clients, size_t *count);

/* What they send from, and who they are in conflict with. */
struct conflict_vrrp watched_vrrp(const struct segment_client *clients);

/* Tells those whose address it is. They may detach themselves. */
void watched_hand_on(const struct segment_client *clients, const struct neighbour_claim *claim);

#endif
