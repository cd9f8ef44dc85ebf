/*
 * The macvlan that carries a virtual router MAC (RFC 9568 7.3), one for each family and VRID on a
 * parent link. It exists while the instance does and is up only while the router is MASTER, so that
 * a BACKUP never sends a frame from the virtual MAC. All settings go through netlink: arp_ignore,
 * arp_announce and rp_filter on it, no automatic IPv6 addresses; arp_ignore and arp_announce on the
 * parent (restored when the last one goes).
 *
 * On a macvlan the kernel puts it beside that one, on the real device below both. There it is in
 * the mode VEPA: the other nodes' adverts come from the MAC that we share, and between macvlans in
 * the mode of a bridge the kernel takes them for our own and keeps them from the interface.
 */
#ifndef AGENT_KERNEL_VIRTUAL_LINK_H
#define AGENT_KERNEL_VIRTUAL_LINK_H

#include "agent/kernel/links.h"
#include "agent/kernel/rtnl_batch.h"
#include "agent/kernel/virtual_mark.h"

/* Where one goes, by what its parent is like. */
struct virtual_link_place {
    int parent;
    int below; /* what the kernel will call its parent: below a macvlan, that one's */
    bool vepa; /* its mode; else that of a bridge */
    int vrf;   /* the VRF that the parent belongs to, 0: none: it has to be in the same */
};

struct virtual_link_place virtual_link_place(const struct link *parent);

/* How the parent treats ARP without us: as a macvlan of ours on it remembers, or as it does now. */
struct arp_settings virtual_link_before(const struct links *links, const struct link *parent);

/* Any thread: creates (or adopts a leftover of) the link of that virtual_link_name(), down, marked
 * by its alias, which remembers `before`. 0 and what it is like, or a negative errno. */
int virtual_link_create(const struct virtual_link_place *place, enum ip_family family, uint8_t vrid,
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
