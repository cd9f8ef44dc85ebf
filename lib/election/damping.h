/*
 * Flap damping: a node that was withdrawn several times within a window is held back for a while,
 * so that addresses do not swing with it. Held back means the lowest priority, not absence: when
 * nobody else is there, it still serves. Time is passed in.
 */
#ifndef VIP_ELECTION_DAMPING_H
#define VIP_ELECTION_DAMPING_H

#include "lib/election/reason.h"

enum { DAMPING_TRANSITIONS_MAX = 20 };

/* From the configuration. */
struct damping_params {
    unsigned transitions; /* 2..DAMPING_TRANSITIONS_MAX; 0: off */
    uint64_t window_ns;
    uint64_t hold_ns;
};

/* All zero to begin with. */
struct damping {
    uint64_t times[DAMPING_TRANSITIONS_MAX]; /* of the last ones, oldest first */
    size_t count;
    uint64_t held_until; /* 0: not held back */
};

/* The priority of a node by its checks: without what flap damping or a take make of it. */
struct damping_standing {
    uint8_t as_master; /* when it last became MASTER */
    uint8_t now;
    bool held_back; /* it adverts the lowest priority instead */
};

/* Whether the transition is a withdrawal for a reason of this node: its checks, its link, its
 * addresses. A rival of higher priority counts when the node has fallen below it since it became
 * MASTER. What an administrator does, and a better rival coming back, do not count. */
bool damping_counts(const struct transition *transition, const struct damping_standing *standing);

/* Notes a withdrawal. True when the node is to be held back from now on, or longer than before. */
bool damping_note(struct damping *damping, const struct damping_params *params, uint64_t now);

/* How long it is still held back; 0: it is not. NULL: it was never withdrawn. */
uint64_t damping_remaining(const struct damping *damping, const struct damping_params *params,
                           uint64_t now);

/* How many withdrawals the window has. NULL as above. */
unsigned damping_recent(const struct damping *damping, const struct damping_params *params,
                        uint64_t now);

#endif
