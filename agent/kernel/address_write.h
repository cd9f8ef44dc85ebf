/* Writes changes to the kernel, many in one call. It may wait for the kernel's locks: for the
 * worker's thread. */
#ifndef AGENT_KERNEL_ADDRESS_WRITE_H
#define AGENT_KERNEL_ADDRESS_WRITE_H

#include "agent/kernel/address_change.h"
#include "agent/kernel/rtnl_batch.h"

/* In their order; each gets its result. quiet: see rtnl_batch_set_quiet(). */
void address_write(struct rtnl_batch *rtnl, struct address_change *changes, unsigned count,
                   bool quiet);

#endif
