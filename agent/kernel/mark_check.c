/* An address as the kernel has it; see mark_check.h. */
#include "agent/kernel/mark_check.h"

#include "agent/kernel/links_parse.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

enum {
    QUESTION_BYTES = 64,
    ANSWER_BYTES = 32768,
    ANSWERS_MAX = 4096,
};

struct reading {
    struct observed_address *address;
    bool found;
};

static int compare(const struct nlmsghdr *header, void *userdata)
{
    struct reading *reading = userdata;
    struct observed_address there;

    /* The parser takes what libnl's functions take, and changes nothing. */
    if (header->nlmsg_type != RTM_NEWADDR ||
        !links_parse_address((struct nlmsghdr *)(uintptr_t)header, &there) ||
        there.ifindex != reading->address->ifindex ||
        there.prefix.length != reading->address->prefix.length ||
        !ip_address_equal(&there.prefix.address, &reading->address->prefix.address))
        return MNL_CB_OK;
    reading->address->proto = there.proto;
    reading->address->metric = there.metric;
    reading->found = true;
    return MNL_CB_OK;
}

static int ask(struct mnl_socket *socket, const struct observed_address *address, uint32_t sequence)
{
    const struct timeval limit = {.tv_sec = 1};
    _Alignas(8) char octets[QUESTION_BYTES] = {0};
    struct nlmsghdr *header = mnl_nlmsg_put_header(octets);

    if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
        setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
        return -errno;
    header->nlmsg_type = RTM_GETADDR;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    header->nlmsg_seq = sequence;
    struct ifaddrmsg *about = mnl_nlmsg_put_extra_header(header, sizeof(*about));
    about->ifa_family = address->prefix.address.family == IP_FAMILY_IPV4 ? AF_INET : AF_INET6;
    return mnl_socket_sendto(socket, header, header->nlmsg_len) < 0 ? -errno : 0;
}

static int read_answers(struct mnl_socket *socket, struct reading *reading, uint32_t sequence)
{
    _Alignas(8) char answer[ANSWER_BYTES];

    for (int i = 0; i < ANSWERS_MAX; i++) {
        ssize_t n = mnl_socket_recvfrom(socket, answer, sizeof(answer));
        int r = n < 0 ? MNL_CB_ERROR
                      : mnl_cb_run(answer, (size_t)n, sequence, mnl_socket_get_portid(socket),
                                   compare, reading);
        if (r <= MNL_CB_STOP)
            return r < 0 ? -errno : 0;
    }
    return -ETIMEDOUT;
}

int mark_check_read(struct observed_address *address)
{
    struct reading reading = {.address = address};
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    uint32_t sequence = (uint32_t)time(NULL);

    if (socket == NULL)
        return -errno;
    int r = ask(socket, address, sequence);
    if (r == 0)
        r = read_answers(socket, &reading, sequence);
    if (r == 0 && !reading.found)
        r = -ENOENT;
    mnl_socket_close(socket);
    return r;
}
