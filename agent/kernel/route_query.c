/* Asks for routes; see route_query.h. */
#include "agent/kernel/route_query.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    MESSAGE_BYTES = 128,
    ANSWER_BYTES = 8192,
    ANSWERS_MAX = 16, /* that come late, of a question that was given up */
    WAIT_S = 2,       /* for one answer */
};

static int send_question(struct mnl_socket *socket, const struct ip_address *to,
                         const struct ip_address *from, uint32_t sequence)
{
    _Alignas(8) char buffer[MESSAGE_BYTES];
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    size_t size = ip_family_size(to->family);

    header->nlmsg_type = RTM_GETROUTE;
    header->nlmsg_flags = NLM_F_REQUEST;
    header->nlmsg_seq = sequence;
    struct rtmsg *route = mnl_nlmsg_put_extra_header(header, sizeof(*route));
    route->rtm_family = to->family == IP_FAMILY_IPV4 ? AF_INET : AF_INET6;
    route->rtm_dst_len = (unsigned char)(size * 8);
    mnl_attr_put(header, RTA_DST, size, to->octets);
    if (from->family == to->family) {
        route->rtm_src_len = (unsigned char)(size * 8);
        mnl_attr_put(header, RTA_SRC, size, from->octets);
    }
    return mnl_socket_sendto(socket, header, header->nlmsg_len) < 0 ? -errno : 0;
}

static int on_attribute(const struct nlattr *attribute, void *data)
{
    int *ifindex = data;

    if (mnl_attr_get_type(attribute) == RTA_OIF && mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0)
        *ifindex = (int)mnl_attr_get_u32(attribute);
    return MNL_CB_OK;
}

/* An error is "no route to it at all"; a local address is no other machine. */
static int read_answer(const struct nlmsghdr *header)
{
    int ifindex = 0;

    if (header->nlmsg_type != RTM_NEWROUTE ||
        mnl_nlmsg_get_payload_len(header) < sizeof(struct rtmsg))
        return 0;
    const struct rtmsg *route = mnl_nlmsg_get_payload(header);
    if (route->rtm_type != RTN_UNICAST)
        return 0;
    return mnl_attr_parse(header, sizeof(*route), on_attribute, &ifindex) >= 0 ? ifindex : 0;
}

/* An IPv4 source that this machine does not have is answered so; and one without a route. */
static bool no_route_from(const struct nlmsghdr *header)
{
    const struct nlmsgerr *answer = mnl_nlmsg_get_payload(header);

    return header->nlmsg_type == NLMSG_ERROR &&
           mnl_nlmsg_get_payload_len(header) >= sizeof(*answer) && answer->error == -ENETUNREACH;
}

static int ask(struct mnl_socket *socket, struct route_query *query, uint32_t *sequence)
{
    _Alignas(8) char buffer[ANSWER_BYTES];
    int r = send_question(socket, &query->to, &query->from, ++*sequence);

    for (int i = 0; r == 0 && i < ANSWERS_MAX; i++) {
        ssize_t got = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
        const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)buffer;

        if (got < 0)
            return -errno;
        if (!mnl_nlmsg_ok(header, (int)got))
            return -EBADMSG;
        if (header->nlmsg_seq != *sequence)
            continue;
        if (query->from.family == IP_FAMILY_NONE || !no_route_from(header)) {
            query->ifindex = read_answer(header);
            return 0;
        }
        query->from = (struct ip_address){0};
        r = send_question(socket, &query->to, &query->from, ++*sequence);
    }
    return r < 0 ? r : -EBADMSG;
}

int route_query_all(struct route_query *list, size_t count)
{
    const struct timeval limit = {.tv_sec = WAIT_S};
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    uint32_t sequence = 0;
    int r = 0;

    if (socket == NULL)
        return -errno;
    if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
        setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
        r = -errno;
    for (size_t i = 0; i < count && r == 0; i++)
        r = ask(socket, &list[i], &sequence);
    mnl_socket_close(socket);
    return r;
}
