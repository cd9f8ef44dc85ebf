/*
 * Frames of one link by a packet socket, read many at a time when somebody has a reason to: nobody
 * is woken for a frame unless he waits for the descriptor, what nobody has read yet lies in the
 * kernel (a ring would take its memory from the beginning), and all of it can be read at any
 * moment. libpcap makes the filters.
 */
#ifndef AGENT_WIRE_FRAME_SOCKET_H
#define AGENT_WIRE_FRAME_SOCKET_H

#include "agent/wire/problem.h"
#include "agent/wire/room.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame_socket;

struct frame_socket_options {
    const char *ifname;
    bool only_ethernet;  /* -EOPNOTSUPP, and nothing to say, for a link without MACs */
    bool inbound;        /* not what this machine sends itself */
    size_t snap;         /* octets kept of a frame: no more than ROOM_WHOLE */
    struct room *room;   /* they are read into; it outlives the socket */
    size_t buffer_bytes; /* what may wait in the kernel, frames with what it keeps beside them */
};

/* Valid during the call only. */
struct frame_seen {
    const uint8_t *octets;
    uint32_t captured;
    uint32_t length;  /* it had on the wire */
    uint64_t wall_ns; /* CLOCK_REALTIME at which the kernel had it */
};

typedef void (*frame_seen_fn)(void *userdata, const struct frame_seen *frame);

/* Any thread: opens it; nothing is kept before frame_socket_start(). 0, or a negative errno and
 * what it was about. */
int frame_socket_open(const struct frame_socket_options *options, struct frame_socket **out,
                      struct wire_problem *problem);

/* Any thread (the kernel waits for all its processors). NULL is allowed. */
void frame_socket_close(struct frame_socket *socket);

/* What is kept from now on, in libpcap's language. 0, or a negative errno and what it was about:
 * then it is as before. What waits already stays. */
int frame_socket_filter(struct frame_socket *socket, const char *text,
                        struct wire_problem *problem);

/* Keeps what passes the filter, from now on. 0, or a negative errno and what it was about. */
int frame_socket_start(struct frame_socket *socket, struct wire_problem *problem);

/* Hands on what waits, at most `limit` frames. Returns how many there were: fewer, and none is
 * left. */
size_t frame_socket_read(struct frame_socket *socket, size_t limit, frame_seen_fn fn,
                         void *userdata);

int frame_socket_fd(const struct frame_socket *socket);

/* DLT_EN10MB, or DLT_RAW where there are no MACs: then frames begin with the IP header. */
int frame_socket_datalink(const struct frame_socket *socket);

/* Frames that there was no room for, since it was started. */
uint64_t frame_socket_dropped(struct frame_socket *socket);

#endif
