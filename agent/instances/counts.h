/*
 * What is counted of an instance as long as vipd runs: changes of state by reason, how long
 * takeovers took, runs of hooks. A reload that starts an instance anew does not begin to count
 * anew: what the old one and its routers counted is handed on to the new one of that name. Nothing
 * here decides anything.
 */
#ifndef AGENT_INSTANCES_COUNTS_H
#define AGENT_INSTANCES_COUNTS_H

#include "agent/instances/state.h"

/* All that an instance has counted, without it. */
struct instance_legacy {
    uint32_t transitions[REASONS];
    struct instance_deeds deeds;
    struct {
        struct election_counters counters;
        struct packet_tally tally;
        uint64_t shared[PACKET_VERDICTS]; /* of its segment, which are shown with its own */
    } families[2];                        /* IPv4, IPv6 */
};

/* How often for each reason. */
void instance_transitions(const struct instance *instance, uint32_t out[REASONS]);

/* The runs of hooks and the gaps of takeovers. */
const struct instance_deeds *instance_deeds(const struct instance *instance);

/* Its newest transition, to the state it is in. */
void instance_count_transition(struct instance *instance, const struct transition *last);

/* The kernel has answered for a claim: a takeover that waited for that is over. */
void instance_count_claimed(struct instance *instance);

void instance_count_hook(struct instance *instance, enum hook hook, bool good);

/* Frees what belongs to them. */
void instance_counts_free(struct instance *instance);

/* Before it is freed, and to its successor. */
void instance_bequeath(const struct instance *instance, struct instance_legacy *out);
void instance_inherit(struct instance *instance, const struct instance_legacy *legacy);

#endif
