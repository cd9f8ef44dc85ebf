/*
 * Datagrams on their way out of an advert socket. What is posted waits until outbox_flush(), so
 * that the adverts of all routers which are due at a time leave in one system call; what is sent
 * goes at once, behind what waits. Nothing is allocated but by outbox_new().
 */
#ifndef AGENT_WIRE_OUTBOX_H
#define AGENT_WIRE_OUTBOX_H

#include "agent/wire/advert_header.h"

#include <stdbool.h>

struct outbox;

enum {
    OUTBOX_SLOTS = 64,
    /* What is longer cannot wait: it is sent at once. */
    OUTBOX_PAYLOAD_MAX = 152,
};

/* Of a socket bound to that link; it stays its owner's. NULL when out of memory. */
struct outbox *outbox_new(int fd, int ifindex, enum ip_family family);

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
