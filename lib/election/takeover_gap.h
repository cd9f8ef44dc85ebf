/* How long takeovers left the addresses unanswered: a histogram with fixed bounds, a plain value.
 * Counts only ever grow. */
#ifndef VIP_ELECTION_TAKEOVER_GAP_H
#define VIP_ELECTION_TAKEOVER_GAP_H

#include <stddef.h>
#include <stdint.h>

enum { TAKEOVER_GAP_BOUNDS = 12 };

struct takeover_gaps {
    uint32_t within[TAKEOVER_GAP_BOUNDS]; /* gaps up to this bound, above the one before */
    uint64_t count;                       /* all, those beyond the last bound too */
    uint64_t sum_ns;
};

/* The index-th bound, from 10 ms to 30 s. */
uint64_t takeover_gap_bound_ns(size_t index);

/* One more. */
void takeover_gap_add(struct takeover_gaps *gaps, uint64_t ns);

/* All of the others, too. */
void takeover_gap_add_all(struct takeover_gaps *gaps, const struct takeover_gaps *others);

#endif
