/*
 * ARP (RFC 826, RFC 5227) and the two messages of neighbour discovery that name an address
 * (RFC 4861 4.3, 4.4), read for people: who says or asks what. Starts at the network layer, so it
 * does not matter on what link a message was seen. What it means for somebody who has the address
 * is neighbour_claim.h's.
 */
#ifndef VIP_PACKET_NEIGHBOUR_MESSAGE_H
#define VIP_PACKET_NEIGHBOUR_MESSAGE_H

#include "lib/packet/neighbour_frame.h"

enum neighbour_message_kind {
    NEIGHBOUR_ARP_REQUEST = 0,
    NEIGHBOUR_ARP_REPLY,
    NEIGHBOUR_SOLICITATION,
    NEIGHBOUR_ADVERTISEMENT,
};

enum neighbour_verdict {
    NEIGHBOUR_OK = 0,
    NEIGHBOUR_OTHER,             /* neither ARP nor one of the two messages */
    NEIGHBOUR_TRUNCATED,         /* ends before it is complete */
    NEIGHBOUR_NOT_ETHERNET_IPV4, /* ARP for something else, or another operation */
    NEIGHBOUR_HOP_LIMIT_ERROR,   /* not 255: it came through a router */
    NEIGHBOUR_CHECKSUM_ERROR,
    NEIGHBOUR_OPTION_ERROR,
    NEIGHBOUR_VERDICTS, /* how many there are */
};

struct neighbour_message {
    enum neighbour_message_kind kind;
    struct ip_address sender; /* ARP: the sender's address; ND: the source of the packet */
    struct ip_address target; /* whom it is about */
    bool has_mac;
    uint8_t mac[MAC_SIZE]; /* ARP: the sender's; ND: of the link-layer address option */
    bool router;           /* flags of an advertisement */
    bool solicited;
    bool override;
};

/* Reads the octets behind the link-layer header, of which ether_type tells what they are. Any
 * octets are safe. *out is complete with NEIGHBOUR_OK, and holds what was read before the failing
 * check otherwise: the kind, unless it is NEIGHBOUR_OTHER, and maybe the addresses. */
enum neighbour_verdict neighbour_message_read(uint16_t ether_type, const uint8_t *octets,
                                              size_t size, struct neighbour_message *out);

/* True when a message announces an address that was not asked for: gratuitous ARP, unsolicited
 * advertisement. */
bool neighbour_message_announces(const struct neighbour_message *message);

/* "checksum_error". Static text. */
const char *neighbour_verdict_name(enum neighbour_verdict verdict);

#endif
