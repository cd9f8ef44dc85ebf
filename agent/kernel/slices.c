/* Claims in slices; see slices.h. */
#include "agent/kernel/slices.h"

#include "agent/kernel/rtnl_batch.h"

#include <assert.h>

static_assert(DESIRED_MANY_IPV4 == RTNL_BATCH_MESSAGES + 1, "what is one send is not cut");

enum {
    FIRST_CHANGES = 16,
    NEXT_CHANGES = 256,
};

bool slices_apply(const struct desired_set *set)
{
    return !set->told && set->attempt && desired_is_many(set) && set->on_landed != NULL;
}

unsigned slices_next(const struct desired_set *set)
{
    return set->attempted == 0 ? FIRST_CHANGES : NEXT_CHANGES;
}

void slices_note(const struct desired_sets *sets)
{
    if (!sets->many)
        return;
    for (struct desired_set *s = sets->first; s != NULL; s = s->next) {
        if (!slices_apply(s) || desired_awaited(s) > 0 || s->reading || s->attempted <= s->landed)
            continue;
        s->landed = s->attempted;
        s->progressed = true;
    }
}

void slices_tell(const struct desired_sets *sets)
{
    struct desired_set *s = sets->many ? sets->first : NULL;

    while (s != NULL) {
        unsigned changes = sets->changes;
        bool tell = s->progressed;

        s->progressed = false;
        if (tell)
            s->on_landed(s);
        s = sets->changes == changes ? s->next : sets->first;
    }
}
