/*
 * Asks the kernel about one link, without the view of links.h: for a thread that may wait.
 */
#ifndef AGENT_KERNEL_LINK_QUERY_H
#define AGENT_KERNEL_LINK_QUERY_H

#include "agent/kernel/observed.h"

/* Any thread. 0 or a negative errno (-ENODEV: there is none). */
int link_query_name(const char *name, struct link *out);
int link_query_index(int ifindex, struct link *out);

#endif
