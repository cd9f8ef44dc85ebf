/*
 * Datagrams on their way out of an advert socket. What is posted waits until outbox_flush(), so
 * that the adverts of all routers which are due at a time leave in one system call; what is sent
 * goes at once, behind what waits. Nothing is allocated but by outbox_new() and
 * outbox_shelf_new().
 */
#ifndef AGENT_WIRE_OUTBOX_H
#define AGENT_WIRE_OUTBOX_H

#include "agent/wire/advert_header.h"

#include <stdbool.h>

struct outbox;
struct outbox_shelf;

enum {
    /* That leave in one call. */
    OUTBOX_MESSAGES_MAX = 64,
    /* That wait on all interfaces together. */
    OUTBOX_SHELF_SLOTS = 512,
    /* What is longer cannot wait: it is sent at once. */
    OUTBOX_PAYLOAD_MAX = 152,
};

/* Room for what waits in several outboxes of one thread. NULL when out of memory. */
struct outbox_shelf *outbox_shelf_new(void);

/* Nothing waits. NULL is allowed. */
void outbox_shelf_free(struct outbox_shelf *shelf);

/* Of a socket bound to that link; it stays its owner's, and so does the shelf, on which the
 * messages wait (NULL: none does, what is posted is sent at once). NULL when out of memory. */
struct outbox *outbox_new(struct outbox_shelf *shelf, int fd, int ifindex, enum ip_family family);

/* Nothing waits. NULL is allowed. */
void outbox_free(struct outbox *outbox);

/* Sends one message at once. 0 or a negative errno. */
int outbox_send(struct outbox *outbox, const struct advert_header *header, const uint8_t *payload,
                size_t size);

/* Has it sent with the next outbox_flush(), or before; the sender is told what came of it. */
void outbox_post(struct outbox *outbox, const struct advert_header *header, const uint8_t *payload,
                 size_t size, const struct advert_sender *sender);

/* Sends what waits, and tells the senders. */
void outbox_flush(struct outbox *outbox);

#endif
