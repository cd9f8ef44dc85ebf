/* Dumps and single questions by libnl; see links_ask.h. Owner of the socket: links. */
#include "agent/kernel/links_ask.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

enum {
    DUMP_TRIES = 5,
};

int links_errno(int nl_error)
{
    switch (-nl_error) {
    case NLE_NODEV:
    case NLE_OBJ_NOTFOUND:
        return -ENODEV;
    case NLE_NOMEM:
        return -ENOMEM;
    case NLE_PERM:
    case NLE_NOACCESS:
        return -EPERM;
    case NLE_AGAIN:
    case NLE_DUMP_INTR:
        return -EAGAIN;
    default:
        return -EIO;
    }
}

static int dump_once(struct nl_sock *requests, int type, const void *header, size_t size)
{
    int r = nl_send_simple(requests, type, NLM_F_DUMP, (void *)(uintptr_t)header, size);

    return r < 0 ? r : nl_recvmsgs_default(requests);
}

/* The kernel says so when the tables changed while it was reading them out. */
static int dump(struct nl_sock *requests, int type, const void *header, size_t size)
{
    int r = 0;

    for (int i = 0; i < DUMP_TRIES; i++) {
        r = dump_once(requests, type, header, size);
        if (r != -NLE_DUMP_INTR)
            break;
    }
    return r;
}

static int dump_addresses(struct nl_sock *requests)
{
    const struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};

    return dump(requests, RTM_GETADDR, &header, sizeof(header));
}

int links_ask_all(struct nl_sock *requests)
{
    const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    int r = dump(requests, RTM_GETLINK, &header, sizeof(header));

    if (r >= 0)
        r = dump_addresses(requests);
    return r < 0 ? links_errno(r) : 0;
}

int links_ask_addresses(struct nl_sock *requests)
{
    int r = dump_addresses(requests);

    return r < 0 ? links_errno(r) : 0;
}
