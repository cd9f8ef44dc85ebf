/*
 * Who says in a frame that it holds an address, or wants it: what a message of ARP or neighbour
 * discovery means for somebody who has that address.
 */
#ifndef VIP_PACKET_NEIGHBOUR_CLAIM_H
#define VIP_PACKET_NEIGHBOUR_CLAIM_H

#include "lib/packet/neighbour_frame.h"

/* What a neighbour frame says of an address. */
enum neighbour_claim_kind {
    NEIGHBOUR_ANNOUNCEMENT, /* gratuitous ARP (sender = target), or NA without the S flag */
    NEIGHBOUR_ANSWER,       /* ARP request or reply with that sender, or solicited NA */
    NEIGHBOUR_PROBE,        /* ARP probe (sender 0.0.0.0) or DAD NS: wants the address */
};

struct neighbour_claim {
    enum neighbour_claim_kind kind;
    struct ip_address address;
    uint8_t mac[MAC_SIZE]; /* the link-layer address it is claimed for */
};

/* Reads an Ethernet frame (ARP, or IPv6 ICMP NA / DAD NS; hop limit 255 and ICMPv6 checksum
 * checked). False: not such a frame, or malformed. Any octets are safe. */
bool neighbour_frame_parse(const uint8_t *frame, size_t size, struct neighbour_claim *out);

#endif
