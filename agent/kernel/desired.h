/*
 * What one virtual router wants the kernel to have. Owner: the caller of the reconciler, which
 * links the sets that want something into a list of its own (reconciler.h).
 */
#ifndef AGENT_KERNEL_DESIRED_H
#define AGENT_KERNEL_DESIRED_H

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
    const char *owner; /* instance name, for messages; borrowed */
    size_t failed;     /* addresses of the last batch the kernel refused */
    size_t answering;  /* how many of the first are known to be answered for */
    /* The reconciler's own: boot time in ns, DEADLINE_NEVER for never. */
    uint64_t refresh_ns;
    uint64_t retry_ns;
    uint64_t backoff_ns;
};

#endif
