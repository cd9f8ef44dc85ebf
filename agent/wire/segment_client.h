/*
 * One virtual router on a segment, as segment.h wants it. Owner: whoever attaches it.
 */
#ifndef AGENT_WIRE_SEGMENT_CLIENT_H
#define AGENT_WIRE_SEGMENT_CLIENT_H

#include "lib/packet/claimed_address.h"
#include "lib/packet/neighbour_claim.h"
#include "lib/packet/packet.h"
#include "lib/packet/vrrp_frame.h"

struct segment;

/* Fields above `segment` are filled in first, the others are the segment's. */
struct segment_client {
    enum ip_family family;
    uint8_t vrid;
    struct ip_address group; /* multicast, heard by unicast ones too: to refuse what comes there */
    /* Watched, but for those that name a device; call segment_watch() after a change. */
    const struct claimed_address *addresses;
    size_t count;
    struct ip_address source; /* what it sends from; watched too */
    struct ip_address learn;  /* VRRP messages from there are watched too; NONE: from nowhere */
    uint8_t rival_mac[MAC_SIZE];
    bool has_rival; /* VRRP messages of rival_mac are watched too */
    void (*on_message)(void *userdata, const struct packet_ip *ip, bool source_is_ours,
                       const uint8_t *payload, size_t size);
    void (*on_claim)(void *userdata, const struct neighbour_claim *claim);
    /* A frame with its VRID from an address owner or from a watched source or MAC, not necessarily
     * its own ones. */
    void (*on_frame)(void *userdata, const struct vrrp_frame *frame);
    /* segment_attach() had to wait and need no more: segment_state() says with what result. NULL is
     * allowed. */
    void (*on_ready)(void *userdata);
    void *userdata;

    struct segment *segment; /* NULL: not attached */
    bool waits;              /* for on_ready() */
    struct segment_client *next;
};

#endif
