/*
 * Whether the kernel answers for an IPv6 address yet. It acknowledges a new address at once, and
 * gives it its route in the local table from a work queue: up to some 20 ms later on a busy machine
 * (Linux 6.18). Until then packets to it are forwarded or refused.
 */
#ifndef AGENT_KERNEL_LOCAL_ROUTE_H
#define AGENT_KERNEL_LOCAL_ROUTE_H

#include "lib/packet/address.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    LOCAL_ROUTE_QUESTIONS = 64,
};

struct local_route;

/* An IPv6 address of a link. */
struct local_question {
    int ifindex;
    struct ip_address address;
};

/* 0 or a negative errno. */
int local_route_open(struct local_route **out);
void local_route_close(struct local_route *routes);

/* Of how many of the first of them packets end on this machine. Of those that the kernel cannot be
 * asked about they do, since waiting for its answer would be in vain. All are asked in one call;
 * LOCAL_ROUTE_QUESTIONS at most. */
size_t local_route_count(struct local_route *routes, const struct local_question *list,
                         size_t count);

#endif
