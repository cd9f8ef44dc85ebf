/* The generations of nf_tables, as the kernel tells them; see nft_news.h. */
#include "agent/kernel/nft_news.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

enum { NEW_GENERATION = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN };

int nft_news_open(sd_event *event, const struct netlink_listener *listener,
                  struct netlink_news **out)
{
    static const int groups[] = {NFNLGRP_NFTABLES};
    /* The rest would be thousands of messages when a firewall is loaded. */
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
        /* A filter reads numbers as the network has them. */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(NEW_GENERATION), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog filter = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    const struct netlink_subject subject = {.protocol = NETLINK_NETFILTER,
                                            .groups = groups,
                                            .group_count = sizeof(groups) / sizeof(groups[0]),
                                            .filter = &filter};

    return netlink_news_open(event, &subject, listener, out);
}
