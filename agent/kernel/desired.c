/* The list of what is wanted; see desired.h. */
#include "agent/kernel/desired.h"

#include <stdlib.h>

struct repairs *desired_repairs(struct desired_set *set)
{
    if (set->repairs == NULL && set->linked)
        set->repairs = calloc(1, sizeof(*set->repairs));
    return set->repairs;
}

static void forget_repairs(struct desired_set *set)
{
    free(set->repairs);
    set->repairs = NULL;
}

bool desired_is_many(const struct desired_set *set)
{
    if (set->count < DESIRED_MANY)
        return false;
    return set->count >= DESIRED_MANY_IPV4 ||
           set->addresses[0].prefix.address.family != IP_FAMILY_IPV4;
}

void desired_link_in(struct desired_sets *sets, struct desired_set *set)
{
    sets->many = sets->many || desired_is_many(set);
    if (set->linked)
        return;
    sets->changes++;
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
    sets->changes++;
    set->linked = false;
    if (set->prev != NULL)
        set->prev->next = set->next;
    else
        sets->first = set->next;
    if (set->next != NULL)
        set->next->prev = set->prev;
    set->next = NULL;
    set->prev = NULL;
    forget_repairs(set);
}

void desired_forget(struct desired_sets *sets)
{
    for (struct desired_set *s = sets->first; s != NULL; s = s->next)
        forget_repairs(s);
    *sets = (struct desired_sets){0};
}

int desired_ifindex(const struct links *links, const struct desired_set *set,
                    const struct claimed_address *address)
{
    if (address->device[0] == '\0')
        return set->ifindex;
    const struct link *link = links_by_name(links, address->device);
    return link != NULL ? link->ifindex : 0;
}

bool desired_waits(const struct links *links, const struct claimed_address *address)
{
    if (address->device[0] == '\0')
        return false;
    const struct link *link = links_by_name(links, address->device);
    return link == NULL || !link->up;
}

static bool has(const struct links *links, const struct desired_set *set, int ifindex,
                const struct ip_prefix *prefix)
{
    if (set->ifindex != ifindex && !set->elsewhere)
        return false;
    for (size_t i = 0; i < set->count; i++)
        if (set->addresses[i].prefix.length == prefix->length &&
            ip_address_equal(&set->addresses[i].prefix.address, &prefix->address) &&
            desired_ifindex(links, set, &set->addresses[i]) == ifindex)
            return true;
    return false;
}

struct desired_set *desired_who(const struct links *links, const struct desired_sets *sets,
                                int ifindex, const struct ip_prefix *prefix)
{
    for (struct desired_set *s = sets->first; s != NULL; s = s->next)
        if (has(links, s, ifindex, prefix))
            return s;
    return NULL;
}

bool desired_rebase(struct desired_set *set, const struct claimed_address *addresses, size_t count,
                    uint64_t lease_ns)
{
    if (!set->linked || set->lease_ns != lease_ns ||
        !claimed_addresses_equal(set->addresses, set->count, addresses, count))
        return false;
    set->addresses = addresses;
    return true;
}

bool desired_raises(const struct desired_sets *sets, int ifindex)
{
    for (const struct desired_set *s = sets->first; s != NULL; s = s->next)
        if (s->raises && s->ifindex == ifindex)
            return true;
    return false;
}

size_t desired_awaited(const struct desired_set *set)
{
    return set->in_flight - set->renewing;
}

bool desired_settled(const struct desired_set *set)
{
    return !set->attempt && !set->reading && desired_awaited(set) == 0;
}

bool desired_any_untold(const struct desired_sets *sets, bool flying)
{
    for (const struct desired_set *s = sets->first; s != NULL; s = s->next)
        if (desired_settled(s) && ((s->unplanned && !flying) || !s->told))
            return true;
    return false;
}

void desired_tell(const struct desired_sets *sets)
{
    struct desired_set *s = sets->first;

    while (s != NULL) {
        unsigned changes = sets->changes;
        bool tell = !s->told && desired_settled(s);

        s->told = s->told || tell;
        if (tell && s->on_settled != NULL)
            s->on_settled(s);
        s = sets->changes == changes ? s->next : sets->first;
    }
}
