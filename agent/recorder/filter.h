/* What of the captured frames is kept: every advertisement, and of ARP and neighbour discovery what
 * is about the addresses watched. */
#ifndef AGENT_RECORDER_FILTER_H
#define AGENT_RECORDER_FILTER_H

#include "lib/packet/address.h"

/* Zero: no addresses. */
struct recorder_filter {
    struct ip_address *addresses; /* sorted */
    size_t count;
};

/* Replaces the addresses; they are copied. 0, or -ENOMEM with the old ones kept. */
int recorder_filter_set(struct recorder_filter *filter, const struct ip_address *addresses,
                        size_t count);
void recorder_filter_free(struct recorder_filter *filter);

/* datalink: DLT_ of the frame, which is an advertisement, ARP or ND: the capture's own filter has
 * seen to that. Any octets are safe. */
bool recorder_filter_wants(const struct recorder_filter *filter, int datalink, const uint8_t *frame,
                           size_t size);

#endif
