/*
 * Which of two addresses makes the better source of adverts. The source is who we are to our peers:
 * unicast peers list it, and of equal priorities the greater one wins. So it has to be the same one
 * after a restart: rather an address that somebody configured than one that came by itself, and
 * rather one that stays than one that goes. Pure.
 */
#ifndef AGENT_INSTANCES_SOURCE_RANK_H
#define AGENT_INSTANCES_SOURCE_RANK_H

#include "agent/kernel/observed.h"

/* One that could be sent from. */
struct source_candidate {
    const struct observed_address *address;
    bool shared;  /* an instance of this node lists it as a virtual address */
    bool present; /* what is sent from now */
};

/* True when `a` is better. Of equal ones the present one, then (IPv6) the one that has been there
 * for longer; of IPv4 neither: the kernel lists its primary address first. */
bool source_is_better(const struct source_candidate *a, const struct source_candidate *b);

/* Why an IPv6 address is no good one, for a sentence: "temporary" (RFC 8981), "deprecated"; NULL
 * when it is one. Static text. */
const char *source_fault(const struct observed_address *address);

#endif
