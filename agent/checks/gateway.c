/*
 * An address on the link that has to answer ARP or neighbour discovery: whether the wire and the
 * switch carry us, whatever higher layers say. A packet socket asks and hears the answer; the
 * kernel's neighbour cache has no part in it. The socket stays open between the looks: closing one
 * may wait for the kernel.
 */
#include "agent/checks/check.h"

#include "agent/kernel/mark.h"
#include "lib/packet/neighbour_claim.h"
#include "lib/packet/neighbour_request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FRAME_SIZE = 256,
    FRAMES_PER_TURN = 16,
    /* In a frame: */
    ARP_SENDER_AT = 28,
    NEXT_HEADER_AT = 20,
    ICMP_TYPE_AT = 54,
    ND_TARGET_AT = 62,
};

struct gateway_watch {
    int fd; /* -1: none */
    int ifindex;
    sd_event_source *source;
};

static void hang_up(const struct check *check)
{
    struct gateway_watch *watch = check->data;

    watch->source = sd_event_source_disable_unref(watch->source);
    worker_close_descriptor(check->ground->worker, watch->fd);
    watch->fd = -1;
    watch->ifindex = 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct check *check = userdata;
    uint8_t frame[FRAME_SIZE];

    (void)source;
    (void)events;
    for (int i = 0; i < FRAMES_PER_TURN; i++) {
        struct neighbour_claim claim;
        ssize_t size = recv(fd, frame, sizeof(frame), 0);

        if (size < 0)
            return 0; /* nothing more; or the link went, which sending will tell */
        if (!check->running || !neighbour_frame_parse(frame, (size_t)size, &claim) ||
            claim.kind == NEIGHBOUR_PROBE ||
            !ip_address_equal(&claim.address, &check->config.gateway))
            continue;
        check_result(check, true, "%02x:%02x:%02x:%02x:%02x:%02x answers", claim.mac[0],
                     claim.mac[1], claim.mac[2], claim.mac[3], claim.mac[4], claim.mac[5]);
    }
    return 0;
}

static uint32_t word_at(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
           octets[3];
}

/* Only what this address says of itself, so that a busy link costs nothing. */
static int set_filter(int fd, const struct ip_address *address)
{
    struct sock_filter code[16];
    unsigned short n = 0;
    bool ipv6 = address->family == IP_FAMILY_IPV6;
    unsigned short tests = ipv6 ? 6 : 1;
    unsigned short done = 0;

    if (ipv6) {
        code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NEXT_HEADER_AT);
        done++;
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0,
                                                 (uint8_t)(2 * (tests - done) + 1));
        code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ICMP_TYPE_AT);
        done++;
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 0,
                                                 (uint8_t)(2 * (tests - done) + 1));
    }
    for (unsigned i = 0; i < (ipv6 ? 4u : 1u); i++) {
        uint32_t at = (ipv6 ? ND_TARGET_AT : ARP_SENDER_AT) + 4 * i;

        code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at);
        done++;
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                 word_at(address->octets + 4 * i), 0,
                                                 (uint8_t)(2 * (tests - done) + 1));
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, FRAME_SIZE);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
    const struct sock_fprog program = {.len = n, .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

static int open_socket(struct check *check, const struct link *link)
{
    struct gateway_watch *watch = check->data;
    bool ipv6 = check->config.gateway.family == IP_FAMILY_IPV6;
    const struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                        .sll_protocol = htons(ipv6 ? ETH_P_IPV6 : ETH_P_ARP),
                                        .sll_ifindex = link->ifindex};
    int r;

    hang_up(check);
    /* Protocol 0: nothing comes before the filter is there. */
    watch->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (watch->fd < 0)
        return -errno;
    r = set_filter(watch->fd, &check->config.gateway);
    if (r == 0 && bind(watch->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        r = -errno;
    if (r == 0)
        r = check_source(check, &watch->source,
                         sd_event_add_io(check->ground->event, &watch->source, watch->fd, EPOLLIN,
                                         on_readable, check));
    if (r < 0)
        hang_up(check);
    else
        watch->ifindex = link->ifindex;
    return r;
}

/* An address of the node itself: not a virtual one, which another node may hold a moment later. */
static bool consider(void *userdata, const struct observed_address *address)
{
    struct ip_address *found = userdata;
    const struct ip_address *candidate = &address->prefix.address;

    if (candidate->family != found->family || mark_is_ours(address) ||
        (address->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0 ||
        (candidate->family == IP_FAMILY_IPV6 && !ip_address_is_link_local(candidate)))
        return true;
    *found = *candidate;
    return false;
}

static int ask(struct check *check, const struct link *link)
{
    struct gateway_watch *watch = check->data;
    struct neighbour_request request = {.sender.family = check->config.gateway.family,
                                        .target = check->config.gateway};
    uint8_t frame[NEIGHBOUR_REQUEST_SIZE_MAX];

    memcpy(request.mac, link->mac, sizeof(request.mac));
    links_each_address(check->ground->links, link->ifindex, consider, &request.sender);
    if (request.sender.family == IP_FAMILY_IPV6 && ip_address_is_unspecified(&request.sender)) {
        check_result(check, false, "%s has no link-local address to ask from", link->name);
        return 0;
    }
    size_t size = neighbour_request_build(&request, frame);
    if (send(watch->fd, frame, size, MSG_NOSIGNAL) < 0)
        check_result(check, false, "cannot ask on %s: %s", link->name, strerror(errno));
    return 0;
}

static int open_check(struct check *check)
{
    struct gateway_watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        return -ENOMEM;
    watch->fd = -1;
    check->data = watch;
    return 0;
}

static int run_check(struct check *check)
{
    struct gateway_watch *watch = check->data;
    const struct link *link = links_by_name(check->ground->links, check->config.interface);

    if (link == NULL || !link->has_mac) {
        check_result(check, false, "%s %s", check->config.interface,
                     link == NULL ? "does not exist" : "is not an Ethernet interface");
        return 0;
    }
    if (watch->fd < 0 || watch->ifindex != link->ifindex) {
        int r = open_socket(check, link);
        if (r < 0)
            return r;
    }
    return ask(check, link);
}

/* An answer that comes later is not taken for one to the next question within this turn. */
static void give_up(struct check *check)
{
    (void)check;
}

static void close_check(struct check *check)
{
    if (check->data == NULL)
        return;
    hang_up(check);
    free(check->data);
}

const struct check_ops check_gateway_ops = {
    .open = open_check,
    .run = run_check,
    .give_up = give_up,
    .close = close_check,
};
