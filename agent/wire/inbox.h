/*
 * Datagrams that come in at an advert socket, many with one system call. Each is handed on with
 * what its IP header said. Nothing is allocated but by inbox_new().
 */
#ifndef AGENT_WIRE_INBOX_H
#define AGENT_WIRE_INBOX_H

#include "lib/packet/packet.h"

struct inbox;

/* Messages read before other sources get a turn: more than the adverts that leave together, so that
 * those are no reason to look for more. */
enum { INBOX_FULL = 128 };

/* One received message. ip.ttl is what the packet carried. Octets are valid during the call. */
typedef void (*inbox_fn)(void *userdata, const struct packet_ip *ip, const uint8_t *payload,
                         size_t size);

/* Of a socket bound to that link; it stays its owner's. NULL when out of memory. */
struct inbox *inbox_new(int fd, int ifindex, enum ip_family family);

/* NULL is allowed. */
void inbox_free(struct inbox *inbox);

/* Hands on what waits to be read and returns how many messages that were: when they are INBOX_FULL
 * or more, others may wait. Harmless from fn(). */
size_t inbox_read(struct inbox *inbox, inbox_fn fn, void *userdata);

#endif
