/*
 * How long an announcement waits for the kernel to answer for addresses that it has acknowledged:
 * until it has got no further for a bound, with anything: it does one after the other. For
 * thousands of IPv6 addresses it needs seconds, and whoever is told before sends packets to a node
 * that refuses them. One that it never answers for holds up the others for the bound, or 30 s while
 * the kernel gets on with somebody else's.
 * Plain values; owner: the router.
 */
#ifndef AGENT_INSTANCES_ANSWER_WAIT_H
#define AGENT_INSTANCES_ANSWER_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer_wait {
    uint64_t bound_ns;   /* without any progress */
    uint64_t give_up_ns; /* boot time; 0: nobody waits yet */
    uint64_t last_ns;    /* in any case: others may flap for ever */
    uint64_t progress;   /* as of the last look */
};

/* Waiting has not begun: the kernel has to acknowledge the addresses first. */
void answer_wait_begin(struct answer_wait *wait, uint64_t bound_ns);

/* progress counts up whenever the kernel has got on; the first look begins the wait. True: it is
 * over. */
bool answer_wait_over(struct answer_wait *wait, uint64_t progress, uint64_t now_ns);

/* Until the next look. */
uint64_t answer_wait_pause_ns(size_t count);

#endif
