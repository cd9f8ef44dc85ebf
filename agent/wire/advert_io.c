/* Advertisement sockets; see advert_io.h. Owner: the segment, or the router for its macvlan.
 * RFC 9568 5.1 (addresses, TTL), 5.2.8 (we compute checksums ourselves, in lib/packet/packet). */
#include "agent/wire/advert_io.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* A reassembled datagram is never longer: what is too long is judged by the decoder. */
    RECEIVE_SIZE = 65536,
    /* Messages read before other sources get a turn. */
    MESSAGES_PER_PASS = 64,
    RECEIVE_BUFFER_BYTES = 1024 * 1024,
    TRAFFIC_CLASS_CS6 = 0xc0,
    CONTROL_SIZE = 256,
};

struct advert_io {
    struct advert_io_options options;
    char name[INTERFACE_NAME_SIZE];
    int fd;
    sd_event_source *source;
    uint8_t *buffer; /* RECEIVE_SIZE; NULL when nothing is received */
};

/* Control messages that come or go with a message. */
union control_room {
    char octets[CONTROL_SIZE];
    struct cmsghdr align;
};

/* One row of the table of options that a socket gets. */
struct socket_option {
    int level;
    int name;
    int value;
    const char *text;
    bool dispensable; /* older kernels have it not, and we do without */
};

/* Says what it was about. Returns the error, negative. */
static int fail(const struct advert_io *io, struct wire_problem *problem, const char *what,
                int error)
{
    snprintf(problem->text, sizeof(problem->text), "%s (%s): %s", what,
             ip_family_name(io->options.family), strerror(error));
    return -error;
}

static int set_option(const struct advert_io *io, int level, int name, const void *value,
                      socklen_t size, const char *text, struct wire_problem *problem)
{
    char what[64];

    if (setsockopt(io->fd, level, name, value, size) == 0)
        return 0;
    int error = errno;
    snprintf(what, sizeof(what), "cannot set %s on the advert socket", text);
    return fail(io, problem, what, error);
}

static int set_options(const struct advert_io *io, const struct socket_option *list, size_t count,
                       struct wire_problem *problem)
{
    for (size_t i = 0; i < count; i++) {
        int r = set_option(io, list[i].level, list[i].name, &list[i].value, sizeof(list[i].value),
                           list[i].text, problem);
        if (r < 0 && (r != -ENOPROTOOPT || !list[i].dispensable))
            return r;
    }
    return 0;
}

