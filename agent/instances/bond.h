/*
 * The bond below a link. Its slaves have MACs of their own in some modes, and in some what one of
 * them has sent to all stations comes in by the others: neither is another machine.
 */
#ifndef AGENT_INSTANCES_BOND_H
#define AGENT_INSTANCES_BOND_H

#include "agent/kernel/links.h"
#include "lib/packet/neighbour_frame.h"

/* True when a slave of the bond that this link is, or stands on, has that MAC. */
bool bond_has_mac(const struct links *links, int ifindex, const uint8_t mac[MAC_SIZE]);

/* True when what we send on the link may come back by it. */
bool bond_echoes(const struct links *links, int ifindex);

#endif
