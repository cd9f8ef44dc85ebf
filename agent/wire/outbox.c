/* Datagrams that leave together; see outbox.h. Owner: the advert socket, of the shelf the segments.
 */
#include "agent/wire/outbox.h"

#include "lib/packet/packet.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Where a message comes from and its TTL. */
union outbox_control {
    char octets[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

union outbox_address {
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* A message that waits, or room for one. */
struct slot {
    struct slot *after; /* of the same outbox, or of those that are free */
    struct advert_sender sender;
    struct msghdr header;
    union outbox_address to;
    union outbox_control control;
    struct iovec vector;
    uint8_t payload[OUTBOX_PAYLOAD_MAX];
};

/* The slot that was free last is taken first: no more are touched than ever wait together. */
struct outbox_shelf {
    struct slot *spare; /* was in use */
    size_t touched;     /* slots that ever were in use */
    struct outbox *waiting;
    struct mmsghdr messages[OUTBOX_MESSAGES_MAX]; /* of the one that is being flushed */
    struct slot slots[OUTBOX_SHELF_SLOTS];
};

struct outbox {
    struct outbox_shelf *shelf;
    int fd;
    int ifindex;
    enum ip_family family;
    bool flushing;
    size_t count;
    struct slot *first;
    struct slot *last;
    struct outbox *next_waiting; /* of those that have something */
};

struct outbox_shelf *outbox_shelf_new(void)
{
    struct outbox_shelf *shelf = malloc(sizeof(*shelf));

    if (shelf == NULL)
        return NULL;
    shelf->spare = NULL;
    shelf->touched = 0;
    shelf->waiting = NULL;
    return shelf;
}

void outbox_shelf_free(struct outbox_shelf *shelf)
{
    assert(shelf == NULL || shelf->waiting == NULL);
    free(shelf);
}

struct outbox *outbox_new(struct outbox_shelf *shelf, int fd, int ifindex, enum ip_family family)
{
    struct outbox *outbox = calloc(1, sizeof(*outbox));

    if (outbox == NULL)
        return NULL;
    outbox->shelf = shelf;
    outbox->fd = fd;
    outbox->ifindex = ifindex;
    outbox->family = family;
    return outbox;
}

void outbox_free(struct outbox *outbox)
{
    assert(outbox == NULL || outbox->count == 0);
    free(outbox);
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

static void put_header_ipv4(const struct outbox *outbox, const struct advert_header *header,
                            struct sockaddr_in *to, struct msghdr *message)
{
    struct in_pktinfo info = {.ipi_ifindex = outbox->ifindex};
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

static void put_header_ipv6(const struct outbox *outbox, const struct advert_header *header,
                            struct sockaddr_in6 *to, struct msghdr *message)
{
    const struct ip_address *destination = &header->destination;
    struct in6_pktinfo info = {.ipi6_ifindex = (unsigned)outbox->ifindex};
    int limit = header->ttl;

    to->sin6_family = AF_INET6;
    memcpy(&to->sin6_addr, destination->octets, 16);
    memcpy(&info.ipi6_addr, header->source.octets, 16);
    if (ip_address_is_link_local(destination) || ip_address_is_multicast(destination))
        to->sin6_scope_id = (uint32_t)outbox->ifindex;
    message->msg_name = to;
    message->msg_namelen = sizeof(*to);
    put_control(message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
    if (limit != VRRP_TTL)
        put_control(message, IPPROTO_IPV6, IPV6_HOPLIMIT, &limit, sizeof(limit));
}

/* Fills in all of the message but what is in it. */
static void prepare(const struct outbox *outbox, const struct advert_header *header,
                    union outbox_address *to, union outbox_control *control, struct iovec *vector,
                    struct msghdr *message)
{
    memset(to, 0, sizeof(*to));
    *message = (struct msghdr){.msg_iov = vector, .msg_iovlen = 1, .msg_control = control->octets};
    if (outbox->family == IP_FAMILY_IPV4)
        put_header_ipv4(outbox, header, &to->in, message);
    else
        put_header_ipv6(outbox, header, &to->in6, message);
}

int outbox_send(struct outbox *outbox, const struct advert_header *header, const uint8_t *payload,
                size_t size)
{
    struct iovec vector = {.iov_base = (void *)(uintptr_t)payload, .iov_len = size};
    union outbox_control control = {0};
    union outbox_address to;
    struct msghdr message;
    ssize_t n;

    outbox_flush(outbox);
    prepare(outbox, header, &to, &control, &vector, &message);
    do
        n = sendmsg(outbox->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    return (size_t)n == size ? 0 : -EIO;
}

/* Where another one waits, all leave earlier than they might. */
static struct slot *take_slot(struct outbox_shelf *shelf)
{
    while (shelf->spare == NULL && shelf->touched == OUTBOX_SHELF_SLOTS)
        outbox_flush(shelf->waiting);
    struct slot *slot = shelf->spare;
    if (slot == NULL) {
        slot = &shelf->slots[shelf->touched++];
        memset(&slot->control, 0, sizeof(slot->control));
        return slot;
    }
    shelf->spare = slot->after;
    return slot;
}

static void append(struct outbox *outbox, struct slot *slot)
{
    slot->after = NULL;
    if (outbox->count++ == 0) {
        outbox->first = slot;
        outbox->next_waiting = outbox->shelf->waiting;
        outbox->shelf->waiting = outbox;
    } else {
        outbox->last->after = slot;
    }
    outbox->last = slot;
}

void outbox_post(struct outbox *outbox, const struct advert_header *header, const uint8_t *payload,
                 size_t size, const struct advert_sender *sender)
{
    assert(!outbox->flushing);
    if (outbox->shelf == NULL || size > OUTBOX_PAYLOAD_MAX) {
        sender->on_sent(sender->userdata, outbox_send(outbox, header, payload, size));
        return;
    }
    if (outbox->count == OUTBOX_MESSAGES_MAX)
        outbox_flush(outbox);
    struct slot *slot = take_slot(outbox->shelf);

    slot->sender = *sender;
    memcpy(slot->payload, payload, size);
    slot->vector = (struct iovec){.iov_base = slot->payload, .iov_len = size};
    prepare(outbox, header, &slot->to, &slot->control, &slot->vector, &slot->header);
    append(outbox, slot);
}

/* The first that waits has left or not: tells its sender, and the slot is free. */
static void tell(struct outbox *outbox, int error)
{
    struct slot *slot = outbox->first;

    assert(slot != NULL);
    const struct advert_sender sender = slot->sender;

    outbox->first = slot->after;
    slot->after = outbox->shelf->spare;
    outbox->shelf->spare = slot;
    sender.on_sent(sender.userdata, error);
}

static void stop_waiting(struct outbox *outbox)
{
    struct outbox **at = &outbox->shelf->waiting;

    while (*at != outbox)
        at = &(*at)->next_waiting;
    *at = outbox->next_waiting;
    outbox->count = 0;
}

/* As much as was given for the first that waits must have left. */
static void tell_sent(struct outbox *outbox, size_t sent)
{
    assert(outbox->first != NULL);
    tell(outbox, sent == outbox->first->vector.iov_len ? 0 : -EIO);
}

/* A message that cannot be sent is skipped: the others may still go out. */
void outbox_flush(struct outbox *outbox)
{
    size_t count = 0;
    size_t done = 0;

    if (outbox->flushing || outbox->count == 0)
        return;
    assert(outbox->shelf != NULL); /* without one nothing waits */
    struct mmsghdr *messages = outbox->shelf->messages;

    outbox->flushing = true;
    for (const struct slot *slot = outbox->first; slot != NULL; slot = slot->after)
        messages[count++].msg_hdr = slot->header;
    while (done < count) {
        int n = sendmmsg(outbox->fd, messages + done, (unsigned)(count - done),
                         MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            tell(outbox, n < 0 ? -errno : -EIO);
            done++;
        }
        for (int i = 0; i < n; i++, done++)
            tell_sent(outbox, messages[done].msg_len);
    }
    stop_waiting(outbox);
    outbox->flushing = false;
}
