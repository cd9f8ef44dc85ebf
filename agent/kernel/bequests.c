/* What is inherited is renewed; see bequests.h. */
#include "agent/kernel/bequests.h"

#include "agent/kernel/schedule.h"

static bool is_noted(const struct bequests *bequests, const struct bequest *bequest)
{
    for (unsigned i = 0; i < bequests->count; i++)
        if (bequests->list[i].ifindex == bequest->ifindex &&
            bequests->list[i].lease_ns == bequest->lease_ns)
            return true;
    return false;
}

static bool may_inherit(const struct desired_set *set, const struct bequest *bequest)
{
    return (bequest->ifindex == 0 || bequest->ifindex == set->ifindex || set->elsewhere) &&
           bequest->lease_ns != set->lease_ns;
}

void bequests_note(struct bequests *bequests, const struct desired_sets *sets,
                   const struct desired_set *before)
{
    const struct bequest bequest = {.ifindex = before->elsewhere ? 0 : before->ifindex,
                                    .lease_ns = before->lease_ns};

    if (is_noted(bequests, &bequest))
        return;
    if (bequests->count == BEQUESTS_MAX)
        bequests_serve(bequests, sets);
    bequests->list[bequests->count++] = bequest;
}

void bequests_serve(struct bequests *bequests, const struct desired_sets *sets)
{
    if (bequests->count == 0)
        return;
    for (struct desired_set *s = sets->first; s != NULL; s = s->next)
        for (unsigned i = 0; i < bequests->count; i++)
            if (may_inherit(s, &bequests->list[i])) {
                schedule_refresh(s);
                break;
            }
    bequests->count = 0;
}
