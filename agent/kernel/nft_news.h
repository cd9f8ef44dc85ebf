/*
 * Hears of changes to the kernel's nf_tables: one line of news for each transaction, whoever made
 * it and however many rules it changed (a filter in the kernel keeps the rest away).
 */
#ifndef AGENT_KERNEL_NFT_NEWS_H
#define AGENT_KERNEL_NFT_NEWS_H

#include "agent/kernel/netlink_news.h"

/* As netlink_news_open(). */
int nft_news_open(sd_event *event, const struct netlink_listener *listener,
                  struct netlink_news **out);

#endif
