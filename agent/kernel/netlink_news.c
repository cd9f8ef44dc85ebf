/* That something was changed by others; see netlink_news.h. */
#include "agent/kernel/netlink_news.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    ANSWER_BYTES = 8192,
    /* Read in one turn of the loop. */
    READS_MAX = 64,
};

struct netlink_news {
    struct mnl_socket *socket;
    sd_event_source *source;
    struct netlink_listener listener;
    _Alignas(8) char answer[ANSWER_BYTES];
};

static bool is_others(const struct netlink_news *news, ssize_t size)
{
    const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)news->answer;

    for (int left = (int)size; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left))
        if (header->nlmsg_pid != news->listener.own_port)
            return true;
    return false;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct netlink_news *news = userdata;
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
        news->listener.on_news(news->listener.userdata);
    return 0;
}

/* The filter first: nothing else is to come in between. */
static int listen_to(const struct netlink_news *news, const struct netlink_subject *subject)
{
    if (setsockopt(mnl_socket_get_fd(news->socket), SOL_SOCKET, SO_ATTACH_FILTER, subject->filter,
                   sizeof(*subject->filter)) < 0)
        return -errno;
    for (size_t i = 0; i < subject->group_count; i++) {
        int group = subject->groups[i];

        if (mnl_socket_setsockopt(news->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
            return -errno;
    }
    return 0;
}

int netlink_news_open(sd_event *event, const struct netlink_subject *subject,
                      const struct netlink_listener *listener, struct netlink_news **out)
{
    struct netlink_news *news = calloc(1, sizeof(*news));
    int r = 0;

    *out = NULL;
    if (news == NULL)
        return -ENOMEM;
    news->listener = *listener;
    news->socket = mnl_socket_open2(subject->protocol, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (news->socket == NULL || mnl_socket_bind(news->socket, 0, MNL_SOCKET_AUTOPID) < 0)
        r = -errno;
    if (r >= 0)
        r = listen_to(news, subject);
    if (r >= 0)
        r = sd_event_add_io(event, &news->source, mnl_socket_get_fd(news->socket), EPOLLIN,
                            on_readable, news);
    if (r >= 0)
        r = sd_event_source_set_priority(news->source, listener->priority);
    if (r < 0) {
        netlink_news_close(news);
        return r;
    }
    *out = news;
    return 0;
}

void netlink_news_close(struct netlink_news *news)
{
    if (news == NULL)
        return;
    sd_event_source_disable_unref(news->source);
    if (news->socket != NULL)
        mnl_socket_close(news->socket);
    free(news);
}
