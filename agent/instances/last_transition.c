/* Transitions without empty notes; see last_transition.h. */
#include "agent/instances/last_transition.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(TRANSITION_FACTS + EVIDENCE_NOTE_SIZE == sizeof(struct transition),
              "nothing stands behind the note");

void last_transition_set(struct last_transition *last, const struct transition *transition)
{
    const char *note = transition->evidence.note;

    last_transition_free(last);
    memcpy(last->facts, transition, TRANSITION_FACTS);
    last->note = note[0] != '\0' ? strdup(note) : NULL;
}

struct transition last_transition_get(const struct last_transition *last)
{
    struct transition transition = {0};

    memcpy(&transition, last->facts, TRANSITION_FACTS);
    if (last->note != NULL)
        snprintf(transition.evidence.note, sizeof(transition.evidence.note), "%s", last->note);
    return transition;
}

void last_transition_free(struct last_transition *last)
{
    free(last->note);
    last->note = NULL;
}
