/*
 * The room of the wire: what goes out on a link and what comes in. Adverts (advert_io.h),
 * announcements (neighbour_io.h), who else answers for our addresses (conflict.h), captured frames
 * (frame_tap.h, frame_ring.h, frame_pack.h), and this.
 *
 * A segment is what all virtual routers on one link share: an advert socket for each family and the
 * watch over ARP and ND. A received message is handed to the client with its family and VRID
 * (RFC 9568 7.1); what belongs to nobody is counted here. memberships.h has the groups it listens
 * to. Segments own their sockets and captures, which are opened and closed by a worker (opening.h),
 * so that a client may have to wait for them; the clients are their callers'. Nothing is decided
 * here. It uses kernel/ (links) and base/; the flight recorder above it observes through a table of
 * functions.
 */
#ifndef AGENT_WIRE_SEGMENT_H
#define AGENT_WIRE_SEGMENT_H

#include "agent/base/worker.h"
#include "agent/kernel/links.h"
#include "agent/wire/advert_io.h"
#include "agent/wire/segment_client.h"
#include "agent/wire/segment_observer.h"

struct segments;

/* on_busy: more packets wait than one pass takes (see advert_io.h). While that lasts everything
 * less urgent gets a turn now and then (see rest.h). */
struct segments *segments_new(sd_event *event, struct links *links, void (*on_busy)(void *userdata),
                              void *userdata);
void segments_free(struct segments *segments);

/* Has everything that can wait done by that worker from now on; without one it is done at once. */
void segments_set_worker(struct segments *segments, struct worker *worker);

/* Has fn called when the loop was awake for adverts, sent or received, and that is done: for what
 * goes along with them instead of waking it once more. */
void segments_on_pass(struct segments *segments, void (*fn)(void *userdata), void *userdata);

/* Segments opened from now on are observed. Copied. */
void segments_set_observer(struct segments *segments, const struct segment_observer *observer);

/* Joins the client to the link's segment, opening what is missing. 0; -EINPROGRESS: it has to wait
 * for that, on_ready() follows; or another negative errno, logged, then it is not attached. -EBUSY,
 * not logged: another instance with that VRID is still handing over. */
int segment_attach(struct segments *segments, const struct link *link,
                   struct segment_client *client);

/* 0: attached, and can send and receive; -EINPROGRESS: has to wait; another negative errno: it
 * could not be, and is to be detached. */
int segment_state(const struct segment_client *client);

/* Leaves, also while it waits; the last one closes the sockets. Harmless when not attached. */
void segment_detach(struct segments *segments, struct segment_client *client);

/* The link the client is attached to or waits for, or 0. */
int segment_ifindex(const struct segment_client *client);

/* After the link came back: renews multicast membership, and opens captures that were not. */
void segment_rejoin(struct segment_client *client);

/* Collects the watched addresses, sources and MACs of all clients again. */
void segment_watch(struct segment_client *client);

/* The same when segments_watch_due() is called: once for many clients that change together. */
void segment_watch_later(struct segment_client *client);
void segments_watch_due(struct segments *segments);

/* Until then all of segment_watch() is put off, and what clients that come and go have collected:
 * for who changes many, and calls segments_watch_due() in the same turn of the loop. */
void segments_watch_put_off(struct segments *segments);

/* Hands on what has been received, a bounded number of messages from each socket. For whoever keeps
 * the event loop waiting: adverts come before the timers that they may stop. */
void segments_receive(struct segments *segments);

/* Counters of packets of the client's family that belonged to no client, by verdict
 * (PACKET_VERDICTS of them); incomplete while there were many (segment_filter.h). */
const uint64_t *segment_counters(const struct segment_client *client);

#endif
