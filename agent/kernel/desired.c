/* The list of what is wanted; see desired.h. */
#include "agent/kernel/desired.h"

void desired_link_in(struct desired_sets *sets, struct desired_set *set)
{
    if (set->linked)
        return;
    set->linked = true;
    set->prev = NULL;
    set->next = sets->first;
    if (set->next != NULL)
        set->next->prev = set;
    sets->first = set;
}

void desired_link_out(struct desired_sets *sets, struct desired_set *set)
{
    if (!set->linked)
        return;
    set->linked = false;
    if (set->prev != NULL)
        set->prev->next = set->next;
    else
        sets->first = set->next;
    if (set->next != NULL)
        set->next->prev = set->prev;
    set->next = NULL;
    set->prev = NULL;
}

static bool same(const struct ip_prefix *a, const struct ip_prefix *b)
{
    return a->length == b->length && ip_address_equal(&a->address, &b->address);
}

static bool has(const struct desired_set *set, int ifindex, const struct ip_prefix *prefix)
{
    if (set->ifindex != ifindex)
        return false;
    for (size_t i = 0; i < set->count; i++)
        if (same(&set->prefixes[i], prefix))
            return true;
    return false;
}

struct desired_set *desired_who(const struct desired_sets *sets, int ifindex,
                                const struct ip_prefix *prefix)
{
    for (struct desired_set *s = sets->first; s != NULL; s = s->next)
        if (has(s, ifindex, prefix))
            return s;
    return NULL;
}

bool desired_rebase(struct desired_set *set, const struct ip_prefix *prefixes, size_t count,
                    uint64_t lease_ns)
{
    if (!set->linked || set->count != count || set->lease_ns != lease_ns)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!same(&set->prefixes[i], &prefixes[i]))
            return false;
    set->prefixes = prefixes;
    return true;
}

bool desired_raises(const struct desired_sets *sets, int ifindex)
{
    for (const struct desired_set *s = sets->first; s != NULL; s = s->next)
        if (s->raises && s->ifindex == ifindex)
            return true;
    return false;
}

bool desired_settled(const struct desired_set *set)
{
    return !set->attempt && !set->reading && set->in_flight == 0;
}
