/*
 * Reads the routes and rules that carry our mark, of all tables. The kernel leaves the others out
 * where it can (since Linux 4.20), so that a full routing table costs a walk in the kernel, not a
 * copy. For a worker's thread.
 */
#ifndef AGENT_KERNEL_ROUTE_READ_H
#define AGENT_KERNEL_ROUTE_READ_H

#include "agent/kernel/route_item.h"

#include <stdbool.h>

struct route_reader;

/* 0 or a negative errno. */
int route_reader_open(struct route_reader **out);
void route_reader_close(struct route_reader *reader);

/* Replaces the list. 0 or a negative errno, and then the list is as far as it came. */
int route_read(struct route_reader *reader, struct route_items *out);

/* Replaces the rules in the list, and leaves the routes in it as they are. 0 or a negative errno,
 * and then the rules are as far as it came. */
int route_read_rules(struct route_reader *reader, struct route_items *out);

/* Adds one. False: out of memory. */
bool route_items_add(struct route_items *items, const struct route_item *item);

#endif
