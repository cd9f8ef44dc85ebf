/* The Internet checksum (RFC 1071), in pieces so that pseudo-headers need no copying. */
#ifndef VIP_PACKET_CHECKSUM_H
#define VIP_PACKET_CHECKSUM_H

#include "lib/packet/address.h"

/* Adds octets to a running sum (0 to begin with). All pieces but the last have an even size. */
uint64_t checksum_add(uint64_t sum, const uint8_t *octets, size_t size);

/* Adds the pseudo-header of the addresses' family (RFC 5798 5.2.8 for IPv4, RFC 8200 8.1 for
 * IPv6) for an upper-layer message of `length` octets. */
uint64_t checksum_add_pseudo_header(uint64_t sum, const struct ip_address *source,
                                    const struct ip_address *destination, uint8_t protocol,
                                    size_t length);

/* The value for the checksum field (host order). Over a message whose field is filled in and right,
 * the result is 0. */
uint16_t checksum_finish(uint64_t sum);

#endif
