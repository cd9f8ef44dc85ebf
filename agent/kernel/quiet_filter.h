/*
 * A filter for a socket that hears of changes to links and addresses: what one port of rtnetlink
 * adds and renews by quiet messages (rtnl_batch.h) is dropped by the kernel. For links.c only.
 */
#ifndef AGENT_KERNEL_QUIET_FILTER_H
#define AGENT_KERNEL_QUIET_FILTER_H

#include <stdint.h>

/* 0 or a negative errno. */
int quiet_filter_attach(int fd, uint32_t port);

#endif
