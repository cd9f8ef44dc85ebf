/*
 * A claim that is refused again and again is told once. An instance that cannot have its addresses,
 * or whose before-master fails, comes back after a while and is refused again: three transitions
 * each time, for as long as what is in the way is there. Of that the beginning is told, and the end
 * with how often and for how long.
 *
 * So what a new attempt begins with is kept back until it is known what came of it: dropped when it
 * is refused as before, told when it is not. Nothing here looks at a clock.
 */
#ifndef AGENT_INSTANCES_REFUSALS_H
#define AGENT_INSTANCES_REFUSALS_H

#include "lib/election/reason.h"

/* A transition, and when it was: the wall clock for people, boot time for what is measured. */
struct moved {
    struct transition transition;
    uint64_t wall_ns;
    uint64_t boot_ns;
};

enum {
    REFUSALS_KEPT_MAX = 2, /* INIT -> BACKUP -> MASTER */
    REFUSALS_TEXT_SIZE = REASON_TEXT_SIZE + 64,
};

/* One that is going on. NULL stands for none. */
struct refusals {
    unsigned times;
    uint64_t since_ns; /* the first, in boot time */
    struct moved last;
    struct moved kept[REFUSALS_KEPT_MAX];
    unsigned count;
};

/* A refusal that begins: what followed now has told it already. NULL: it is none, or there is no
 * memory, and every one is told. */
struct refusals *refusals_begin(const struct moved *now);

/* True: it belongs to an attempt, and need not be told now. False: the refusals are over, or have
 * another reason from now on. NULL is allowed. */
bool refusals_keep(struct refusals *refusals, const struct moved *now);

/* How often and for how long: "12 times in 3m20s: none of the addresses could be added here:
 * Operation not permitted". Returns buffer. */
const char *refusals_text(const struct refusals *refusals, char *buffer, size_t size);

#endif
