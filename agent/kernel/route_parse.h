/* The kernel's messages about routes and rules, taken apart. */
#ifndef AGENT_KERNEL_ROUTE_PARSE_H
#define AGENT_KERNEL_ROUTE_PARSE_H

#include "agent/kernel/route_item.h"

#include <libmnl/libmnl.h>
#include <stdbool.h>

/* Of RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWRULE or RTM_DELRULE. True when it is one of ours, and one
 * of those that we can want. */
bool route_parse(const struct nlmsghdr *message, struct route_item *out);

#endif
