/* Announcements on the wire; see neighbour_io.h. Owner: the agent. One packet socket for all links:
 * the link goes into each frame's address, so nothing has to be opened when a link comes. */
#include "agent/wire/neighbour_io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FRAMES_PER_CALL = 128,
    /* How long to wait for room in the transmit queue, in all, for one announcement. */
    WAIT_MS_MAX = 20,
    SEND_BUFFER_BYTES = 1024 * 1024,
};

struct neighbour_io {
    int fd;
    size_t count; /* frames prepared */
    uint8_t frames[FRAMES_PER_CALL][NEIGHBOUR_FRAME_SIZE_MAX];
    struct iovec vectors[FRAMES_PER_CALL];
    struct mmsghdr messages[FRAMES_PER_CALL];
};

int neighbour_io_open(struct neighbour_io **out)
{
    struct neighbour_io *io = calloc(1, sizeof(*io));
    int bytes = SEND_BUFFER_BYTES;

    *out = NULL;
    if (io == NULL)
        return -ENOMEM;
    /* Protocol 0: nothing is received. */
    io->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (io->fd < 0) {
        int error = errno;
        free(io);
        return -error;
    }
    if (setsockopt(io->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
        (void)setsockopt(io->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    *out = io;
    return 0;
}

void neighbour_io_close(struct neighbour_io *io)
{
    if (io == NULL)
        return;
    close(io->fd);
    free(io);
}

/* Waits for room, at most *budget_ms. */
static bool wait_for_room(const struct neighbour_io *io, int *budget_ms)
{
    struct pollfd wait = {.fd = io->fd, .events = POLLOUT};

    if (*budget_ms <= 0)
        return false;
    *budget_ms -= 1;
    return poll(&wait, 1, 1) >= 0;
}

/* Sends what is prepared. A frame that cannot be sent is skipped: the others may still go out. */
static int flush(struct neighbour_io *io, int *budget_ms)
{
    size_t done = 0;
    int first_error = 0;

    while (done < io->count) {
        int n = sendmmsg(io->fd, io->messages + done, (unsigned)(io->count - done), MSG_DONTWAIT);
        if (n > 0) {
            done += (size_t)n;
            continue;
        }
        int error = n < 0 ? errno : EIO;
        if (error == EINTR)
            continue;
        /* ENOBUFS: the link has thrown it away, and of the socket's room there is enough. */
        if (error == EAGAIN && wait_for_room(io, budget_ms))
            continue;
        first_error = first_error == 0 ? -error : first_error;
        done++;
    }
    io->count = 0;
    return first_error;
}

static int add(struct neighbour_io *io, struct sockaddr_ll *to, size_t size, int *budget_ms)
{
    size_t i = io->count++;

    io->vectors[i] = (struct iovec){.iov_base = io->frames[i], .iov_len = size};
    io->messages[i].msg_hdr = (struct msghdr){
        .msg_name = to, .msg_namelen = sizeof(*to), .msg_iov = &io->vectors[i], .msg_iovlen = 1};
    return io->count == FRAMES_PER_CALL ? flush(io, budget_ms) : 0;
}

static void keep_first(int *first, int r)
{
    if (*first == 0)
        *first = r;
}

int neighbour_io_announce(struct neighbour_io *io, const struct announcement *what)
{
    struct sockaddr_ll arp = {.sll_family = AF_PACKET,
                              .sll_protocol = htons(ETH_P_ARP),
                              .sll_ifindex = what->ifindex,
                              .sll_halen = MAC_SIZE};
    struct sockaddr_ll nd = arp;
    int budget_ms = WAIT_MS_MAX;
    int result = 0;

    nd.sll_protocol = htons(ETH_P_IPV6);
    for (size_t i = 0; i < what->count; i++) {
        const struct ip_address *address = &what->addresses[i].prefix.address;
        size_t size;

        if (strcmp(what->addresses[i].device, what->device) != 0)
            continue;
        if (address->family == IP_FAMILY_IPV6) {
            size = unsolicited_na_build(address, what->mac, what->router, io->frames[io->count]);
            keep_first(&result, add(io, &nd, size, &budget_ms));
            continue;
        }
        size = gratuitous_arp_build(address, what->mac, ARP_FORM_REQUEST, io->frames[io->count]);
        keep_first(&result, add(io, &arp, size, &budget_ms));
        if (!what->reply_form)
            continue;
        size = gratuitous_arp_build(address, what->mac, ARP_FORM_REPLY, io->frames[io->count]);
        keep_first(&result, add(io, &arp, size, &budget_ms));
    }
    keep_first(&result, flush(io, &budget_ms));
    return result;
}

int neighbour_io_ask(struct neighbour_io *io, const struct question *what)
{
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_ifindex = what->ifindex, .sll_halen = MAC_SIZE};
    int budget_ms = WAIT_MS_MAX;
    int result = 0;

    /* All are of one family: what is prepared shares the address it goes to. */
    to.sll_protocol = htons(what->source->family == IP_FAMILY_IPV6 ? ETH_P_IPV6 : ETH_P_ARP);
    for (size_t i = 0; i < what->count; i++) {
        const struct ip_address *address = &what->addresses[i].prefix.address;
        uint8_t *frame = io->frames[io->count];

        if (what->addresses[i].device[0] != '\0' || address->family != what->source->family)
            continue;
        size_t size = address->family == IP_FAMILY_IPV6
                          ? neighbour_solicitation_build(address, what->source, what->mac, frame)
                          : arp_probe_build(address, what->mac, frame);

        keep_first(&result, add(io, &to, size, &budget_ms));
    }
    keep_first(&result, flush(io, &budget_ms));
    return result;
}
