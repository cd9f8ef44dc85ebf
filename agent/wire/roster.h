/*
 * Whose a message is, among the virtual routers of a segment. Family and VRID tell, and where
 * several have the same the addresses do: unicast routers of one VRID have no peer in common, and
 * at most one of them is multicast, or has the virtual MAC. Clients are borrowed.
 */
#ifndef AGENT_WIRE_ROSTER_H
#define AGENT_WIRE_ROSTER_H

#include "agent/wire/segment_client.h"

enum { ROSTER_FAMILIES = 2, ROSTER_VRIDS = 256 };

struct roster {
    struct segment_client *first[ROSTER_FAMILIES][ROSTER_VRIDS];
};

/* 0 for IPv4, 1 for IPv6. */
size_t roster_slot(enum ip_family family);

/* False: it cannot be told from one that is there. */
bool roster_has_room(const struct roster *roster, const struct segment_client *client);

/* One that only watches is not in it, and has room always. */
void roster_add(struct roster *roster, struct segment_client *client);
void roster_remove(struct roster *roster, struct segment_client *client);

/* The one that a message with that VRID and these addresses is for, or comes from. What fits none
 * goes to the first of that VRID, who refuses and counts it. NULL: there is none. */
struct segment_client *roster_find(const struct roster *roster, uint8_t vrid,
                                   const struct ip_address *source,
                                   const struct ip_address *destination);

#endif
