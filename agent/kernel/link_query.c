/* RTM_GETLINK for one link; see link_query.h. Rare, so each opens a socket of its own. */
#include "agent/kernel/link_query.h"

#include "agent/kernel/links_parse.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    REQUEST_BYTES = 256,
    /* A link with many virtual functions tells much about them. */
    ANSWER_BYTES = 65536,
    SEQUENCE = 1,
};

static int on_answer(const struct nlmsghdr *header, void *userdata)
{
    struct link *link = userdata;

    if (header->nlmsg_type == RTM_NEWLINK)
        (void)links_parse_link((struct nlmsghdr *)(uintptr_t)header, link);
    return MNL_CB_OK;
}

/* The answer, and then the acknowledgement. */
static int read_answers(struct mnl_socket *socket, struct link *out)
{
    const struct timeval limit = {.tv_sec = 1};
    char *buffer = malloc(ANSWER_BYTES);
    int r = MNL_CB_OK;

    if (buffer == NULL)
        return -ENOMEM;
    (void)setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    while (r > MNL_CB_STOP) {
        ssize_t n = mnl_socket_recvfrom(socket, buffer, ANSWER_BYTES);

        if (n < 0 && errno == EINTR)
            continue;
        r = n < 0 ? MNL_CB_ERROR
                  : mnl_cb_run(buffer, (size_t)n, SEQUENCE, mnl_socket_get_portid(socket),
                               on_answer, out);
    }
    r = r == MNL_CB_ERROR ? -errno : 0;
    free(buffer);
    return r;
}

static int query(int ifindex, const char *name, struct link *out)
{
    _Alignas(8) char request[REQUEST_BYTES] = {0};
    struct nlmsghdr *header = mnl_nlmsg_put_header(request);
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(header, sizeof(*info));
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    int r = -1;

    header->nlmsg_type = RTM_GETLINK;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    header->nlmsg_seq = SEQUENCE;
    info->ifi_index = ifindex;
    if (name != NULL)
        mnl_attr_put_strz(header, IFLA_IFNAME, name);
    *out = (struct link){0};
    if (socket != NULL)
        r = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID);
    if (r >= 0)
        r = (int)mnl_socket_sendto(socket, header, header->nlmsg_len);
    r = r < 0 ? -errno : read_answers(socket, out);
    if (socket != NULL)
        mnl_socket_close(socket);
    return r == 0 && out->ifindex == 0 ? -ENODEV : r;
}

int link_query_name(const char *name, struct link *out)
{
    return query(0, name, out);
}

int link_query_index(int ifindex, struct link *out)
{
    return query(ifindex, NULL, out);
}
