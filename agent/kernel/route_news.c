/* Notifications of routes and rules; see route_news.h. */
#include "agent/kernel/route_news.h"

#include "agent/kernel/route_item.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>

enum { PROTOCOL_AT = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol) };

int route_news_open(sd_event *event, const struct netlink_listener *listener,
                    struct netlink_news **out)
{
    static const int groups[] = {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,
                                 RTNLGRP_IPV6_RULE};
    /* Routes of ours, and all rules: those are few. */
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
        /* A filter reads numbers as the network has them. */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 2),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, PROTOCOL_AT),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VIPD_ROUTE_PROTOCOL, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog filter = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    const struct netlink_subject subject = {.protocol = NETLINK_ROUTE,
                                            .groups = groups,
                                            .group_count = sizeof(groups) / sizeof(groups[0]),
                                            .filter = &filter};

    return netlink_news_open(event, &subject, listener, out);
}
