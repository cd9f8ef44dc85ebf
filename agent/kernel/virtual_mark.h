/*
 * What is written on a macvlan of ours (its alias): that it is ours, how its parent treated ARP
 * before, and which parent it was made for where the kernel has put it on another link. Pure.
 */
#ifndef AGENT_KERNEL_VIRTUAL_MARK_H
#define AGENT_KERNEL_VIRTUAL_MARK_H

#include "agent/kernel/observed.h"

enum { VIRTUAL_MARK_SIZE = 64 };

/* How a parent treats ARP. While a macvlan of ours is on it, it must neither answer for addresses
 * that are on the macvlan nor ask with one of them as the sender: both would teach the neighbours
 * its own MAC for the virtual address. */
struct arp_settings {
    unsigned ignore;
    unsigned announce;
};

/* on: the parent, where the kernel will not tell of it; else 0. Returns buffer, VIRTUAL_MARK_SIZE
 * octets are enough. */
const char *virtual_mark_write(const struct arp_settings *before, int on, char *buffer,
                               size_t size);

/* True when the link is a macvlan with such a mark. */
bool virtual_mark_is_on(const struct link *link);

/* How its parent treated ARP. All zero when there is no mark. */
struct arp_settings virtual_mark_before(const struct link *link);

/* Sets link->parent to the one that the mark tells of, if it does. */
void virtual_mark_apply(struct link *link);

#endif
