/*
 * Which transitions are worth a recording: those that nobody asked for. What the administrator does
 * here or on a peer (start, stop, drain, take, reload), and the way back from it, is not.
 */
#ifndef AGENT_RECORDER_POLICY_H
#define AGENT_RECORDER_POLICY_H

#include "lib/election/reason.h"

/* What is remembered of an instance between its transitions. Zero to begin with. */
struct recorder_policy {
    uint64_t entered_ns; /* CLOCK_BOOTTIME when it last left INIT */
    uint64_t taken_ns;   /* CLOCK_BOOTTIME when a take on a peer deposed it; 0: it did not */
    bool became_by_plan; /* the last time it became MASTER */
};

/* base_priority: the configured one. settle_ns: how long after leaving INIT a preemption is still
 * the end of coming back. Called for each transition of the instance, in order; true: unplanned. */
bool recorder_policy_wants(struct recorder_policy *policy, const struct transition *transition,
                           uint8_t base_priority, uint64_t settle_ns, uint64_t now_ns);

#endif
