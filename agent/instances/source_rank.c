/* Ranks sources; see source_rank.h. */
#include "agent/instances/source_rank.h"

#include <linux/if_addr.h>
#include <stddef.h>

/* From the best down. What is sent from now stays it when an instance comes to list it. */
enum {
    RANK_NOT_SHARED = 8,
    RANK_NOT_TEMPORARY = 4,
    RANK_NOT_DEPRECATED = 2,
    RANK_PERMANENT = 1,
};

static unsigned rank(const struct source_candidate *candidate)
{
    uint32_t flags = candidate->address->flags;
    unsigned rank = !candidate->shared || candidate->present ? RANK_NOT_SHARED : 0;

    if (candidate->address->prefix.address.family == IP_FAMILY_IPV4)
        return rank;
    rank += (flags & IFA_F_TEMPORARY) == 0 ? RANK_NOT_TEMPORARY : 0;
    rank += (flags & IFA_F_DEPRECATED) == 0 ? RANK_NOT_DEPRECATED : 0;
    return rank + ((flags & IFA_F_PERMANENT) != 0 ? RANK_PERMANENT : 0);
}

bool source_is_better(const struct source_candidate *a, const struct source_candidate *b)
{
    unsigned rank_a = rank(a);
    unsigned rank_b = rank(b);

    if (rank_a != rank_b)
        return rank_a > rank_b;
    if (a->present || b->present)
        return a->present;
    /* The kernel lists the newest global IPv6 address first. */
    return a->address->prefix.address.family == IP_FAMILY_IPV6 &&
           a->address->created < b->address->created;
}

const char *source_fault(const struct observed_address *address)
{
    if (address->prefix.address.family != IP_FAMILY_IPV6)
        return NULL;
    if ((address->flags & IFA_F_TEMPORARY) != 0)
        return "temporary";
    return (address->flags & IFA_F_DEPRECATED) != 0 ? "deprecated" : NULL;
}
