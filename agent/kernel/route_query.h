/*
 * Questions to the kernel's routing tables, one after the other on a socket of their own
 * (RTM_GETROUTE). For a worker: the answer may have to be waited for.
 */
#ifndef AGENT_KERNEL_ROUTE_QUERY_H
#define AGENT_KERNEL_ROUTE_QUERY_H

#include "lib/packet/address.h"

/* The way to one address. Rules may look at where it is sent from; a source without a route counts
 * for none. */
struct route_query {
    struct ip_address to;
    struct ip_address from; /* NONE: any */
    int ifindex;            /* the answer; 0: no route leads to another machine there */
    uint64_t id;            /* the caller's */
};

/* Any thread: fills in the answers. 0, or a negative errno when the kernel could not be asked. */
int route_query_all(struct route_query *list, size_t count);

#endif
