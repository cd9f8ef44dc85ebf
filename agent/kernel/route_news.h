/*
 * Hears of changes by others to routes of ours and to policy rules. A filter in the kernel keeps
 * the rest away: a router with a full table changes thousands of routes a second. What it cannot
 * tell is what somebody puts in the place of ours, and what the kernel takes away with an IPv4
 * address or a link; that has to be looked for.
 */
#ifndef AGENT_KERNEL_ROUTE_NEWS_H
#define AGENT_KERNEL_ROUTE_NEWS_H

#include <stdint.h>
#include <systemd/sd-event.h>

struct route_news;

/* on_news: somebody but the socket with that netlink port has changed something, or news were lost.
 * 0 or a negative errno. */
int route_news_open(sd_event *event, int64_t priority, uint32_t own_port,
                    void (*on_news)(void *userdata), void *userdata, struct route_news **out);

/* NULL is allowed. */
void route_news_close(struct route_news *news);

#endif
