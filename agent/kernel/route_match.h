/*
 * Whether the kernel has what is wanted: it fills in what was left open (a metric, an interface, a
 * scope, a rule's priority), which then need not be equal.
 */
#ifndef AGENT_KERNEL_ROUTE_MATCH_H
#define AGENT_KERNEL_ROUTE_MATCH_H

#include "agent/kernel/route_item.h"

#include <stdbool.h>

/* True when the kernel's item is the wanted one. */
bool route_match(const struct route_item *wanted, const struct route_item *there);

/* True when the kernel's item stands in the wanted one's place: it has to be replaced. Rules stand
 * beside each other. */
bool route_match_place(const struct route_item *wanted, const struct route_item *there);

#endif
