/*
 * What one virtual router wants the kernel to have. Owner: the caller of the reconciler, which
 * links the sets that want something into a list of its own (reconciler.h).
 */
#ifndef AGENT_KERNEL_DESIRED_H
#define AGENT_KERNEL_DESIRED_H

#include "agent/kernel/repairs.h"
#include "lib/packet/address.h"

#include <stddef.h>

/* One virtual router's share of the desired addresses. Held by the caller (embedded), linked into
 * the reconciler while wanted. All zero to begin with. */
struct desired_set {
    struct desired_set *next;
    struct desired_set *prev;
    bool linked;
    int ifindex;
    const struct ip_prefix *prefixes; /* borrowed: stays valid until the next call for this set */
    size_t count;
    uint64_t lease_ns; /* 0: no lifetime */
    bool adopt;        /* what somebody else has put there is taken over */
    const char *owner; /* instance name, for messages; borrowed */
    size_t failed;     /* addresses of the last batch the kernel refused */
    size_t added;      /* addresses of the last batch that were not there before */
    size_t answering;  /* how many of the first are known to be answered for */
    bool served;       /* is among those that the timer has fired for */
    /* The reconciler's own: boot time in ns, DEADLINE_NEVER for never. */
    uint64_t refresh_ns;
    uint64_t retry_ns;
    uint64_t backoff_ns;
    struct repairs repairs;
};

/* The list of sets that want something: links one in (if it is not yet) or out (if it is). */
void desired_link(struct desired_set **list, struct desired_set *set);
void desired_unlink(struct desired_set **list, struct desired_set *set);

/* The first of the list that wants that address on that link, or NULL. */
struct desired_set *desired_find(struct desired_set *list, int ifindex,
                                 const struct ip_prefix *prefix);

/* Moves the set to an equal list that lies elsewhere (the one before is about to go), touching
 * nothing. False, and nothing is done: it wants nothing yet, or another list or lease. */
bool desired_rebase(struct desired_set *set, const struct ip_prefix *prefixes, size_t count,
                    uint64_t lease_ns);

#endif
