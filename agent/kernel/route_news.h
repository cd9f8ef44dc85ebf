/*
 * Hears of changes by others to routes of ours and to policy rules. A filter in the kernel keeps
 * the rest away: a router with a full table changes thousands of routes a second. What it cannot
 * tell is what somebody puts in the place of ours, and what the kernel takes away with an IPv4
 * address or a link; that has to be looked for.
 */
#ifndef AGENT_KERNEL_ROUTE_NEWS_H
#define AGENT_KERNEL_ROUTE_NEWS_H

#include "agent/kernel/netlink_news.h"

/* As netlink_news_open(). */
int route_news_open(sd_event *event, const struct netlink_listener *listener,
                    struct netlink_news **out);

#endif
