/*
 * Leases that outlive their sets: what one set wanted may be another's too, and the kernel has it
 * with the lease that was written last. Who has another one renews, for that of the set that has
 * gone may end before his next refresh. Noted one by one and served all at once: of thousands of
 * sets that go together each would look at all.
 */
#ifndef AGENT_KERNEL_BEQUESTS_H
#define AGENT_KERNEL_BEQUESTS_H

#include "agent/kernel/desired.h"

/* More kinds than that are served in between. */
enum { BEQUESTS_MAX = 16 };

struct bequest {
    int ifindex; /* 0: any link */
    uint64_t lease_ns;
};

/* All zero to begin with. Owner: the reconciler. */
struct bequests {
    struct bequest list[BEQUESTS_MAX];
    unsigned count;
};

/* The set does not want any more what it wanted before. */
void bequests_note(struct bequests *bequests, const struct desired_sets *sets,
                   const struct desired_set *before);

/* Has all renewed that may have inherited. To be called before renewals are put into a flight. */
void bequests_serve(struct bequests *bequests, const struct desired_sets *sets);

#endif
