/* Asks for one route at a time (RTM_GETROUTE); see local_route.h. */
#include "agent/kernel/local_route.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    MESSAGE_BYTES = 128,
    ANSWER_BYTES = 4096,
    ANSWERS_MAX = 16, /* that come late, of a question that was given up */
    IPV6_BITS = 128,
};

struct local_route {
    struct mnl_socket *socket;
    uint32_t sequence;
    _Alignas(8) char question[MESSAGE_BYTES];
    _Alignas(8) char answer[ANSWER_BYTES];
};

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
static bool ask(struct local_route *routes, int ifindex, const struct ip_address *address)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(routes->question);

    header->nlmsg_type = RTM_GETROUTE;
    header->nlmsg_flags = NLM_F_REQUEST;
    header->nlmsg_seq = ++routes->sequence;
    struct rtmsg *route = mnl_nlmsg_put_extra_header(header, sizeof(*route));
    route->rtm_family = AF_INET6;
    route->rtm_dst_len = IPV6_BITS;
    mnl_attr_put(header, RTA_DST, ip_family_size(IP_FAMILY_IPV6), address->octets);
    mnl_attr_put_u32(header, RTA_OIF, (uint32_t)ifindex);
    return mnl_socket_sendto(routes->socket, header, header->nlmsg_len) >= 0;
}

bool local_route_has(struct local_route *routes, int ifindex, const struct ip_address *address)
{
    if (!ask(routes, ifindex, address))
        return true;
    for (int i = 0; i < ANSWERS_MAX; i++) {
        ssize_t got = mnl_socket_recvfrom(routes->socket, routes->answer, sizeof(routes->answer));
        const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)routes->answer;

        if (got < 0 || !mnl_nlmsg_ok(header, (int)got))
            return true;
        if (header->nlmsg_seq != routes->sequence)
            continue;
        /* An error is "no route to it at all". */
        if (header->nlmsg_type != RTM_NEWROUTE ||
            mnl_nlmsg_get_payload_len(header) < sizeof(struct rtmsg))
            return false;
        const struct rtmsg *route = mnl_nlmsg_get_payload(header);
        return route->rtm_type == RTN_LOCAL;
    }
    return true;
}
