/*
 * A VRRP message as it was captured on a link, in its Ethernet frame: what can be told of it
 * before, or without, its being received (packet.h).
 */
#ifndef VIP_PACKET_VRRP_FRAME_H
#define VIP_PACKET_VRRP_FRAME_H

#include "lib/packet/neighbour_frame.h"

struct vrrp_frame {
    uint8_t mac[MAC_SIZE]; /* it came from */
    struct ip_address source;
    struct ip_address destination;
    uint8_t vrid;
    uint8_t priority;
    const uint8_t *packet; /* the IP packet, as much of it as was captured: within the frame */
    size_t packet_size;
};

/* Reads an Ethernet frame with a VRRP message, which may be cut off behind its first octets. False:
 * it is none. Any octets are safe. */
bool vrrp_frame_read(const uint8_t *frame, size_t size, struct vrrp_frame *out);

#endif
