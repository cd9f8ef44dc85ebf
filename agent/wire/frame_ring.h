/*
 * The last frames and events of one interface, packed (frame_pack.h), in memory of a size that is
 * allocated before: the newest push out the oldest, by size and by age. No more of that memory is
 * touched than what is young enough takes. Knows nothing of capturing or of files.
 */
#ifndef AGENT_WIRE_FRAME_RING_H
#define AGENT_WIRE_FRAME_RING_H

#include "agent/wire/frame_pack.h"

struct frame_ring;

/* size: octets, at least two packs; keep_ns: how long records stay. 0 or -ENOMEM. */
int frame_ring_new(size_t size, uint64_t keep_ns, struct frame_ring **out);
void frame_ring_free(struct frame_ring *ring);

/* Copies one in, at the cost of the oldest. boot_ns never goes back. What is longer than
 * FRAME_PACK_FRAME_MAX is dropped. No allocation. */
void frame_ring_add(struct frame_ring *ring, const struct frame_record *record, const void *octets);

/* How many were ever added; to be given as `since` later. */
uint64_t frame_ring_added(const struct frame_ring *ring);

/* Of those added after the first `since`: how many are there no more, for lack of room. */
uint64_t frame_ring_lost(const struct frame_ring *ring, uint64_t since);

/* Forgets what is too old at now_ns. Returns how many octets frame_ring_copy() gives at most. */
size_t frame_ring_used(struct frame_ring *ring, uint64_t now_ns, uint64_t since);

/* Copies those that are still there, but for the first `since` ever added, oldest first, to a
 * buffer of at least frame_ring_used() octets; read it with frame_record_next(). Copies of the same
 * ring may be put together. Returns its size. */
size_t frame_ring_copy(const struct frame_ring *ring, uint64_t since, uint8_t *buffer);

/* Forgets everything. */
void frame_ring_clear(struct frame_ring *ring);

/* The record at *at and its octets, and moves *at behind it. False at the end. */
bool frame_record_next(const uint8_t **at, const uint8_t *end, struct frame_record *record,
                       const uint8_t **octets);

#endif
