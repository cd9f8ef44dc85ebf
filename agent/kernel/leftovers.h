/* Which observed addresses are ours and wanted by nobody. For reconciler.c and its parts only. */
#ifndef AGENT_KERNEL_RECONCILER_LEFTOVERS_H
#define AGENT_KERNEL_RECONCILER_LEFTOVERS_H

#include "agent/kernel/desired.h"
#include "agent/kernel/links.h"
#include "agent/kernel/remembered.h"

/* All zero to begin with; its memory is kept from one search to the next. */
struct leftovers {
    struct observed_address *list;
    size_t count;
    size_t room;
    struct wanted_address *wanted; /* scratch, sorted */
    size_t wanted_count;
    size_t wanted_room;
    const struct remembered *remembered; /* during a search */
};

/* Fills the list: what carries our mark, and what is remembered. 0 or -ENOMEM. */
int leftovers_find(struct leftovers *leftovers, const struct links *links,
                   const struct remembered *remembered, const struct desired_sets *sets);

void leftovers_free(struct leftovers *leftovers);

#endif
