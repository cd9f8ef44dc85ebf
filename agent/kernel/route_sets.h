/*
 * What the sets of a keeper want, put into a flight, and what came of it, noted with the sets and
 * logged. For route_keeper.c only.
 */
#ifndef AGENT_KERNEL_ROUTE_SETS_H
#define AGENT_KERNEL_ROUTE_SETS_H

#include "agent/kernel/links.h"
#include "agent/kernel/route_flight.h"
#include "agent/kernel/route_set.h"

/* All that want something. */
struct route_sets {
    struct route_set *first;
    unsigned changes; /* of the list: who goes through it may have to begin again */
};

void route_sets_link_in(struct route_sets *sets, struct route_set *set);
void route_sets_link_out(struct route_sets *sets, struct route_set *set);

/* Tells each that is settled and was not told, once. They may want something else by that, and any
 * set may go or come. */
void route_sets_tell(const struct route_sets *sets);

/* True when there is something for the set in these lists. */
bool route_sets_concern(const struct route_set *set, const struct route_lists *lists);

bool route_sets_equal(const struct route_lists *a, const struct route_lists *b);

/* Puts all that is wanted into the flight, which takes along all sets. False: out of memory. */
bool route_sets_wish(struct route_sets *sets, struct route_flight *flight,
                     const struct links *links);

/* The flight does not take place. */
void route_sets_ground(struct route_sets *sets);

/* The set's wishes are nobody's any more. */
void route_sets_disown(struct route_flight *flight, const struct route_set *set);

/* What came of a flight. */
struct route_outcome {
    bool failed;     /* something is to be tried again */
    size_t repaired; /* so many had been there before and were added again */
};

/* Takes it in. mending: nobody wanted anything new, so what was added had gone. */
struct route_outcome route_sets_take_in(struct route_sets *sets, const struct route_flight *flight,
                                        bool mending);

#endif
