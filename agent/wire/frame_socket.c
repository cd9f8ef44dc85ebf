/* Frames of one link; see frame_socket.h. Owner: the watch or the tap. */
#include "agent/wire/frame_socket.h"

#include "lib/limits.h"
#include "lib/octets.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MACS_SIZE = 12,
    TAG_SIZE = 4,
};

static_assert((int)TAG_SIZE <= (int)ROOM_HEAD, "room for the VLAN tag that the kernel takes out");

/* A read: whom it is for. */
struct pass {
    const struct frame_socket *socket;
    frame_seen_fn fn;
    void *userdata;
};

struct frame_socket {
    struct frame_socket_options options; /* but for ifname */
    int fd;
    int ifindex;
    int datalink;
    bool loopback; /* where each frame comes twice */
    uint64_t dropped;
};

static int fail(struct wire_problem *problem, const char *what, int error)
{
    snprintf(problem->text, sizeof(problem->text), "%s: %s", what, strerror(error));
    return -error;
}

/* ---- Opening */

static int find_link(struct frame_socket *s, const char *ifname, struct wire_problem *problem)
{
    struct ifreq request = {0};

    memcpy(request.ifr_name, ifname, strnlen(ifname, sizeof(request.ifr_name) - 1));
    if (ioctl(s->fd, SIOCGIFINDEX, &request) < 0)
        return fail(problem, ifname, errno);
    s->ifindex = request.ifr_ifindex;
    if (ioctl(s->fd, SIOCGIFHWADDR, &request) < 0)
        return fail(problem, ifname, errno);
    s->loopback = request.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
    s->datalink =
        request.ifr_hwaddr.sa_family == ARPHRD_ETHER || s->loopback ? DLT_EN10MB : DLT_RAW;
    return 0;
}

/* The link's kind decides which socket it is: without MACs the frame begins with the IP header.
 * Of no protocol: nothing arrives before it is bound. */
static int open_socket(struct frame_socket *s, const char *ifname, struct wire_problem *problem)
{
    s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0)
        return fail(problem, "cannot open a packet socket", errno);
    int r = find_link(s, ifname, problem);
    if (r < 0 || s->datalink == DLT_EN10MB)
        return r;
    if (s->options.only_ethernet)
        return -EOPNOTSUPP;
    close(s->fd);
    s->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return s->fd >= 0 ? 0 : fail(problem, "cannot open a packet socket", errno);
}

