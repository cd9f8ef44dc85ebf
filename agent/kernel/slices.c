/* Claims in slices; see slices.h. */
#include "agent/kernel/slices.h"

enum {
    FIRST_CHANGES = 16,
    NEXT_CHANGES = 256,
    /* A claim of fewer is done before anybody could make use of its first. */
    SLICED_MIN = 64,
};

bool slices_apply(const struct desired_set *set)
{
    return !set->told && set->attempt && set->count >= SLICED_MIN && set->on_landed != NULL;
}

unsigned slices_next(const struct desired_set *set)
{
    return set->attempted == 0 ? FIRST_CHANGES : NEXT_CHANGES;
}

void slices_note(const struct desired_sets *sets)
{
    for (struct desired_set *s = sets->first; s != NULL; s = s->next) {
        if (!slices_apply(s) || desired_awaited(s) > 0 || s->reading || s->attempted <= s->landed)
            continue;
        s->landed = s->attempted;
        s->progressed = true;
    }
}

void slices_tell(const struct desired_sets *sets)
{
    struct desired_set *s = sets->first;

    while (s != NULL) {
        if (!s->progressed) {
            s = s->next;
            continue;
        }
        s->progressed = false;
        s->on_landed(s);
        s = sets->first;
    }
}
