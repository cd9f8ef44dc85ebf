/*
 * The macvlan that carries a virtual router MAC (RFC 9568 7.3), one for each family and VRID on a
 * parent link. It exists while the instance does and is up only while the router is MASTER, so that
 * a BACKUP never sends a frame from the virtual MAC. All settings go through netlink: arp_ignore,
 * arp_announce and rp_filter on it, no automatic IPv6 addresses; arp_ignore and arp_announce on the
 * parent (restored when the last one goes).
 */
#ifndef AGENT_KERNEL_VIRTUAL_LINK_H
#define AGENT_KERNEL_VIRTUAL_LINK_H

#include "agent/kernel/links.h"
#include "agent/kernel/rtnl_batch.h"

/* Creates (or adopts a leftover of) the link of that virtual_link_name(), down, marked by its
 * alias. Returns its ifindex, or a negative errno. */
int virtual_link_create(struct links *links, int parent, enum ip_family family, uint8_t vrid);

/* True for a macvlan that carries our mark. */
bool virtual_link_is_ours(const struct link *link);

/* Puts into the batch that it is to be up or down. */
void virtual_link_put_up(struct rtnl_batch *batch, int ifindex, bool up);

/* Deletes it; restores the parent when it was the last. 0 or negative errno. */
int virtual_link_delete(struct links *links, int ifindex, int parent);

/* Deletes every macvlan that carries our alias (leftovers; `vipd --release`). Returns how many. */
int virtual_link_delete_all(struct links *links);

#endif