static int set_options(const struct frame_socket *s, struct wire_problem *problem)
{
    int bytes = (int)s->options.buffer_bytes;
    int one = 1;

    /* More than rmem_max where we may; either way best effort. */
    if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
        (void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    /* Since Linux 4.20; without it they are passed over here. */
    if (s->options.inbound)
        (void)setsockopt(s->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
    if (setsockopt(s->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) < 0 ||
        setsockopt(s->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) < 0)
        return fail(problem, "cannot set up a packet socket", errno);
    return 0;
}

int frame_socket_open(const struct frame_socket_options *options, struct frame_socket **out,
                      struct wire_problem *problem)
{
    struct frame_socket *s = calloc(1, sizeof(*s));
    int r;

    *out = NULL;
    assert(options->snap <= ROOM_WHOLE);
    if (s == NULL)
        return fail(problem, "cannot open a packet socket", ENOMEM);
    s->options = *options;
    s->options.ifname = NULL;
    s->fd = -1;
    r = open_socket(s, options->ifname, problem);
    if (r >= 0)
        r = set_options(s, problem);
    if (r < 0) {
        frame_socket_close(s);
        return r;
    }
    *out = s;
    return 0;
}

void frame_socket_close(struct frame_socket *s)
{
    if (s == NULL)
        return;
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}

int frame_socket_filter(struct frame_socket *s, const char *text, struct wire_problem *problem)
{
    pcap_t *language = pcap_open_dead(s->datalink, (int)s->options.snap);
    struct bpf_program program;
    int r = 0;

    if (language == NULL)
        return fail(problem, "cannot make a filter", ENOMEM);
    if (pcap_compile(language, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        snprintf(problem->text, sizeof(problem->text), "cannot make a filter: %.200s",
                 pcap_geterr(language));
        r = -EINVAL;
    } else {
        /* The same to the kernel, but for the types' names. */
        const struct {
            unsigned short length;
            struct bpf_insn *list;
        } filter = {.length = (unsigned short)program.bf_len, .list = program.bf_insns};

        if (setsockopt(s->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0)
            r = fail(problem, "cannot set a filter", errno);
        pcap_freecode(&program);
    }
    pcap_close(language);
    return r;
}

int frame_socket_start(struct frame_socket *s, struct wire_problem *problem)
{
    const struct sockaddr_ll where = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = s->ifindex};

    if (bind(s->fd, (const struct sockaddr *)&where, sizeof(where)) < 0)
        return fail(problem, "cannot listen to a link", errno);
    return 0;
}

/* ---- Reading */

/* What stands beside a frame. */
struct beside {
    uint64_t wall_ns;
    uint32_t length;
    bool tagged;
    uint16_t tag;
    uint16_t tag_protocol;
};

static struct beside read_beside(struct msghdr *message)
{
    struct beside out = {0};

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec at;
            memcpy(&at, CMSG_DATA(c), sizeof(at));
            out.wall_ns = (uint64_t)at.tv_sec * NS_PER_SEC + (uint64_t)at.tv_nsec;
        } else if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
            struct tpacket_auxdata aux;
            memcpy(&aux, CMSG_DATA(c), sizeof(aux));
            out.length = aux.tp_len;
            out.tagged = (aux.tp_status & TP_STATUS_VLAN_VALID) != 0;
            out.tag = aux.tp_vlan_tci;
            out.tag_protocol =
                (aux.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? aux.tp_vlan_tpid : ETH_P_8021Q;
        }
    }
    return out;
}

/* Another VLAN's frame is not to look like one of the link's own. */
static const uint8_t *put_tag(uint8_t *frame, const struct beside *beside)
{
    uint8_t *tagged = frame - TAG_SIZE;

    memmove(tagged, frame, MACS_SIZE);
    octets_put_be16(tagged + MACS_SIZE, beside->tag_protocol);
    octets_put_be16(tagged + MACS_SIZE + 2, beside->tag);
    return tagged;
}

static void on_message(void *userdata, const struct room_message *message)
{
    const struct pass *pass = userdata;
    const struct frame_socket *s = pass->socket;
    const struct sockaddr_ll *from = message->header->msg_name;
    size_t size = message->size < s->options.snap ? message->size : s->options.snap;

    if (from->sll_pkttype == PACKET_OUTGOING && (s->options.inbound || s->loopback))
        return;
    const struct beside beside = read_beside(message->header);
    struct frame_seen frame = {.octets = message->octets,
                               .captured = (uint32_t)size,
                               .length = beside.length,
                               .wall_ns = beside.wall_ns};
    if (beside.tagged && s->datalink == DLT_EN10MB && size >= MACS_SIZE) {
        frame.octets = put_tag(message->octets, &beside);
        frame.captured += TAG_SIZE;
        frame.length += TAG_SIZE;
    }
    pass->fn(pass->userdata, &frame);
}

size_t frame_socket_read(struct frame_socket *s, size_t limit, frame_seen_fn fn, void *userdata)
{
    struct pass pass = {.socket = s, .fn = fn, .userdata = userdata};

    return room_read(s->options.room, s->fd, limit, on_message, &pass);
}

int frame_socket_fd(const struct frame_socket *s)
{
    return s->fd;
}

int frame_socket_datalink(const struct frame_socket *s)
{
    return s->datalink;
}

uint64_t frame_socket_dropped(struct frame_socket *s)
{
    struct tpacket_stats stats;
    socklen_t size = sizeof(stats);

    /* The kernel begins anew with each question. */
    if (getsockopt(s->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0)
        s->dropped += stats.tp_drops;
    return s->dropped;
}
