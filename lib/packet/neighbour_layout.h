/* Where what stands in the frames of ARP (RFC 826) and neighbour discovery (RFC 4861 4.3, 4.4). For
 * the neighbour_*.c files only. */
#ifndef VIP_PACKET_NEIGHBOUR_LAYOUT_H
#define VIP_PACKET_NEIGHBOUR_LAYOUT_H

enum {
    ETHERNET_SIZE = 14,
    ARP_SIZE = 28,
    ARP_OPERATION = 6,
    ARP_SENDER_MAC = 8,
    ARP_SENDER_IP = 14,
    ARP_TARGET_MAC = 18,
    ARP_TARGET_IP = 24,
    IPV6_HEADER_SIZE = 40,
    IPV6_LENGTH = 4,
    IPV6_NEXT_HEADER = 6,
    IPV6_HOP_LIMIT = 7,
    IPV6_SOURCE = 8,
    IPV6_DESTINATION = 24,
    NEXT_ICMPV6 = 58,
    HOP_LIMIT = 255,
    ND_SOLICITATION = 135,
    ND_ADVERTISEMENT = 136,
    ND_CODE = 1,
    ND_CHECKSUM = 2,
    ND_FLAGS = 4,
    ND_TARGET = 8,
    ND_SIZE = 24, /* and its options behind it */
    OPTION_SOURCE_MAC = 1,
    OPTION_TARGET_MAC = 2,
    FLAG_ROUTER = 0x80,
    FLAG_SOLICITED = 0x40,
    FLAG_OVERRIDE = 0x20,
};

#endif
