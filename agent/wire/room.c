/* Datagrams read many at a time; see room.h. Owner: the segments. */
#include "agent/wire/room.h"

#include <assert.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* What one call reads at the beginning, and at most. The adverts that leave together arrive
     * together: one call is to have them all, and to see that there are no more. */
    BATCH_FIRST = 8,
    BATCH = 128,
    /* What is read while another read hands on gets less, so that several fit. */
    BATCH_WITHIN = 16,
    WITHIN_MAX = 4,
    SLOTS = BATCH + WITHIN_MAX * BATCH_WITHIN,
    READ_TRIES = 32,
    CONTROL_SIZE = 256,
    /* A reassembled datagram is never longer: what is too long is judged by the decoder. */
    RECEIVE_SIZE = 65536,
    /* A message lies in three pieces: the first, which is all of an ordinary one; the second of the
     * longest that has to be whole; and what none of them needs. */
    FIRST_SIZE = 256,
    PIECES = 3,
    PAGE = 4096,
};

/* Control messages that come with a message. */
union control_room {
    char octets[CONTROL_SIZE];
    struct cmsghdr align;
};

union from {
    struct sockaddr_in6 in6;
    struct sockaddr_ll ll;
};

struct slot {
    union from from;
    struct iovec pieces[PIECES];
    union control_room control;
    uint8_t first[ROOM_HEAD + FIRST_SIZE];
};

enum {
    BEFORE_MESSAGES = SLOTS * sizeof(struct slot) + 2 * sizeof(size_t),
    PADDING = PAGE - (BEFORE_MESSAGES + PAGE / 2) % PAGE,
};

/* The slots stand from the last to the first: so the first ones and their messages share a page,
 * in the middle of which they meet. */
struct room {
    uint8_t padding[PADDING];
    struct slot slots[SLOTS];
    size_t lent;  /* slots whose message is not handed on yet */
    size_t ready; /* slots that are prepared */
    struct mmsghdr messages[SLOTS];
    uint8_t whole[SLOTS][ROOM_HEAD + ROOM_WHOLE];
    /* The third piece is all messages' own: of too long ones the last is whole. */
    uint8_t longest[ROOM_HEAD + RECEIVE_SIZE];
};

static_assert(offsetof(struct room, messages) % PAGE == PAGE / 2, "the page of the first slots");

static struct slot *slot_of(struct room *room, size_t i)
{
    return &room->slots[SLOTS - 1 - i];
}

static void prepare(struct room *room, size_t i)
{
    struct slot *slot = slot_of(room, i);

    slot->pieces[0] = (struct iovec){.iov_base = slot->first + ROOM_HEAD, .iov_len = FIRST_SIZE};
    slot->pieces[1] = (struct iovec){.iov_base = room->whole[i] + ROOM_HEAD + FIRST_SIZE,
                                     .iov_len = ROOM_WHOLE - FIRST_SIZE};
    slot->pieces[2] = (struct iovec){.iov_base = room->longest + ROOM_HEAD + ROOM_WHOLE,
                                     .iov_len = RECEIVE_SIZE - ROOM_WHOLE};
    room->messages[i].msg_hdr = (struct msghdr){
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

static void make_ready(struct room *room, size_t count)
{
    while (room->ready < count)
        prepare(room, room->ready++);
}

struct room *room_new(void)
{
    void *memory;

    if (posix_memalign(&memory, PAGE, sizeof(struct room)) != 0)
        return NULL;
    struct room *room = memory;
    room->lent = 0;
    room->ready = 0;
    make_ready(room, BATCH_FIRST);
    return room;
}

void room_free(struct room *room)
{
    assert(room == NULL || room->lent == 0);
    free(room);
}

/* The message in one piece. */
static uint8_t *join(struct room *room, size_t i, size_t size)
{
    struct slot *slot = slot_of(room, i);

    if (size <= FIRST_SIZE)
        return slot->first + ROOM_HEAD;
    memcpy(room->whole[i] + ROOM_HEAD, slot->first + ROOM_HEAD, FIRST_SIZE);
    if (size <= ROOM_WHOLE)
        return room->whole[i] + ROOM_HEAD;
    memcpy(room->longest + ROOM_HEAD, room->whole[i] + ROOM_HEAD, ROOM_WHOLE);
    return room->longest + ROOM_HEAD;
}

static void hand_on(struct room *room, size_t i, room_fn fn, void *userdata)
{
    size_t size = room->messages[i].msg_len;
    const struct room_message message = {
        .header = &room->messages[i].msg_hdr, .octets = join(room, i, size), .size = size};

    fn(userdata, &message);
    prepare(room, i);
}

/* How many there were; fewer than that: no more wait. */
static size_t read_some(struct room *room, int fd, size_t first, size_t count)
{
    for (int tries = 0; tries < READ_TRIES; tries++) {
        int n = recvmmsg(fd, room->messages + first, (unsigned)count, MSG_DONTWAIT, NULL);

        if (n >= 0)
            return (size_t)n;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return 0;
        /* Anything else is a pending error of the link (ENETDOWN), cleared by having been read; the
         * observer of links tells what is the matter. */
    }
    return 0;
}

/* How many the next call may read behind what is lent. */
static size_t batch(struct room *room, size_t first, size_t limit)
{
    size_t count = first == 0 ? smaller(room->ready, BATCH) : smaller(SLOTS - first, BATCH_WITHIN);

    count = smaller(count, limit);
    make_ready(room, first + count);
    return count;
}

size_t room_read(struct room *room, int fd, size_t limit, room_fn fn, void *userdata)
{
    const size_t first = room->lent;
    size_t total = 0;
    bool more = true;

    while (more && total < limit) {
        size_t count = batch(room, first, limit - total);
        size_t n = count > 0 ? read_some(room, fd, first, count) : 0;

        room->lent = first + n;
        for (size_t i = first; i < first + n; i++)
            hand_on(room, i, fn, userdata);
        room->lent = first;
        total += n;
        more = n > 0 && n == count;
        if (first == 0 && n == room->ready)
            make_ready(room, smaller(2 * n, BATCH));
    }
    return total;
}
