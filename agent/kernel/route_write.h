/* Routes and rules as requests to the kernel, with our mark. For a worker's thread. */
#ifndef AGENT_KERNEL_ROUTE_WRITE_H
#define AGENT_KERNEL_ROUTE_WRITE_H

#include "agent/kernel/route_item.h"
#include "agent/kernel/rtnl_batch.h"

enum route_operation {
    ROUTE_ADD = 0, /* fails where there is one, whoever's */
    ROUTE_REPLACE, /* of ours, in its place; routes only */
    ROUTE_REMOVE,  /* what was read from the kernel, and carries our mark */
};

/* Puts one request into the batch. */
void route_write(struct rtnl_batch *rtnl, enum route_operation operation,
                 const struct route_item *item);

#endif
