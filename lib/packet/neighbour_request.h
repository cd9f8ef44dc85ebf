/*
 * Asking who has an address: an ARP request (RFC 826) or a Neighbor Solicitation (RFC 4861 4.3) as
 * a whole Ethernet frame. The answer is read by neighbour_frame_parse().
 */
#ifndef VIP_PACKET_NEIGHBOUR_REQUEST_H
#define VIP_PACKET_NEIGHBOUR_REQUEST_H

#include "lib/packet/neighbour_frame.h"

enum { NEIGHBOUR_REQUEST_SIZE_MAX = 86 };

/* Who asks for what. sender and target are of one family; an IPv4 sender may be NONE (the request
 * then has the form of an ARP probe, which is answered too), an IPv6 one may not. */
struct neighbour_request {
    struct ip_address sender;
    struct ip_address target;
    uint8_t mac[MAC_SIZE]; /* the sender's */
};

/* buffer: NEIGHBOUR_REQUEST_SIZE_MAX. Returns the length. */
size_t neighbour_request_build(const struct neighbour_request *request, uint8_t *buffer);

#endif
