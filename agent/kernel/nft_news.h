/*
 * Hears of changes to the kernel's nf_tables: one line of news for each transaction, whoever made
 * it and however many rules it changed (a filter in the kernel keeps the rest away).
 */
#ifndef AGENT_KERNEL_NFT_NEWS_H
#define AGENT_KERNEL_NFT_NEWS_H

#include <stdint.h>
#include <systemd/sd-event.h>

struct nft_news;

/* on_news: somebody but the socket with that netlink port has changed something, or news were lost.
 * 0 or a negative errno. */
int nft_news_open(sd_event *event, int64_t priority, uint32_t own_port,
                  void (*on_news)(void *userdata), void *userdata, struct nft_news **out);

/* NULL is allowed. */
void nft_news_close(struct nft_news *news);

#endif
