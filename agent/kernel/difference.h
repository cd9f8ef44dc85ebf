/*
 * What the kernel has against what is wanted: the difference goes into one batch. Additions first,
 * then leases to be renewed, then what nobody wants. What finds no room is left for the next batch.
 * For reconciler.c only.
 */
#ifndef AGENT_KERNEL_DIFFERENCE_H
#define AGENT_KERNEL_DIFFERENCE_H

#include "agent/kernel/address_batch.h"
#include "agent/kernel/leftovers.h"

/* What sets that are to attempt it miss, and what they have without our mark: ours that somebody
 * replaced, or somebody else's that is taken over. Sets of few addresses come first, then the
 * beginnings of claims of many, then what follows of these. False: that was not all. */
bool difference_add(struct address_batch *batch, const struct desired_sets *sets);

/* Leases of sets that are to refresh, a slice of them at a time: a claim is not to wait long for
 * them. False: that was not all. */
bool difference_refresh(struct address_batch *batch, const struct desired_sets *sets);

/* Ours on the list, the last first: secondaries before the primary that they hang on. False: not
 * all found room. */
bool difference_remove(struct address_batch *batch, const struct leftovers *leftovers);

/* Macvlans of ours that are up and wanted by nobody. False: not all found room. */
bool difference_lower(struct address_batch *batch, const struct desired_sets *sets);

#endif
