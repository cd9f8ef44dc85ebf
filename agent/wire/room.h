/*
 * What datagrams are read into, many with one system call: one room for all sockets of a thread,
 * for a read leaves nothing behind in it. Whoever is handed a message may have another socket read:
 * that read gets what the first one left free, so that no message is overwritten before it was
 * handed on. Memory that was never needed is never touched, and an ordinary message, which is
 * short, touches one page. Nothing is allocated but by room_new().
 */
#ifndef AGENT_WIRE_ROOM_H
#define AGENT_WIRE_ROOM_H

#include "lib/limits.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct room;

enum {
    /* So many octets before a message are there to be written. */
    ROOM_HEAD = 8,
    /* A message that is longer may not be whole, unless it is the last one. No advert is: there is
     * room for an IP header with options and an authentication. */
    ROOM_WHOLE = ADVERT_SIZE_MAX + 520,
};

/* Valid during the call only. */
struct room_message {
    struct msghdr *header; /* where it is from, what came beside it, and what did not fit */
    uint8_t *octets;
    size_t size;
};

typedef void (*room_fn)(void *userdata, const struct room_message *message);

/* NULL when out of memory. */
struct room *room_new(void);

/* Nobody reads. NULL is allowed. */
void room_free(struct room *room);

/* Hands on what waits at a socket that does not block, at most `limit` messages, and returns how
 * many that were: fewer than that and none is left, but for reads that are too deep within each
 * other, which read nothing. What stands in the way of reading (an error of the link, which is
 * told once) is passed over. */
size_t room_read(struct room *room, int fd, size_t limit, room_fn fn, void *userdata);

#endif
