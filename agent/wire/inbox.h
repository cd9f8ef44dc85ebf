/*
 * Datagrams that come in at an advert socket, many with one system call. Each is handed on with
 * what its IP header said. Allocates nothing.
 */
#ifndef AGENT_WIRE_INBOX_H
#define AGENT_WIRE_INBOX_H

#include "agent/wire/room.h"
#include "lib/packet/packet.h"

#include <stdbool.h>

/* Messages read before other sources get a turn: more than the adverts that leave together, so that
 * those are no reason to look for more. */
enum { INBOX_FULL = 128 };

/* One received message. ip.ttl is what the packet carried. Octets are valid during the call. */
typedef void (*inbox_fn)(void *userdata, const struct packet_ip *ip, const uint8_t *payload,
                         size_t size);

/* Of a socket bound to that link. The room and the socket stay their owners'. */
struct inbox {
    int fd;
    int ifindex;
    enum ip_family family;
    struct room *room;
    bool reading; /* false to begin with; the inbox's own */
};

/* Hands on what waits to be read and returns how many messages that were: when they are INBOX_FULL
 * or more, others may wait. Harmless from fn(), of the same inbox (then none) or of another. */
size_t inbox_read(struct inbox *inbox, inbox_fn fn, void *userdata);

#endif
