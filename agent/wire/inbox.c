/* Datagrams read many at a time; see inbox.h. Owner: the advert socket. */
#include "agent/wire/inbox.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    /* What one call reads at the beginning, and at most. The adverts that leave together arrive
     * together: one call is to have them all, and to see that there are no more. */
    SLOTS_FIRST = 8,
    SLOTS = INBOX_FULL,
    READ_TRIES = 32,
    CONTROL_SIZE = 256,
    /* A reassembled datagram is never longer: what is too long is judged by the decoder. */
    RECEIVE_SIZE = 65536,
    /* An advert lies in three pieces, so that the ordinary one, which is short, touches little
     * memory: the first, the second of the longest there is, and what no advert needs. */
    FIRST_SIZE = 256,
    SECOND_END = ADVERT_SIZE_MAX + 520,
    SECOND_SIZE = SECOND_END - FIRST_SIZE,
    PIECES = 3,
};

/* Control messages that come with a message. */
union control_room {
    char octets[CONTROL_SIZE];
    struct cmsghdr align;
};

struct slot {
    struct sockaddr_in6 from;
    struct iovec pieces[PIECES];
    union control_room control;
    uint8_t first[FIRST_SIZE];
};

struct inbox {
    int fd;
    int ifindex;
    enum ip_family family;
    bool reading;
    size_t ready; /* slots that are prepared: memory that was never needed is never touched */
    struct mmsghdr messages[SLOTS];
    struct slot slots[SLOTS];
    uint8_t second[SLOTS][SECOND_SIZE];
    /* The third piece is all messages' own: of too long ones the last is whole. */
    uint8_t whole[RECEIVE_SIZE];
};

static void prepare(struct inbox *inbox, size_t i)
{
    struct slot *slot = &inbox->slots[i];

    slot->pieces[0] = (struct iovec){.iov_base = slot->first, .iov_len = FIRST_SIZE};
    slot->pieces[1] = (struct iovec){.iov_base = inbox->second[i], .iov_len = SECOND_SIZE};
    slot->pieces[2] =
        (struct iovec){.iov_base = inbox->whole + SECOND_END, .iov_len = RECEIVE_SIZE - SECOND_END};
    inbox->messages[i].msg_hdr = (struct msghdr){
        .msg_name = &slot->from,
        .msg_namelen = sizeof(slot->from),
        .msg_iov = slot->pieces,
        .msg_iovlen = PIECES,
        .msg_control = slot->control.octets,
        .msg_controllen = sizeof(slot->control.octets),
    };
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void make_ready(struct inbox *inbox, size_t count)
{
    while (inbox->ready < count)
        prepare(inbox, inbox->ready++);
}

struct inbox *inbox_new(int fd, int ifindex, enum ip_family family)
{
    struct inbox *inbox = malloc(sizeof(*inbox));

    if (inbox == NULL)
        return NULL;
    inbox->fd = fd;
    inbox->ifindex = ifindex;
    inbox->family = family;
    inbox->reading = false;
    inbox->ready = 0;
    make_ready(inbox, SLOTS_FIRST);
    return inbox;
}

void inbox_free(struct inbox *inbox)
{
    free(inbox);
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

/* The message in one piece. */
static const uint8_t *join(struct inbox *inbox, const struct slot *slot, size_t size)
{
    size_t second = size - FIRST_SIZE;

    if (size <= FIRST_SIZE)
        return slot->first;
    memcpy(inbox->whole, slot->pieces[0].iov_base, FIRST_SIZE);
    memcpy(inbox->whole + FIRST_SIZE, slot->pieces[1].iov_base,
           second < SECOND_SIZE ? second : SECOND_SIZE);
    return inbox->whole;
}

static void hand_on(struct inbox *inbox, size_t i, inbox_fn fn, void *userdata)
{
    struct msghdr *message = &inbox->messages[i].msg_hdr;
    const struct slot *slot = &inbox->slots[i];
    size_t size = inbox->messages[i].msg_len;
    const uint8_t *octets = join(inbox, slot, size);
    struct packet_ip ip = {0};
    int ifindex = 0;

    read_ipv6_control(message, &ip, &ifindex);
    /* Only extension headers are longer than the room. */
    ip.extended = ip.extended || (message->msg_flags & MSG_CTRUNC) != 0;
    /* From before the socket was bound to its device. */
    if (ifindex != inbox->ifindex)
        return;
    /* The header of an IPv4 packet comes with it; the kernel has checked it. */
    if (inbox->family == IP_FAMILY_IPV6)
        ip.source = ip_address_from_octets(IP_FAMILY_IPV6, &slot->from.sin6_addr);
    else if (packet_split_ip(octets, size, &ip, &octets, &size) != PACKET_OK)
        return;
    fn(userdata, &ip, octets, size);
}

/* How many there were; fewer than that: no more wait. */
static size_t read_some(struct inbox *inbox, size_t count)
{
    for (int tries = 0; tries < READ_TRIES; tries++) {
        int n = recvmmsg(inbox->fd, inbox->messages, (unsigned)count, MSG_DONTWAIT, NULL);

        if (n >= 0)
            return (size_t)n;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return 0;
        /* Anything else is a pending error of the link (ENETDOWN), cleared by having been read; the
         * observer of links tells what is the matter. */
    }
    return 0;
}

size_t inbox_read(struct inbox *inbox, inbox_fn fn, void *userdata)
{
    size_t total = 0;
    bool more = true;

    if (inbox->reading)
        return 0;
    inbox->reading = true;
    while (more && total < INBOX_FULL) {
        size_t count = smaller(inbox->ready, INBOX_FULL - total);
        size_t n = read_some(inbox, count);

        for (size_t i = 0; i < n; i++) {
            hand_on(inbox, i, fn, userdata);
            prepare(inbox, i);
        }
        total += n;
        more = n == count;
        if (n == inbox->ready)
            make_ready(inbox, smaller(2 * n, SLOTS));
    }
    inbox->reading = false;
    return total;
}
