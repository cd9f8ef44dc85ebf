/*
 * The room kernel: links and addresses as the kernel has them, and how they are made as wanted.
 *
 * links.h keeps a view of both current over netlink (libnl-3) and tells of every change: what is
 * read (links_parse: pure; links_ask: what we ask) goes into one table (links_table), and whoever
 * watches is told (links_view). A lost notification (ENOBUFS) leads to a full re-dump and
 * on_resync. Owner of the view: the agent.
 *
 * reconciler.h makes the kernel's addresses equal to what the elections want (desired.h) by
 * flights: the difference of both (difference.h; leftovers.h finds what a predecessor left) is
 * collected in an address_batch.h, written by a worker's thread (address_write.h, rtnl_batch.h:
 * libmnl) and taken in by outcome.h. What we have added is known by remembered.h also when its mark
 * is gone. schedule.h says when to ask again, repairs.h how often things are put right;
 * local_route.h knows when the kernel really answers. virtual_link.h makes the macvlans of virtual
 * MACs.
 *
 * Nothing here knows an election, an instance or a packet. It may use base/ and lib/packet.
 */
#ifndef AGENT_KERNEL_LINKS_H
#define AGENT_KERNEL_LINKS_H

#include "agent/base/worker.h"
#include "agent/kernel/mark.h"
#include "agent/kernel/observed.h"

#include <systemd/sd-event.h>

struct links;

/* Opens the netlink sockets and reads everything once (no callbacks for that). Callbacks come at
 * sd-event priority `priority`. Returns 0 or a negative errno. */
int links_open(sd_event *event, int64_t priority, const struct links_observer *observer,
               struct links **out);
void links_close(struct links *links);

/* Who reads all again when notifications were lost, and all addresses. It is closed before links
 * is. Without one nothing is read again. */
void links_use_worker(struct links *links, struct worker *worker);

/* Hears no more of the addresses that this port of rtnetlink, which is ours, adds and renews by
 * quiet messages (rtnl_batch.h): whoever does notes it. 0 or a negative errno: then they are heard
 * of. */
int links_ignore_quiet(struct links *links, uint32_t port);

/* While additions are on their way that are not heard of: fn is told of each IPv4 address that
 * somebody else adds, changes or removes, or that goes by a message of ours from that sequence
 * number on, before the view takes it in. By that alone is it known that it is not as we have
 * written it. NULL: nothing is on its way. */
void links_watch_changes(struct links *links, uint32_t first_sequence,
                         void (*fn)(void *userdata, const struct observed_address *address),
                         void *userdata);

/* NULL when there is none. Valid until the next event-loop turn. */
const struct link *links_by_name(const struct links *links, const char *name);
const struct link *links_by_index(const struct links *links, int ifindex);

/* A link on top of `parent` (0: on any) for which fits() is true, or NULL. */
const struct link *links_find_child(const struct links *links, int parent,
                                    bool (*fits)(const struct link *link));

/* Calls fn for each link. fn returns false to stop. */
void links_each_link(const struct links *links, bool (*fn)(void *userdata, const struct link *link),
                     void *userdata);

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

/* Which marks of ours this kernel keeps, as far as its addresses have told. */
const struct mark_support *links_mark_support(const struct links *links);

/* How many addresses the kernel has told to be gone so far. When that has changed since a change of
 * ours was sent, the view may know of later ones than that. */
unsigned links_losses(const struct links *links);

/* Tells the view of a change we have just made and had acknowledged, so that it need not wait for
 * the notification. */
void links_note_address(struct links *links, const struct observed_address *address, bool present);

/* The same of a link that we have set up or down. */
void links_note_up(struct links *links, int ifindex, bool up);

/* Reads all addresses: for one that the kernel says is there and the view does not have. What is
 * new by that is told from the event loop, and then that they were read, as far as possible. */
void links_read_addresses(struct links *links);

/* Who is to be called then. NULL: nobody. */
void links_on_read(struct links *links, void (*fn)(void *userdata), void *userdata);

/* Takes a link that we have just made, as it was read. Without callbacks. */
void links_note_link(struct links *links, const struct link *link);

/* Forgets a link that we have just deleted. */
void links_note_gone(struct links *links, int ifindex);

#endif
