/* What must hold of any VRRP message, for the targets that read whole packets and those that read
 * messages. They abort when it does not hold. */
#ifndef TESTS_FUZZ_PACKET_CHECKS_H
#define TESTS_FUZZ_PACKET_CHECKS_H

#include "lib/packet/packet.h"

enum {
    RECEIVER_CHOICES = 4, /* octets of input that make a receiver */
};

/* Received without configuration: whatever is accepted is built again octet by octet. */
void check_stateless(const struct packet_ip *ip, const uint8_t *payload, size_t size);

/* Received by a router that `choices` makes up, some of its settings taken from the packet. */
void check_with_receiver(const struct packet_ip *ip, const uint8_t *payload, size_t size,
                         const uint8_t choices[RECEIVER_CHOICES]);

#endif
