/*
 * How often something of ours is made again that somebody else takes away, and how often that is
 * said: the first time at once, then the longer apart the more often it happens; quiet ends it.
 * repairs.h is the same for addresses, set by set. Boot time in ns.
 */
#ifndef AGENT_KERNEL_MENDING_H
#define AGENT_KERNEL_MENDING_H

#include <stdbool.h>
#include <stdint.h>

/* All zero to begin with. */
struct mending {
    uint64_t backoff_ns;
    uint64_t last_ns; /* when it was last found to be gone; 0: never */
    uint64_t told_ns; /* when that was last said; 0: never */
};

/* It was found to be gone. Returns when it may be made again: at once the first time. */
uint64_t mending_next(struct mending *mending, uint64_t now_ns);

/* Whether that is to be said now. */
bool mending_tell(struct mending *mending, uint64_t now_ns);

#endif
