/*
 * Sending by a segment's shared sockets: at once, or together with others at the end of a turn of
 * the loop (outbox.h).
 */
#ifndef AGENT_WIRE_SEGMENT_SEND_H
#define AGENT_WIRE_SEGMENT_SEND_H

#include "agent/wire/advert_header.h"
#include "agent/wire/segment_client.h"

struct segment;

/* Sends through the shared socket. 0 or negative errno. */
int segment_send(struct segment_client *client, const struct advert_header *header,
                 const uint8_t *payload, size_t size);

/* The same; between segments_hold() and segments_let_go() it waits for the latter. The sender hears
 * what came of it, and stays until then. segments: those of segment.h, as deadlines.h wants it. */
void segment_post(struct segment_client *client, const struct advert_header *header,
                  const uint8_t *payload, size_t size, const struct advert_sender *sender);
void segments_hold(void *segments);
void segments_let_go(void *segments);

/* Sends what waits. */
void segment_flush(struct segment *segment);

#endif
