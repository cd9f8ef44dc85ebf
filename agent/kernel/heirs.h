/*
 * Who wants addresses that nobody wanted when they were sent to the kernel: looked for when their
 * flight is back, for all of it in one walk through what is wanted. A reload that takes thousands
 * of instances away has thousands to look for among thousands. For outcome.c only.
 */
#ifndef AGENT_KERNEL_HEIRS_H
#define AGENT_KERNEL_HEIRS_H

#include "agent/kernel/address_batch.h"

/* Changes of one flight, by their index. All zero to begin with; too large to hand about. */
struct heirs {
    unsigned count;
    uint16_t asked[ADDRESS_BATCH_MAX];
};

/* Of each change at most once. */
void heirs_ask(struct heirs *heirs, unsigned index);

/* Tells for each that was asked for which set wants its address, the first of them, or NULL. In no
 * order. */
void heirs_tell(const struct heirs *heirs, const struct address_batch *batch,
                const struct desired_sets *sets,
                void (*fn)(void *userdata, const struct address_change *change,
                           struct desired_set *heir),
                void *userdata);

#endif
