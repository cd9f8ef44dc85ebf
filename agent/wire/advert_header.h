/*
 * What is sent beside an advert's octets: the fields of its IP header, and who wants to know how it
 * went.
 */
#ifndef AGENT_WIRE_ADVERT_HEADER_H
#define AGENT_WIRE_ADVERT_HEADER_H

#include "lib/packet/address.h"

#include <stddef.h>
#include <stdint.h>

/* What the IP header of a message says. */
struct advert_header {
    struct ip_address source; /* forced with IP_PKTINFO / IPV6_PKTINFO */
    struct ip_address destination;
    uint8_t ttl; /* or hop limit */
};

/* on_sent: the message left (0) or not (a negative errno). It must not send. */
struct advert_sender {
    void (*on_sent)(void *userdata, int error);
    void *userdata;
};

#endif
