/*
 * The room of the wire: what goes out on a link and what comes in. Adverts (advert_io.h),
 * announcements (neighbour_io.h), who else answers for our addresses (conflict.h), captured frames
 * (frame_tap.h, frame_ring.h), and this.
 *
 * A segment is what all virtual routers on one link share: an advert socket for each family and the
 * watch over ARP and ND. A received message is handed to the client with its family and VRID
 * (RFC 9568 7.1); what belongs to nobody is counted here. Segments own their sockets and captures,
 * the clients are their callers'. Nothing is decided here. It uses kernel/ (links) and base/; the
 * flight recorder above it observes through a table of functions.
 */
#ifndef AGENT_WIRE_SEGMENT_H
#define AGENT_WIRE_SEGMENT_H

#include "agent/kernel/links.h"
#include "lib/election/lan_warning.h"
#include "lib/packet/neighbour_claim.h"
#include "lib/packet/packet.h"

struct segment;
struct segments;

/* One virtual router on a segment. Held by the caller; fields above `segment` are filled in first.
 */
struct segment_client {
    enum ip_family family;
    uint8_t vrid;
    const struct ip_prefix *prefixes; /* watched; call segment_watch() after a change */
    size_t count;
    struct ip_address source; /* what it sends from; watched too */
    struct ip_address learn; /* VRRP messages from there are watched too; NONE: from nowhere */
    uint8_t rival_mac[MAC_SIZE];
    bool has_rival; /* VRRP messages of rival_mac are watched too */
    void (*on_message)(void *userdata, const struct packet_ip *ip, bool source_is_ours,
                       const uint8_t *payload, size_t size);
    void (*on_claim)(void *userdata, const struct neighbour_claim *claim);
    /* A frame with its VRID from an address owner or from a watched source or MAC, not necessarily
     * its own ones. */
    void (*on_frame)(void *userdata, const struct vrrp_frame *frame);
    void *userdata;

    struct segment *segment; /* NULL: not attached */
    struct segment_client *next;
};

/* on_busy: more packets wait than one pass takes (see advert_io.h). While that lasts everything
 * less urgent gets a turn now and then (see rest.h). */
struct segments *segments_new(sd_event *event, struct links *links, void (*on_busy)(void *userdata),
                              void *userdata);
void segments_free(struct segments *segments);

/* Somebody who captures beside us for as long as a segment is open: the flight recorder. */
struct segment_observer {
    /* The link of that name can be captured from now on. Returns what it is called by below, or
     * NULL: not observed, asked again when the link comes back. */
    void *(*attach)(void *userdata, const char *ifname);
    /* The addresses that the segment's routers share; copied by the callee. */
    void (*watch)(void *observed, const struct ip_address *addresses, size_t count);
    /* The segment closes. */
    void (*detach)(void *observed);
    void *userdata;
};

/* Segments opened from now on are observed. Copied. */
void segments_set_observer(struct segments *segments, const struct segment_observer *observer);

/* Joins the client to the link's segment, opening what is missing. 0 or a negative errno, logged;
 * -EBUSY, not logged: another instance with that VRID is still handing over. */
int segment_attach(struct segments *segments, const struct link *link,
                   struct segment_client *client);

/* Leaves; the last one closes the sockets. Harmless when not attached. */
void segment_detach(struct segments *segments, struct segment_client *client);

/* The link the client is attached to, or 0. */
int segment_ifindex(const struct segment_client *client);

/* After the link came back: renews multicast membership, and opens captures that were not. */
void segment_rejoin(struct segment_client *client);

/* Collects the watched addresses, sources and MACs of all clients again. */
void segment_watch(struct segment_client *client);

/* The same when segments_watch_due() is called: once for many clients that change together. */
void segment_watch_later(struct segment_client *client);
void segments_watch_due(struct segments *segments);

/* Hands on what has been received, a bounded number of messages from each socket. For whoever keeps
 * the event loop waiting: adverts come before the timers that they may stop. */
void segments_receive(struct segments *segments);

/* Sends through the shared socket. 0 or negative errno. */
int segment_send(struct segment_client *client, const struct ip_address *source,
                 const struct ip_address *destination, const uint8_t *payload, size_t size);

/* Counters of packets that belonged to no client, by verdict (PACKET_VERDICTS of them). */
const uint64_t *segment_counters(const struct segment_client *client);

#endif
