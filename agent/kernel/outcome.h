/*
 * What came of a batch: noted in the view of links where it succeeded and with the set that it was
 * for, logged where it failed. For reconciler.c only.
 */
#ifndef AGENT_KERNEL_OUTCOME_H
#define AGENT_KERNEL_OUTCOME_H

#include "agent/kernel/address_batch.h"

struct outcome {
    int removal_error; /* of the first removal that failed; 0: none */
    bool unwanted;     /* something was added that nobody wants by now */
    bool unexpected;   /* the kernel had something that the view had not, or may have */
};

/* Of all changes of the batch; what we have by that is remembered. */
struct outcome outcome_conclude(const struct address_batch *batch, struct links *links,
                                struct remembered *remembered, const struct desired_sets *sets);

#endif