static int set_options_ipv4(const struct advert_io *io, struct wire_problem *problem)
{
    const struct socket_option list[] = {
        {IPPROTO_IP, IP_TTL, VRRP_TTL, "IP_TTL"},
        {IPPROTO_IP, IP_MULTICAST_TTL, VRRP_TTL, "IP_MULTICAST_TTL"},
        {IPPROTO_IP, IP_MULTICAST_LOOP, 0, "IP_MULTICAST_LOOP"},
        {IPPROTO_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL"},
        {IPPROTO_IP, IP_TOS, TRAFFIC_CLASS_CS6, "IP_TOS"},
        {IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO"},
        /* A resignation goes out from an address that somebody has just taken away. */
        {IPPROTO_IP, IP_TRANSPARENT, 1, "IP_TRANSPARENT"},
    };
    const struct ip_mreqn out = {.imr_ifindex = io->options.ifindex};
    int r = set_options(io, list, sizeof(list) / sizeof(list[0]), problem);

    if (r == 0)
        r = set_option(io, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof(out), "IP_MULTICAST_IF",
                       problem);
    return r;
}

static int set_options_ipv6(const struct advert_io *io, struct wire_problem *problem)
{
    const struct socket_option list[] = {
        {IPPROTO_IPV6, IPV6_UNICAST_HOPS, VRRP_TTL, "IPV6_UNICAST_HOPS"},
        {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, VRRP_TTL, "IPV6_MULTICAST_HOPS"},
        {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, "IPV6_MULTICAST_LOOP"},
        /* Since Linux 4.20. Without it others' groups reach us as well: rule 0b drops those. */
        {IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0, "IPV6_MULTICAST_ALL", true},
        {IPPROTO_IPV6, IPV6_MULTICAST_IF, io->options.ifindex, "IPV6_MULTICAST_IF"},
        {IPPROTO_IPV6, IPV6_TCLASS, TRAFFIC_CLASS_CS6, "IPV6_TCLASS"},
        {IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO"},
        {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT"},
        /* What stood before a message, or that it came in pieces, which the kernel takes away. */
        {IPPROTO_IPV6, IPV6_RECVHOPOPTS, 1, "IPV6_RECVHOPOPTS"},
        {IPPROTO_IPV6, IPV6_RECVRTHDR, 1, "IPV6_RECVRTHDR"},
        {IPPROTO_IPV6, IPV6_RECVDSTOPTS, 1, "IPV6_RECVDSTOPTS"},
        {IPPROTO_IPV6, IPV6_RECVFRAGSIZE, 1, "IPV6_RECVFRAGSIZE"},
        /* The same, and a macvlan sends from its parent's link-local address. */
        {IPPROTO_IPV6, IPV6_FREEBIND, 1, "IPV6_FREEBIND"},
    };

    return set_options(io, list, sizeof(list) / sizeof(list[0]), problem);
}

/* Nothing may queue up on a socket that nobody reads. */
static int refuse_all(const struct advert_io *io, struct wire_problem *problem)
{
    struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
    const struct sock_fprog program = {.len = 1, .filter = &drop};

    return set_option(io, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program),
                      "SO_ATTACH_FILTER", problem);
}

static int change_membership(const struct advert_io *io, const struct ip_address *group, bool join)
{
    struct ip_mreqn request4 = {.imr_ifindex = io->options.ifindex};
    struct ipv6_mreq request6 = {.ipv6mr_interface = (unsigned)io->options.ifindex};
    int r;

    if (io->options.family == IP_FAMILY_IPV4) {
        memcpy(&request4.imr_multiaddr, group->octets, 4);
        r = setsockopt(io->fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &request4,
                       sizeof(request4));
    } else {
        memcpy(&request6.ipv6mr_multiaddr, group->octets, 16);
        r = setsockopt(io->fd, IPPROTO_IPV6, join ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP,
                       &request6, sizeof(request6));
    }
    return r == 0 ? 0 : -errno;
}

int advert_io_join(const struct advert_io *io, const struct ip_address *group)
{
    return change_membership(io, group, true);
}

int advert_io_leave(const struct advert_io *io, const struct ip_address *group)
{
    return change_membership(io, group, false);
}

int advert_io_filter(const struct advert_io *io, const struct sock_fprog *program)
{
    const int unused = 0;
    int r = program != NULL
                ? setsockopt(io->fd, SOL_SOCKET, SO_ATTACH_FILTER, program, sizeof(*program))
                : setsockopt(io->fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused));

    return r == 0 ? 0 : -errno;
}

void advert_io_rest(struct advert_io *io, bool resting)
{
    if (io != NULL)
        (void)sd_event_source_set_enabled(io->source, resting ? SD_EVENT_OFF : SD_EVENT_ON);
}

/* The header of an IPv4 packet comes with it; the kernel has checked it. */
static bool read_ipv4(struct advert_io *io, size_t size, struct packet_ip *ip,
                      const uint8_t **payload, size_t *payload_size)
{
    return packet_split_ip(io->buffer, size, ip, payload, payload_size) == PACKET_OK;
}

/* Of an IPv6 packet only the payload comes; the header's fields are in control messages. */
static void read_ipv6_control(struct msghdr *message, struct packet_ip *ip, int *ifindex)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            ip->destination = ip_address_from_octets(IP_FAMILY_IPV6, &info.ipi6_addr);
            *ifindex = (int)info.ipi6_ifindex;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) {
            int limit;
            memcpy(&limit, CMSG_DATA(c), sizeof(limit));
            ip->ttl = (uint8_t)limit;
        } else if (c->cmsg_level == IPPROTO_IPV6) {
            ip->extended = true; /* of the options of the socket only these are left */
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            *ifindex = info.ipi_ifindex;
        }
    }
}

