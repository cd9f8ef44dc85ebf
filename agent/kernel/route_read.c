/* Dumps of routes and rules; see route_read.h. */
#include "agent/kernel/route_read.h"

#include "agent/kernel/route_parse.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    REQUEST_BYTES = 128,
    ANSWER_BYTES = 32768,
    /* A full table, where the kernel does not leave it out. */
    ANSWERS_MAX = 1000000,
    /* A dump that others' changes disturb is begun anew so often. */
    TRIES = 3,
};

struct route_reader {
    struct mnl_socket *socket;
    uint32_t port;
    uint32_t sequence;
    _Alignas(8) char request[REQUEST_BYTES];
    _Alignas(8) char answer[ANSWER_BYTES];
};

int route_reader_open(struct route_reader **out)
{
    const struct timeval limit = {.tv_sec = 1};
    struct route_reader *reader = calloc(1, sizeof(*reader));
    int one = 1;

    *out = NULL;
    if (reader == NULL)
        return -ENOMEM;
    reader->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (reader->socket == NULL || mnl_socket_bind(reader->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        int error = errno;
        route_reader_close(reader);
        return -error;
    }
    reader->port = mnl_socket_get_portid(reader->socket);
    (void)setsockopt(mnl_socket_get_fd(reader->socket), SOL_SOCKET, SO_RCVTIMEO, &limit,
                     sizeof(limit));
    /* Since Linux 4.20; before that all come. */
    (void)mnl_socket_setsockopt(reader->socket, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
    *out = reader;
    return 0;
}

void route_reader_close(struct route_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->socket != NULL)
        mnl_socket_close(reader->socket);
    free(reader);
}

bool route_items_add(struct route_items *items, const struct route_item *item)
{
    if (items->count == items->room) {
        size_t room = items->room > 0 ? items->room * 2 : 16;
        struct route_item *list = realloc(items->list, room * sizeof(*list));

        if (list == NULL)
            return false;
        items->list = list;
        items->room = room;
    }
    items->list[items->count++] = *item;
    return true;
}

static int note_one(const struct nlmsghdr *message, void *userdata)
{
    struct route_item item;

    if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) {
        errno = EINTR;
        return MNL_CB_ERROR;
    }
    if (route_parse(message, &item) && !route_items_add(userdata, &item)) {
        errno = ENOMEM;
        return MNL_CB_ERROR;
    }
    return MNL_CB_OK;
}

static int ask(struct route_reader *reader, uint16_t type, uint8_t family)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(reader->request);

    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    message->nlmsg_seq = ++reader->sequence;
    if (type == RTM_GETROUTE) {
        struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
        header->rtm_family = family;
        header->rtm_protocol = VIPD_ROUTE_PROTOCOL;
    } else {
        struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
        header->family = family;
    }
    return mnl_socket_sendto(reader->socket, message, message->nlmsg_len) < 0 ? -errno : 0;
}

static int dump_once(struct route_reader *reader, uint16_t type, uint8_t family,
                     struct route_items *out)
{
    int answer = ask(reader, type, family);
    int r = MNL_CB_OK;

    if (answer < 0)
        return answer;
    for (int i = 0; r > MNL_CB_STOP && i < ANSWERS_MAX; i++) {
        ssize_t n = mnl_socket_recvfrom(reader->socket, reader->answer, sizeof(reader->answer));
        const struct nlmsghdr *first = (const struct nlmsghdr *)(const void *)reader->answer;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
        /* Of a dump that was given up. */
        if (first->nlmsg_seq != reader->sequence)
            continue;
        r = mnl_cb_run(reader->answer, (size_t)n, reader->sequence, reader->port, note_one, out);
    }
    return r == MNL_CB_ERROR ? -errno : 0;
}

static int dump(struct route_reader *reader, uint16_t type, uint8_t family, struct route_items *out)
{
    size_t before = out->count;
    int r = -EINTR;

    for (int i = 0; i < TRIES && r == -EINTR; i++) {
        out->count = before;
        r = dump_once(reader, type, family, out);
    }
    /* A kernel without that family has none of it. */
    return r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
}

static void forget_rules(struct route_items *items)
{
    size_t count = 0;

    for (size_t i = 0; i < items->count; i++)
        if (items->list[i].kind != ROUTE_ITEM_RULE)
            items->list[count++] = items->list[i];
    items->count = count;
}

int route_read_rules(struct route_reader *reader, struct route_items *out)
{
    forget_rules(out);
    int r = dump(reader, RTM_GETRULE, AF_INET, out);
    return r < 0 ? r : dump(reader, RTM_GETRULE, AF_INET6, out);
}

int route_read(struct route_reader *reader, struct route_items *out)
{
    out->count = 0;
    int r = dump(reader, RTM_GETROUTE, AF_INET, out);
    if (r == 0)
        r = dump(reader, RTM_GETROUTE, AF_INET6, out);
    return r < 0 ? r : route_read_rules(reader, out);
}
