/*
 * The last frames and events of one interface, in memory of a size that is allocated before:
 * the newest push out the oldest, by size and by age. Knows nothing of capturing or of files.
 */
#ifndef AGENT_WIRE_FRAME_RING_H
#define AGENT_WIRE_FRAME_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_kind {
    FRAME_PACKET = 0, /* octets are a frame as it was on the wire */
    FRAME_NOTE,       /* octets are a line of text, without NUL */
};

/* What is kept with the octets of each. */
struct frame_record {
    uint64_t boot_ns;  /* CLOCK_BOOTTIME when it was added: ages are reckoned by it */
    uint64_t wall_ns;  /* CLOCK_REALTIME when it was seen */
    uint32_t captured; /* octets kept */
    uint32_t length;   /* octets it had on the wire */
    enum frame_kind kind;
};

struct frame_ring;

/* size: octets for records and their contents; keep_ns: how long they stay. 0 or -ENOMEM. */
int frame_ring_new(size_t size, uint64_t keep_ns, struct frame_ring **out);
void frame_ring_free(struct frame_ring *ring);

/* Gives it another size, at the cost of the oldest; what was ever added counts on. 0 or -ENOMEM,
 * and it stays as it is. */
int frame_ring_resize(struct frame_ring *ring, size_t size);

/* Copies one in, at the cost of the oldest. boot_ns never goes back. What is larger than the ring
 * is dropped. No allocation. */
void frame_ring_add(struct frame_ring *ring, const struct frame_record *record, const void *octets);

/* How many were ever added; to be given as `since` later. */
uint64_t frame_ring_added(const struct frame_ring *ring);

/* Of those added after the first `since`: how many are there no more. */
uint64_t frame_ring_lost(const struct frame_ring *ring, uint64_t since);

/* Forgets what is too old at now_ns. Returns how many octets frame_ring_copy() would give. */
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