static void hand_on(struct advert_io *io, struct msghdr *message, size_t size)
{
    const struct sockaddr_in6 *from = message->msg_name;
    struct packet_ip ip = {0};
    const uint8_t *payload = io->buffer;
    size_t payload_size = size;
    int ifindex = 0;

    read_ipv6_control(message, &ip, &ifindex);
    /* Only extension headers are longer than the room. */
    ip.extended = ip.extended || (message->msg_flags & MSG_CTRUNC) != 0;
    /* From before the socket was bound to its device. */
    if (ifindex != io->options.ifindex)
        return;
    if (io->options.family == IP_FAMILY_IPV6)
        ip.source = ip_address_from_octets(IP_FAMILY_IPV6, &from->sin6_addr);
    else if (!read_ipv4(io, size, &ip, &payload, &payload_size))
        return;
    io->options.on_message(io->options.userdata, &ip, payload, payload_size);
}

/* False when there is nothing more to read now. */
static bool receive_one(struct advert_io *io)
{
    union control_room control;
    struct sockaddr_in6 from = {0};
    struct iovec vector = {.iov_base = io->buffer, .iov_len = RECEIVE_SIZE};
    struct msghdr message = {
        .msg_name = &from,
        .msg_namelen = sizeof(from),
        .msg_iov = &vector,
        .msg_iovlen = 1,
        .msg_control = control.octets,
        .msg_controllen = sizeof(control.octets),
    };
    ssize_t n = recvmsg(io->fd, &message, MSG_DONTWAIT);

    if (n >= 0)
        hand_on(io, &message, (size_t)n);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
        return false;
    /* Anything else is a pending error of the link (ENETDOWN), cleared by having been read; the
     * observer of links tells what is the matter. */
    return true;
}

bool advert_io_receive(struct advert_io *io)
{
    for (int i = 0; i < MESSAGES_PER_PASS; i++)
        if (io == NULL || !receive_one(io))
            return false;
    return true;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct advert_io *io = userdata;

    (void)source;
    (void)fd;
    (void)revents;
    if (advert_io_receive(io) && io->options.on_busy != NULL)
        io->options.on_busy(io->options.userdata);
    return 0;
}

