/*
 * Addresses and prefixes of either family as plain values.
 * Octets are in network byte order, so memcmp() is the unsigned comparison that
 * RFC 9568 6.4.3 asks of the tie-break.
 */
#ifndef VIP_PACKET_ADDRESS_H
#define VIP_PACKET_ADDRESS_H

#include "lib/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ip_family {
    IP_FAMILY_NONE = 0,
    IP_FAMILY_IPV4 = 4,
    IP_FAMILY_IPV6 = 6,
} __attribute__((packed));

/* family NONE (all zero) means "no address". Unused octets are zero. */
struct ip_address {
    enum ip_family family;
    uint8_t octets[16];
};

/* An address and its prefix length, 0..32 or 0..128. */
struct ip_prefix {
    struct ip_address address;
    uint8_t length;
};

/* 4 or 16; 0 for NONE. Inline: every advert asks several times. */
static inline size_t ip_family_size(enum ip_family family)
{
    switch (family) {
    case IP_FAMILY_IPV4:
        return 4;
    case IP_FAMILY_IPV6:
        return 16;
    case IP_FAMILY_NONE:
        break;
    }
    return 0;
}

/* "ipv4", "ipv6", "none". Static text. */
const char *ip_family_name(enum ip_family family);

/* An address from its octets (ip_family_size(family) of them, network byte order). */
struct ip_address ip_address_from_octets(enum ip_family family, const void *octets);

/* Parses numeric text of either family, no prefix, no scope. False leaves *out untouched. */
bool ip_address_parse(const char *text, struct ip_address *out);

/* Parses "ADDRESS/LENGTH"; without a length 32 or 128 is taken. False leaves *out untouched. */
bool ip_prefix_parse(const char *text, struct ip_prefix *out);

/* Writes numeric text ("-" for NONE) and returns buffer. size: at least ADDRESS_TEXT_SIZE. */
const char *ip_address_format(const struct ip_address *address, char *buffer, size_t size);

/* Writes "ADDRESS/LENGTH" and returns buffer. size: at least ADDRESS_TEXT_SIZE. */
const char *ip_prefix_format(const struct ip_prefix *prefix, char *buffer, size_t size);

bool ip_address_equal(const struct ip_address *a, const struct ip_address *b);

/* <0, 0, >0: by family, then octets unsigned in network byte order (RFC 9568 6.4.3). */
int ip_address_compare(const struct ip_address *a, const struct ip_address *b);

/* True when both lie in the network given by the first `length` bits and are of one family. */
bool ip_address_same_network(const struct ip_address *a, const struct ip_address *b,
                             uint8_t length);

/* 224.0.0.0/4 or ff00::/8. */
bool ip_address_is_multicast(const struct ip_address *address);

/* fe80::/10 or 169.254.0.0/16. */
bool ip_address_is_link_local(const struct ip_address *address);

/* 0.0.0.0 or ::, and NONE. */
bool ip_address_is_unspecified(const struct ip_address *address);

/* 127.0.0.0/8 or ::1. */
bool ip_address_is_loopback(const struct ip_address *address);
/* ::ffff:A.B.C.D, which no interface has. */
bool ip_address_is_mapped(const struct ip_address *address);

/* 224.0.0.18 or ff02::12 (RFC 9568 5.1.1.2, 5.1.2.2). */
struct ip_address ip_address_vrrp_group(enum ip_family family);

/* fe80::200:5eff:fe00:2{VRID}: the virtual router's link-local address where none is configured
 * (RFC 9568 erratum 8300 wants the first IPv6 address to be link-local). */
struct ip_address ip_address_virtual_link_local(uint8_t vrid);

/* "02:00:00:00:00:01". Returns buffer. size: MAC_TEXT_SIZE. */
const char *mac_format(const uint8_t mac[6], char *buffer, size_t size);

/* 00-00-5E-00-01-{VRID} or 00-00-5E-00-02-{VRID} (RFC 9568 7.3). */
void virtual_mac(enum ip_family family, uint8_t vrid, uint8_t mac[6]);

/* The name of the link that carries it on the interface of that index (> 0): "vipd4.51",
 * "vipd4.51v6" for IPv6; where that is too long "vipd1e240-ff", "vipd1e240_ff" for IPv6, in
 * hexadecimal. Never the same for two. Returns buffer. */
const char *virtual_link_name(int ifindex, enum ip_family family, uint8_t vrid,
                              char buffer[INTERFACE_NAME_SIZE]);

#endif
