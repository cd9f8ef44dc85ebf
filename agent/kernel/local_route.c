/* Asks for routes (RTM_GETROUTE), many in one call; see local_route.h. */
#include "agent/kernel/local_route.h"

#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    MESSAGE_BYTES = 64,
    ANSWER_BYTES = 64, /* their beginning */
    READS_MAX = 16,    /* beyond one for each: of questions that were given up */
    IPV6_BITS = 128,
};

struct local_route {
    struct mnl_socket *socket;
    uint32_t sequence; /* of the last question */
    _Alignas(8) char questions[LOCAL_ROUTE_QUESTIONS * MESSAGE_BYTES];
    _Alignas(8) char answers[LOCAL_ROUTE_QUESTIONS][ANSWER_BYTES];
    struct iovec vectors[LOCAL_ROUTE_QUESTIONS];
    struct mmsghdr messages[LOCAL_ROUTE_QUESTIONS];
};

static void point_to_answers(struct local_route *routes)
{
    for (size_t i = 0; i < LOCAL_ROUTE_QUESTIONS; i++) {
        routes->vectors[i] =
            (struct iovec){.iov_base = routes->answers[i], .iov_len = sizeof(routes->answers[i])};
        routes->messages[i].msg_hdr =
            (struct msghdr){.msg_iov = &routes->vectors[i], .msg_iovlen = 1};
    }
}

int local_route_open(struct local_route **out)
{
    const struct timeval limit = {.tv_usec = 10 * 1000};
    struct local_route *routes = calloc(1, sizeof(*routes));

    *out = NULL;
    if (routes == NULL)
        return -ENOMEM;
    routes->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (routes->socket == NULL || mnl_socket_bind(routes->socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
        setsockopt(mnl_socket_get_fd(routes->socket), SOL_SOCKET, SO_RCVTIMEO, &limit,
                   sizeof(limit)) < 0) {
        int error = errno;
        local_route_close(routes);
        return -error;
    }
    point_to_answers(routes);
    *out = routes;
    return 0;
}

void local_route_close(struct local_route *routes)
{
    if (routes == NULL)
        return;
    if (routes->socket != NULL)
        mnl_socket_close(routes->socket);
    free(routes);
}

/* With its link: in a VRF the route is in another table, which the kernel then finds by itself. */
static size_t put(char *to, const struct local_question *question, uint32_t sequence)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(to);

    header->nlmsg_type = RTM_GETROUTE;
    header->nlmsg_flags = NLM_F_REQUEST;
    header->nlmsg_seq = sequence;
    struct rtmsg *route = mnl_nlmsg_put_extra_header(header, sizeof(*route));
    route->rtm_family = AF_INET6;
    route->rtm_dst_len = IPV6_BITS;
    /* What is in the table, not which source it would be reached from: to say that, the kernel
     * looks at each address of the link. */
    route->rtm_flags = RTM_F_FIB_MATCH;
    mnl_attr_put(header, RTA_DST, ip_family_size(IP_FAMILY_IPV6), question->address.octets);
    mnl_attr_put_u32(header, RTA_OIF, (uint32_t)question->ifindex);
    return header->nlmsg_len;
}

/* An error is "no route to it at all". */
static bool is_local(const struct nlmsghdr *header, size_t size)
{
    const struct rtmsg *route = mnl_nlmsg_get_payload(header);

    return header->nlmsg_type == RTM_NEWROUTE && size >= NLMSG_HDRLEN + sizeof(*route) &&
           route->rtm_type == RTN_LOCAL;
}

/* *first_not goes down to the first that is answered with no. False: nothing comes any more. */
static bool read_some(struct local_route *routes, size_t count, size_t *answered, size_t *first_not)
{
    const uint32_t first = routes->sequence - (uint32_t)count + 1;
    int n = recvmmsg(mnl_socket_get_fd(routes->socket), routes->messages, (unsigned)count,
                     MSG_WAITFORONE, NULL);

    for (int k = 0; k < n; k++) {
        const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)routes->answers[k];
        size_t size = routes->messages[k].msg_len;
        uint32_t i = header->nlmsg_seq - first;

        if (size < NLMSG_HDRLEN || i >= count)
            continue;
        (*answered)++;
        if (!is_local(header, size) && i < *first_not)
            *first_not = i;
    }
    return n > 0;
}

size_t local_route_count(struct local_route *routes, const struct local_question *list,
                         size_t count)
{
    size_t size = 0;
    size_t first_not = count;
    size_t answered = 0;

    assert(count <= LOCAL_ROUTE_QUESTIONS);
    if (count == 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        size += put(routes->questions + size, &list[i], ++routes->sequence);
    if (mnl_socket_sendto(routes->socket, routes->questions, size) < 0)
        return count;
    for (size_t i = 0; i < count + READS_MAX && answered < count; i++)
        if (!read_some(routes, count, &answered, &first_not))
            break;
    return first_not;
}
