/*
 * Hears that somebody else has changed something: a netlink socket that has joined groups, with a
 * filter in the kernel that keeps away what is of no interest. What has changed is not told:
 * whoever hears of it looks. For nft_news.h and route_news.h, which say what to listen to.
 */
#ifndef AGENT_KERNEL_NETLINK_NEWS_H
#define AGENT_KERNEL_NETLINK_NEWS_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct netlink_news;

/* What is listened to. Borrowed until netlink_news_open() returns. */
struct netlink_subject {
    int protocol; /* NETLINK_ROUTE, ... */
    const int *groups;
    size_t group_count;
    const struct sock_fprog *filter;
};

/* Who is told: on_news() is called when a socket other than that with own_port has changed
 * something, or when news were lost. */
struct netlink_listener {
    int64_t priority;
    uint32_t own_port;
    void (*on_news)(void *userdata);
    void *userdata;
};

/* 0 or a negative errno. */
int netlink_news_open(sd_event *event, const struct netlink_subject *subject,
                      const struct netlink_listener *listener, struct netlink_news **out);

/* NULL is allowed. */
void netlink_news_close(struct netlink_news *news);

#endif
