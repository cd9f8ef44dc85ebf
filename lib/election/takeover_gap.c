/* The histogram of takeovers; see takeover_gap.h. */
#include "lib/election/takeover_gap.h"

#include <assert.h>

/* Finest around three intervals of a second, which is what most have to wait for. */
static const unsigned BOUNDS_MS[TAKEOVER_GAP_BOUNDS] = {10,   30,   100,  300,  500,   1000,
                                                        2000, 3000, 4000, 5000, 10000, 30000};

static const uint64_t NS_PER_BOUND_MS = 1000000;

uint64_t takeover_gap_bound_ns(size_t index)
{
    assert(index < TAKEOVER_GAP_BOUNDS);
    return BOUNDS_MS[index] * NS_PER_BOUND_MS;
}

void takeover_gap_add(struct takeover_gaps *gaps, uint64_t ns)
{
    gaps->count++;
    gaps->sum_ns += ns;
    for (size_t i = 0; i < TAKEOVER_GAP_BOUNDS; i++) {
        if (ns <= takeover_gap_bound_ns(i)) {
            gaps->within[i]++;
            return;
        }
    }
}

void takeover_gap_add_all(struct takeover_gaps *gaps, const struct takeover_gaps *others)
{
    gaps->count += others->count;
    gaps->sum_ns += others->sum_ns;
    for (size_t i = 0; i < TAKEOVER_GAP_BOUNDS; i++)
        gaps->within[i] += others->within[i];
}
