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

/* What a client is told, userdata first. Static. */
struct segment_client_calls {
    void (*on_message)(void *userdata, const struct packet_ip *ip, bool source_is_ours,
                       const uint8_t *payload, size_t size);
    void (*on_claim)(void *userdata, const struct neighbour_claim *claim);
    /* A frame with its VRID from an address owner or from a watched source or MAC, not necessarily
     * its own ones. */
    void (*on_frame)(void *userdata, const struct vrrp_frame *frame);
    /* segment_attach() had to wait and need no more: segment_state() says with what result. NULL is
     * allowed. */
    void (*on_ready)(void *userdata);
};

/* Fields above `segment` are filled in first, the others are the segment's. What is small stands
 * together: there are thousands of these. */
struct segment_client {
    enum ip_family family;
    uint8_t vrid;
    bool unicast;
    bool virtual_mac;
    bool only_watches; /* sends and receives no adverts: several may be alike */
    bool has_rival;    /* VRRP messages of rival_mac are watched too */
    bool waits;        /* the segment's: for on_ready() */
    uint8_t rival_mac[MAC_SIZE];
    char device[INTERFACE_NAME_SIZE]; /* watched are the addresses that name it; "": no device */
    struct ip_address group;  /* multicast, heard by unicast ones too: to refuse what comes there */
    struct ip_address source; /* what it sends from; watched too */
    struct ip_address learn;  /* VRRP messages from there are watched too; NONE: from nowhere */
    const struct ip_address *peers; /* unicast */
    size_t peer_count;
    /* Watched as far as `device` goes; call segment_watch() after a change. */
    const struct claimed_address *addresses;
    size_t count;
    const struct segment_client_calls *calls;
    void *userdata;

    struct segment *segment; /* NULL: not attached */
    struct segment_client *next;
    struct segment_client *next_alike; /* of the same VRID and family */
};

#endif
