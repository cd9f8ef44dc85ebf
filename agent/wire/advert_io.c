/* Advertisement sockets; see advert_io.h. Owner: the segment, or the router for its macvlan.
 * RFC 9568 5.1 (addresses, TTL), 5.2.8 (we compute checksums ourselves, in lib/packet/packet). */
#include "agent/wire/advert_io.h"

#include "agent/wire/inbox.h"
#include "agent/wire/outbox.h"
#include "agent/wire/pace.h"

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
    RECEIVE_BUFFER_BYTES = 1024 * 1024,
    TRAFFIC_CLASS_CS6 = 0xc0,
    /* What a flood leaves within the tenth of a second in which nobody ran is read in some
     * milliseconds. */
    CATCH_UP_PASSES = 16,
};

struct advert_io {
    struct advert_io_options options;
    char name[INTERFACE_NAME_SIZE];
    int fd;
    struct pace *pace; /* NULL: nobody listens */
    struct inbox inbox;
    struct outbox *outbox;
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
        pace_rest(io->pace, resting);
}

bool advert_io_receive(struct advert_io *io)
{
    return io != NULL &&
           inbox_read(&io->inbox, io->options.on_message, io->options.userdata) >= INBOX_FULL;
}

void advert_io_catch_up(struct advert_io *io)
{
    if (io == NULL || io->pace == NULL || !pace_looks(io->pace))
        return;
    for (int i = 0; i < CATCH_UP_PASSES && advert_io_receive(io); i++)
        ;
}

static size_t read_pass(void *userdata)
{
    struct advert_io *io = userdata;
    /* They may have the socket closed, by whoever reads. */
    const struct advert_io_options options = io->options;
    size_t n = inbox_read(&io->inbox, options.on_message, options.userdata);

    if (n >= INBOX_FULL && options.on_busy != NULL)
        options.on_busy(options.userdata);
    if (options.on_pass != NULL)
        options.on_pass(options.userdata);
    return n;
}

static void prepare_to_receive(struct advert_io *io)
{
    int bytes = RECEIVE_BUFFER_BYTES;

    /* More than rmem_max where we may; either way best effort. */
    if (setsockopt(io->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
        (void)setsockopt(io->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    io->inbox = (struct inbox){.fd = io->fd,
                               .ifindex = io->options.ifindex,
                               .family = io->options.family,
                               .room = io->options.room};
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
    io->outbox = outbox_new(io->options.shelf, io->fd, io->options.ifindex, io->options.family);
    if (io->outbox == NULL)
        return fail(io, problem, "cannot send adverts", ENOMEM);
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
    if (r < 0) {
        advert_io_close(io);
        return r;
    }
    if (!options->send_only)
        prepare_to_receive(io);
    *out = io;
    return 0;
}

int advert_io_listen(struct advert_io *io, sd_event *event)
{
    const struct pace_options options = {.fd = io->fd,
                                         .priority = io->options.priority,
                                         .read = read_pass,
                                         .full = INBOX_FULL,
                                         .userdata = io};

    return pace_open(event, &options, &io->pace);
}

void advert_io_silence(struct advert_io *io)
{
    if (io == NULL)
        return;
    outbox_flush(io->outbox);
    pace_close(io->pace);
    io->pace = NULL;
}

void advert_io_close(struct advert_io *io)
{
    if (io == NULL)
        return;
    assert(io->pace == NULL);
    if (io->fd >= 0)
        close(io->fd);
    outbox_free(io->outbox);
    free(io);
}

int advert_io_send(struct advert_io *io, const struct advert_header *header, const uint8_t *payload,
                   size_t size)
{
    return outbox_send(io->outbox, header, payload, size);
}

void advert_io_post(struct advert_io *io, const struct advert_header *header,
                    const uint8_t *payload, size_t size, const struct advert_sender *sender)
{
    outbox_post(io->outbox, header, payload, size, sender);
}

void advert_io_flush(struct advert_io *io)
{
    outbox_flush(io->outbox);
}