static int prepare_to_receive(struct advert_io *io, struct wire_problem *problem)
{
    int bytes = RECEIVE_BUFFER_BYTES;

    /* More than rmem_max where we may; either way best effort. */
    if (setsockopt(io->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
        (void)setsockopt(io->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    io->buffer = malloc(RECEIVE_SIZE);
    if (io->buffer == NULL)
        return fail(io, problem, "cannot receive adverts", ENOMEM);
    return 0;
}

static int open_socket(struct advert_io *io, struct wire_problem *problem)
{
    int domain = io->options.family == IP_FAMILY_IPV4 ? AF_INET : AF_INET6;

    io->fd = socket(domain, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, VRRP_PROTOCOL);
    if (io->fd < 0)
        return fail(io, problem, "cannot open a raw socket", errno);
    int r = set_option(io, SOL_SOCKET, SO_BINDTODEVICE, io->name,
                       (socklen_t)strnlen(io->name, sizeof(io->name)), "SO_BINDTODEVICE", problem);
    if (r == 0 && io->options.send_only)
        r = refuse_all(io, problem);
    if (r < 0)
        return r;
    return io->options.family == IP_FAMILY_IPV4 ? set_options_ipv4(io, problem)
                                                : set_options_ipv6(io, problem);
}

int advert_io_open(const struct advert_io_options *options, struct advert_io **out,
                   struct wire_problem *problem)
{
    struct advert_io *io = calloc(1, sizeof(*io));

    *out = NULL;
    if (io == NULL) {
        snprintf(problem->text, sizeof(problem->text), "out of memory");
        return -ENOMEM;
    }
    io->options = *options;
    io->fd = -1;
    memcpy(io->name, options->ifname, strnlen(options->ifname, sizeof(io->name) - 1));
    io->options.ifname = io->name;
    int r = open_socket(io, problem);
    if (r == 0 && !options->send_only)
        r = prepare_to_receive(io, problem);
    if (r < 0) {
        advert_io_close(io);
        return r;
    }
    *out = io;
    return 0;
}

int advert_io_listen(struct advert_io *io, sd_event *event)
{
    int r = sd_event_add_io(event, &io->source, io->fd, EPOLLIN, on_readable, io);

    if (r >= 0)
        r = sd_event_source_set_priority(io->source, io->options.priority);
    return r < 0 ? r : 0;
}

void advert_io_silence(struct advert_io *io)
{
    if (io != NULL)
        io->source = sd_event_source_disable_unref(io->source);
}

void advert_io_close(struct advert_io *io)
{
    if (io == NULL)
        return;
    assert(io->source == NULL);
    if (io->fd >= 0)
        close(io->fd);
    free(io->buffer);
    free(io);
}

static void put_control(struct msghdr *message, int level, int type, const void *data, size_t size)
{
    struct cmsghdr *c =
        (struct cmsghdr *)(void *)((char *)message->msg_control + message->msg_controllen);

    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(c), data, size);
    message->msg_controllen += CMSG_SPACE(size);
}

static void put_header_ipv4(const struct advert_io *io, const struct advert_header *header,
                            struct sockaddr_in *to, struct msghdr *message)
{
    struct in_pktinfo info = {.ipi_ifindex = io->options.ifindex};
    int ttl = header->ttl;

    to->sin_family = AF_INET;
    memcpy(&to->sin_addr, header->destination.octets, 4);
    memcpy(&info.ipi_spec_dst, header->source.octets, 4);
    message->msg_name = to;
    message->msg_namelen = sizeof(*to);
    put_control(message, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    if (ttl != VRRP_TTL)
        put_control(message, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
}

static void put_header_ipv6(const struct advert_io *io, const struct advert_header *header,
                            struct sockaddr_in6 *to, struct msghdr *message)
{
    const struct ip_address *destination = &header->destination;
    struct in6_pktinfo info = {.ipi6_ifindex = (unsigned)io->options.ifindex};
    int limit = header->ttl;

    to->sin6_family = AF_INET6;
    memcpy(&to->sin6_addr, destination->octets, 16);
    memcpy(&info.ipi6_addr, header->source.octets, 16);
    if (ip_address_is_link_local(destination) || ip_address_is_multicast(destination))
        to->sin6_scope_id = (uint32_t)io->options.ifindex;
    message->msg_name = to;
    message->msg_namelen = sizeof(*to);
    put_control(message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
    if (limit != VRRP_TTL)
        put_control(message, IPPROTO_IPV6, IPV6_HOPLIMIT, &limit, sizeof(limit));
}

static int send_message(const struct advert_io *io, const struct msghdr *message, size_t size)
{
    ssize_t n;

    do
        n = sendmsg(io->fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    return (size_t)n == size ? 0 : -EIO;
}

int advert_io_send(struct advert_io *io, const struct advert_header *header, const uint8_t *payload,
                   size_t size)
{
    union control_room control = {0};
    struct sockaddr_in to4 = {0};
    struct sockaddr_in6 to6 = {0};
    struct iovec vector = {.iov_base = (void *)(uintptr_t)payload, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &vector,
        .msg_iovlen = 1,
        .msg_control = control.octets,
    };

    if (io->options.family == IP_FAMILY_IPV4)
        put_header_ipv4(io, header, &to4, &message);
    else
        put_header_ipv6(io, header, &to6, &message);
    return send_message(io, &message, size);
}
