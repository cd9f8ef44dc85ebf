/*
 * Announcements of a claimed address: gratuitous ARP (RFC 9568 6.4.1 with erratum 7947, RFC 5227)
 * and unsolicited Neighbor Advertisement (RFC 4861 7.2.6) as whole Ethernet frames; and the frames
 * that ask whether somebody else holds it.
 */
#ifndef VIP_PACKET_NEIGHBOUR_FRAME_H
#define VIP_PACKET_NEIGHBOUR_FRAME_H

#include "lib/packet/address.h"

enum {
    ETHER_TYPE_IPV4 = 0x0800,
    ETHER_TYPE_ARP = 0x0806,
    ETHER_TYPE_IPV6 = 0x86dd,
};

enum {
    MAC_SIZE = 6,
    GRATUITOUS_ARP_SIZE = 42,
    UNSOLICITED_NA_SIZE = 86,
    ARP_PROBE_SIZE = 42,
    SOLICITATION_SIZE = 86,
    NEIGHBOUR_FRAME_SIZE_MAX = UNSOLICITED_NA_SIZE,
};

/* Request is what RFC 5227 calls an ARP Announcement; some old stacks update on replies only. */
enum arp_form {
    ARP_FORM_REQUEST = 1,
    ARP_FORM_REPLY = 2,
};

/* Builds a gratuitous ARP for an IPv4 address. buffer: GRATUITOUS_ARP_SIZE. Returns the length. */
size_t gratuitous_arp_build(const struct ip_address *address, const uint8_t mac[MAC_SIZE],
                            enum arp_form form, uint8_t *buffer);

/* Builds an unsolicited NA for an IPv6 address, override flag set, router flag only when `router`
 * (the node forwards). buffer: UNSOLICITED_NA_SIZE. Returns the length. */
size_t unsolicited_na_build(const struct ip_address *address, const uint8_t mac[MAC_SIZE],
                            bool router, uint8_t *buffer);

/* Builds an ARP probe (RFC 5227 2.1.1): whoever holds the address answers to `mac`, and nobody's
 * cache changes. buffer: ARP_PROBE_SIZE. Returns the length. */
size_t arp_probe_build(const struct ip_address *address, const uint8_t mac[MAC_SIZE],
                       uint8_t *buffer);

/* Builds a Neighbor Solicitation for an IPv6 address, from `source` (an address of ours): whoever
 * holds the address answers to us alone. A solicitation from nowhere, as for duplicate address
 * detection, would be answered to everybody and move their caches. buffer: SOLICITATION_SIZE.
 * Returns the length. */
size_t neighbour_solicitation_build(const struct ip_address *address,
                                    const struct ip_address *source, const uint8_t mac[MAC_SIZE],
                                    uint8_t *buffer);

#endif
