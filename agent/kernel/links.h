/*
 * The room kernel: links and addresses as the kernel has them, and how they are made as wanted.
 *
 * links.h keeps a view of both current over netlink (libnl-3) and tells of every change: what is
 * read (links_parse: pure; links_ask: what we ask) goes into one table (links_table), and whoever
 * watches is told (links_view). A lost notification (ENOBUFS) leads to a full re-dump and
 * on_resync. Owner of the view: the agent.
 *
 * reconciler.h makes the kernel's addresses equal to what the elections want (desired.h): additions
 * and removals are collected by address_batch.h and written by rtnl_batch.h (libmnl); what a
 * predecessor left is found by leftovers.h; what we have added is known by remembered.h also when its
 * mark is gone, and repairs.h says how often things are put right; local_route.h knows when the
 * kernel really answers.
 * virtual_link.h makes the macvlans of virtual MACs.
 *
 * Nothing here knows an election, an instance or a packet. It may use base/ and lib/packet.
 */
#ifndef AGENT_KERNEL_LINKS_H
#define AGENT_KERNEL_LINKS_H

#include "agent/kernel/observed.h"

#include <systemd/sd-event.h>

struct links;

/* Opens the netlink sockets and reads everything once (no callbacks for that). Callbacks come at
 * sd-event priority `priority`. Returns 0 or a negative errno. */
int links_open(sd_event *event, int64_t priority, const struct links_observer *observer,
               struct links **out);
void links_close(struct links *links);

/* NULL when there is none. Valid until the next event-loop turn. */
const struct link *links_by_name(const struct links *links, const char *name);
const struct link *links_by_index(const struct links *links, int ifindex);

/* A link on top of `parent` (0: on any) for which fits() is true, or NULL. */
const struct link *links_find_child(const struct links *links, int parent,
                                    bool (*fits)(const struct link *link));

/* The address as last observed on that link (whatever the prefix length), or NULL. */
const struct observed_address *links_address(const struct links *links, int ifindex,
                                             const struct ip_address *address);

/* The address as last observed with exactly that prefix length, or NULL. */
const struct observed_address *links_prefix(const struct links *links, int ifindex,
                                            const struct ip_prefix *prefix);

/* Calls fn for each observed address (ifindex 0: of all links), in the kernel's order.
 * fn returns false to stop. */
void links_each_address(const struct links *links, int ifindex,
                        bool (*fn)(void *userdata, const struct observed_address *address),
                        void *userdata);

/* Tells the view of a change we have just made and had acknowledged, so that it need not wait for
 * the notification. */
void links_note_address(struct links *links, const struct observed_address *address, bool present);

/* Reads one link by name at once, without callbacks: for a link we have just made or changed.
 * 0 or a negative errno (-ENODEV: there is none). */
int links_update(struct links *links, const char *name);

/* Reads all addresses at once: for one that the kernel says is there and the view does not have.
 * What is new by that is told from the event loop. 0 or a negative errno. */
int links_read_addresses(struct links *links);

/* Forgets a link that we have just deleted. */
void links_note_gone(struct links *links, int ifindex);

#endif
