/* Notifications of routes and rules; see route_news.h. */
#include "agent/kernel/route_news.h"

#include "agent/kernel/route_item.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    ANSWER_BYTES = 8192,
    /* Read in one turn of the loop. */
    READS_MAX = 64,
    PROTOCOL_AT = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol),
};

struct route_news {
    struct mnl_socket *socket;
    sd_event_source *source;
    uint32_t own_port;
    void (*on_news)(void *userdata);
    void *userdata;
    _Alignas(8) char answer[ANSWER_BYTES];
};

/* Routes of ours, and all rules: those are few. */
static int let_ours_pass(int fd)
{
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
    const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

static bool is_others(const struct route_news *news, ssize_t size)
{
    const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)news->answer;

    for (int left = (int)size; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left))
        if (header->nlmsg_pid != news->own_port)
            return true;
    return false;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct route_news *news = userdata;
    bool told = false;

    (void)source;
    (void)revents;
    for (int i = 0; i < READS_MAX; i++) {
        ssize_t n = recv(fd, news->answer, sizeof(news->answer), MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != ENOBUFS)
            break;
        told = told || n < 0 || is_others(news, n);
    }
    if (told)
        news->on_news(news->userdata);
    return 0;
}

static int join(struct route_news *news)
{
    static const int groups[] = {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,
                                 RTNLGRP_IPV6_RULE};

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        int group = groups[i];

        if (mnl_socket_setsockopt(news->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
            return -errno;
    }
    return 0;
}

int route_news_open(sd_event *event, int64_t priority, uint32_t own_port,
                    void (*on_news)(void *userdata), void *userdata, struct route_news **out)
{
    struct route_news *news = calloc(1, sizeof(*news));
    int r = 0;

    *out = NULL;
    if (news == NULL)
        return -ENOMEM;
    news->own_port = own_port;
    news->on_news = on_news;
    news->userdata = userdata;
    news->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (news->socket == NULL || mnl_socket_bind(news->socket, 0, MNL_SOCKET_AUTOPID) < 0)
        r = -errno;
    if (r >= 0)
        r = let_ours_pass(mnl_socket_get_fd(news->socket));
    if (r >= 0)
        r = join(news);
    if (r >= 0)
        r = sd_event_add_io(event, &news->source, mnl_socket_get_fd(news->socket), EPOLLIN,
                            on_readable, news);
    if (r >= 0)
        r = sd_event_source_set_priority(news->source, priority);
    if (r < 0) {
        route_news_close(news);
        return r;
    }
    *out = news;
    return 0;
}

void route_news_close(struct route_news *news)
{
    if (news == NULL)
        return;
    sd_event_source_disable_unref(news->source);
    if (news->socket != NULL)
        mnl_socket_close(news->socket);
    free(news);
}
