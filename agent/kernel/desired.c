/* Sets of desired addresses in their list; see desired.h. Owner of the list: the reconciler. */
#include "agent/kernel/desired.h"

static bool same(const struct ip_prefix *a, const struct ip_prefix *b)
{
    return a->length == b->length && ip_address_equal(&a->address, &b->address);
}

void desired_link(struct desired_set **list, struct desired_set *set)
{
    if (set->linked)
        return;
    set->linked = true;
    set->prev = NULL;
    set->next = *list;
    if (set->next != NULL)
        set->next->prev = set;
    *list = set;
}

void desired_unlink(struct desired_set **list, struct desired_set *set)
{
    if (!set->linked)
        return;
    set->linked = false;
    if (set->prev != NULL)
        set->prev->next = set->next;
    else
        *list = set->next;
    if (set->next != NULL)
        set->next->prev = set->prev;
    set->next = NULL;
    set->prev = NULL;
}

struct desired_set *desired_find(struct desired_set *list, int ifindex,
                                 const struct ip_prefix *prefix)
{
    for (struct desired_set *s = list; s != NULL; s = s->next)
        for (size_t i = 0; s->ifindex == ifindex && i < s->count; i++)
            if (same(&s->prefixes[i], prefix))
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
