/*
 * Which ARP and ND frames the watch of a link asks the kernel for: those about our addresses. A
 * flood of others would be read with real-time priority to be thrown away. Pure: text for libpcap.
 */
#ifndef AGENT_WIRE_NEIGHBOUR_FILTER_H
#define AGENT_WIRE_NEIGHBOUR_FILTER_H

#include "lib/packet/address.h"

enum {
    /* Of one family. More make the program longer than they save: then all of the family come. */
    NEIGHBOUR_FILTER_ADDRESSES = 32,
    NEIGHBOUR_FILTER_SIZE = 128 + NEIGHBOUR_FILTER_ADDRESSES * 2 * 80,
};

/* Writes an expression in parentheses; of a family without an address nothing passes. Returns
 * buffer. NEIGHBOUR_FILTER_SIZE is enough. */
const char *neighbour_filter_text(const struct ip_address *addresses, size_t count, char *buffer,
                                  size_t size);

#endif
