/*
 * Whether the kernel answers for an IPv6 address yet. It acknowledges a new address at once, and
 * gives it its route in the local table from a work queue: up to some 20 ms later on a busy machine
 * (Linux 6.18). Until then packets to it are forwarded or refused.
 */
#ifndef AGENT_KERNEL_LOCAL_ROUTE_H
#define AGENT_KERNEL_LOCAL_ROUTE_H

#include "lib/packet/address.h"

#include <stdbool.h>

struct local_route;

/* 0 or a negative errno. */
int local_route_open(struct local_route **out);
void local_route_close(struct local_route *routes);

/* True when packets to that IPv6 address of that link end on this machine; also when the kernel
 * cannot be asked, since waiting for its answer would then be in vain. */
bool local_route_has(struct local_route *routes, int ifindex, const struct ip_address *address);

#endif
