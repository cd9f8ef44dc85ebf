/* A dump of the sockets in TIME-WAIT, and a request to end each that fits; see sock_diag.h. Both
 * happen in the kernel before it returns from sendmsg() or recvmsg(), so an error is there to be
 * read at once. */
#include "agent/kernel/sock_diag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    SEQUENCE = 1,
    ANSWER_BYTES = 32768,
    MESSAGE_BYTES = 80, /* a request, aligned */
    ENDS_AT_ONCE = 128,
    /* A bound on what is read: some eight million sockets. */
    ANSWERS_MAX = 32768,
};

_Static_assert(sizeof(struct nlmsghdr) + sizeof(struct inet_diag_req_v2) <= MESSAGE_BYTES,
               "a request has room");

struct search {
    struct mnl_socket *reader;
    struct mnl_socket *ender;
    const struct ip_address *sorted;
    size_t count;
    int found;
    int error;   /* of the requests to end */
    size_t used; /* of ends */
    _Alignas(8) char ends[ENDS_AT_ONCE * MESSAGE_BYTES];
    _Alignas(8) char answer[ANSWER_BYTES];
};

static struct mnl_socket *open_socket(void)
{
    const struct timeval limit = {.tv_sec = 1};
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);

    if (socket == NULL || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        int error = errno;

        if (socket != NULL)
            mnl_socket_close(socket);
        errno = error;
        return NULL;
    }
    (void)setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return socket;
}

static struct nlmsghdr *put_request(char *buffer, uint16_t type, uint16_t flags,
                                    const struct inet_diag_req_v2 *request)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);

    header->nlmsg_type = type;
    header->nlmsg_flags = NLM_F_REQUEST | flags;
    header->nlmsg_seq = SEQUENCE;
    *(struct inet_diag_req_v2 *)mnl_nlmsg_put_extra_header(header, sizeof(*request)) = *request;
    return header;
}

/* ---- To end them */

/* One that has ended by itself is as good. */
static void read_errors(struct search *search)
{
    _Alignas(8) char answer[512];
    ssize_t n;

    while ((n = recv(mnl_socket_get_fd(search->ender), answer, sizeof(answer), MSG_DONTWAIT)) > 0) {
        const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)answer;

        if (!mnl_nlmsg_ok(header, (int)n) || header->nlmsg_type != NLMSG_ERROR ||
            mnl_nlmsg_get_payload_len(header) < sizeof(struct nlmsgerr))
            continue;
        int error = ((const struct nlmsgerr *)mnl_nlmsg_get_payload(header))->error;
        if (search->error == 0 && error != -ENOENT)
            search->error = error;
    }
}

static void send_ends(struct search *search)
{
    if (search->used > 0 && mnl_socket_sendto(search->ender, search->ends, search->used) < 0 &&
        search->error == 0)
        search->error = -errno;
    search->used = 0;
    read_errors(search);
}

static void end(struct search *search, const struct inet_diag_msg *found)
{
    const struct inet_diag_req_v2 request = {.sdiag_family = found->idiag_family,
                                             .sdiag_protocol = IPPROTO_TCP,
                                             .idiag_states = UINT32_MAX,
                                             .id = found->id};

    if (search->used + MESSAGE_BYTES > sizeof(search->ends))
        send_ends(search);
    search->used +=
        NLMSG_ALIGN(put_request(&search->ends[search->used], SOCK_DESTROY, 0, &request)->nlmsg_len);
    search->found++;
}

/* ---- To find them */

static int compare(const void *a, const void *b)
{
    return ip_address_compare(a, b);
}

/* A server that listens to both families has IPv4 addresses mapped into IPv6. */
static struct ip_address local_address(const struct inet_diag_msg *socket)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    const uint8_t *octets = (const uint8_t *)socket->id.idiag_src;
    struct ip_address address = {.family = IP_FAMILY_IPV6};

    if (socket->idiag_family == AF_INET6 && memcmp(octets, mapped, sizeof(mapped)) != 0) {
        memcpy(address.octets, octets, sizeof(struct in6_addr));
        return address;
    }
    address.family = IP_FAMILY_IPV4;
    memcpy(address.octets, &octets[socket->idiag_family == AF_INET6 ? sizeof(mapped) : 0],
           sizeof(struct in_addr));
    return address;
}

static int on_socket(const struct nlmsghdr *header, void *userdata)
{
    struct search *search = userdata;
    const struct inet_diag_msg *socket = mnl_nlmsg_get_payload(header);

    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        mnl_nlmsg_get_payload_len(header) < sizeof(*socket) || socket->idiag_state != TCP_TIME_WAIT)
        return MNL_CB_OK;
    const struct ip_address address = local_address(socket);
    if (bsearch(&address, search->sorted, search->count, sizeof(address), compare) != NULL)
        end(search, socket);
    return MNL_CB_OK;
}

static int look(struct search *search, uint8_t family)
{
    const struct inet_diag_req_v2 request = {
        .sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1U << TCP_TIME_WAIT};
    _Alignas(8) char buffer[MESSAGE_BYTES];
    const struct nlmsghdr *header = put_request(buffer, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request);
    int r = MNL_CB_OK;

    if (mnl_socket_sendto(search->reader, header, header->nlmsg_len) < 0)
        return -errno;
    for (int i = 0; r > MNL_CB_STOP && i < ANSWERS_MAX && search->error == 0; i++) {
        ssize_t n = mnl_socket_recvfrom(search->reader, search->answer, sizeof(search->answer));

        if (n < 0 && errno == EINTR)
            continue;
        r = n < 0 ? MNL_CB_ERROR
                  : mnl_cb_run(search->answer, (size_t)n, SEQUENCE,
                               mnl_socket_get_portid(search->reader), on_socket, search);
    }
    if (r == MNL_CB_ERROR)
        return -errno;
    send_ends(search);
    return search->error;
}

int sock_diag_end_time_wait(struct ip_address *addresses, size_t count)
{
    struct search *search = calloc(1, sizeof(*search));
    int r = 0;

    if (search == NULL)
        return -ENOMEM;
    qsort(addresses, count, sizeof(*addresses), compare);
    search->sorted = addresses;
    search->count = count;
    search->reader = open_socket();
    search->ender = search->reader != NULL ? open_socket() : NULL;
    if (search->ender == NULL)
        r = -errno;
    if (r == 0)
        r = look(search, AF_INET);
    if (r == 0)
        r = look(search, AF_INET6);
    if (search->ender != NULL)
        mnl_socket_close(search->ender);
    if (search->reader != NULL)
        mnl_socket_close(search->reader);
    if (r == 0)
        r = search->found;
    free(search);
    return r;
}
