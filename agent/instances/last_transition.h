/*
 * The newest transition of an instance as it is kept: what the agent noted of it takes room only
 * where there is a note.
 */
#ifndef AGENT_INSTANCES_LAST_TRANSITION_H
#define AGENT_INSTANCES_LAST_TRANSITION_H

#include "lib/election/reason.h"

#include <stddef.h>

/* All of a transition but its note, which stands last. */
enum { TRANSITION_FACTS = offsetof(struct transition, evidence) + offsetof(struct evidence, note) };

/* All zero: there was none. */
struct last_transition {
    uint8_t facts[TRANSITION_FACTS];
    char *note; /* NULL: it has none, or there was no memory for it */
};

/* In the place of the one before. */
void last_transition_set(struct last_transition *last, const struct transition *transition);

struct transition last_transition_get(const struct last_transition *last);

/* Frees what belongs to it. */
void last_transition_free(struct last_transition *last);

#endif
