/*
 * What the checks that an instance follows make of it: its effective priority, and whether it is
 * withdrawn; flap-damping as well, which holds a node back by the lowest priority. Answers only:
 * the elections hear of it from events.h.
 */
#ifndef AGENT_INSTANCES_CHECKS_EFFECT_H
#define AGENT_INSTANCES_CHECKS_EFFECT_H

#include "agent/instances/state.h"
#include "lib/election/priority.h"

struct checks_effect {
    uint8_t priority;
    bool withdrawn; /* it must not serve */
};

/* By the checks as they are. */
struct checks_effect instance_checks_effect(const struct instance *instance);

/* True when that check matters to it: its own, or of an instance in its group. */
bool instance_follows(const struct instance *instance, const char *check);

/* The effective priority by its checks as they are. */
uint8_t instance_priority(const struct instance *instance);

/* True when that is below the configured one: it is not healthy. */
bool instance_impaired(const struct instance *instance);

/* The arithmetic of it. Returns buffer. */
const char *instance_priority_text(const struct instance *instance, char *buffer, size_t size);

/* Adds to a transition what its checks know of it. */
void instance_explain(const struct instance *instance, struct transition *transition);

/* flap-damping: what it is worth now is no fault of its own. Call when it becomes MASTER, and when
 * an administrator changed what it is worth. */
void instance_note_standing(struct instance *instance);

/* flap-damping: whether that transition, its newest, counts as a withdrawal of all that move with
 * it. A group is withdrawn as one: the member that moves first has the reason, the others follow
 * it. */
bool instance_was_withdrawn(const struct instance *instance, const struct transition *last);

/* flap-damping: counts a withdrawal. True when it is held back until damping->held_until now. */
bool instance_count_withdrawal(struct instance *instance);

#endif
