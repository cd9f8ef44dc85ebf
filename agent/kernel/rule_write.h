/* Policy rules as requests to the kernel, with our mark. For a worker's thread. */
#ifndef AGENT_KERNEL_RULE_WRITE_H
#define AGENT_KERNEL_RULE_WRITE_H

#include "agent/kernel/rtnl_batch.h"
#include "lib/config/route.h"

/* Puts one request into the batch: to add it (fails where there is such a one, whoever's), or to
 * remove what was read from the kernel. */
void rule_write(struct rtnl_batch *rtnl, bool remove, const struct config_rule *rule);

#endif
