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

/* How a parent treats ARP. While a macvlan of ours is on it, it must neither answer for addresses
 * that are on the macvlan nor ask with one of them as the sender: both would teach the neighbours
 * its own MAC for the virtual address. */
struct arp_settings {
    unsigned ignore;
    unsigned announce;
};

/* True for a macvlan that carries our mark. */
bool virtual_link_is_ours(const struct link *link);

/* How the parent treats ARP without us: as a macvlan of ours on it remembers, or as it does now. */
struct arp_settings virtual_link_before(const struct links *links, const struct link *parent);

/* Any thread: creates (or adopts a leftover of) the link of that virtual_link_name(), down, marked
 * by its alias, which remembers `before`. 0 and what it is like, or a negative errno. */
int virtual_link_create(int parent, enum ip_family family, uint8_t vrid,
                        const struct arp_settings *before, struct link *made);

/* Puts into the batch that it is to be up or down. */
void virtual_link_put_up(struct rtnl_batch *batch, int ifindex, bool up);

/* Any thread: deletes it (0: there is none), then gives the parent the settings back that it had
 * before the first one (NULL: others are left). 0 or negative errno. */
int virtual_link_delete(int ifindex, int parent, const struct arp_settings *before);

/* Deletes every macvlan that carries our alias (leftovers; `vipd --release`), and waits for it.
 * Returns how many. */
int virtual_link_delete_all(struct links *links);

#endif
