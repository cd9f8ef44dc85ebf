/* The ring of frames. Records lie one after the other, never across the end: what does not fit
 * there begins again at the start, and `wrap` says where the readers have to jump. */
#include "agent/frame_ring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 8 };

struct frame_ring {
    size_t size;
    uint64_t keep_ns;
    size_t tail; /* the oldest record */
    size_t head; /* behind the newest one */
    size_t wrap; /* end of the upper part while head is below tail, else `size` */
    size_t count;
    uint8_t *octets;
};

static size_t padded(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t room_of(const struct frame_record *record)
{
    return sizeof(*record) + padded(record->captured);
}

int frame_ring_new(size_t size, uint64_t keep_ns, struct frame_ring **out)
{
    struct frame_ring *ring = calloc(1, sizeof(*ring));

    *out = ring;
    if (ring == NULL)
        return -ENOMEM;
    *ring = (struct frame_ring){.size = size / ALIGNMENT * ALIGNMENT, .keep_ns = keep_ns};
    ring->octets = malloc(size);
    if (ring->octets == NULL) {
        free(ring);
        *out = NULL;
        return -ENOMEM;
    }
    frame_ring_clear(ring);
    return 0;
}

void frame_ring_free(struct frame_ring *ring)
{
    if (ring == NULL)
        return;
    free(ring->octets);
    free(ring);
}

void frame_ring_clear(struct frame_ring *ring)
{
    ring->tail = 0;
    ring->head = 0;
    ring->wrap = ring->size;
    ring->count = 0;
}

static struct frame_record oldest(const struct frame_ring *ring)
{
    struct frame_record record;

    memcpy(&record, ring->octets + ring->tail, sizeof(record));
    return record;
}

static void drop_oldest(struct frame_ring *ring)
{
    const struct frame_record record = oldest(ring);

    ring->tail += room_of(&record);
    ring->count--;
    if (ring->count == 0) {
        frame_ring_clear(ring);
    } else if (ring->tail == ring->wrap) {
        ring->tail = 0;
        ring->wrap = ring->size;
    }
}

static void drop_old(struct frame_ring *ring, uint64_t now_ns)
{
    while (ring->count > 0 && now_ns > ring->keep_ns &&
           oldest(ring).boot_ns < now_ns - ring->keep_ns)
        drop_oldest(ring);
}

/* Makes `need` octets free behind the head, which may move to the start. */
static void make_room(struct frame_ring *ring, size_t need)
{
    for (;;) {
        bool wrapped = ring->count > 0 && ring->head <= ring->tail;

        if (wrapped && ring->tail - ring->head >= need)
            return;
        if (!wrapped && ring->size - ring->head >= need)
            return;
        if (!wrapped) {
            /* With nothing in it the head is at 0, and `need` is no more than the size. */
            assert(ring->count > 0);
            ring->wrap = ring->head;
            ring->head = 0;
            continue;
        }
        drop_oldest(ring);
    }
}

void frame_ring_add(struct frame_ring *ring, const struct frame_record *record, const void *octets)
{
    size_t need = room_of(record);

    if (need > ring->size)
        return;
    drop_old(ring, record->boot_ns);
    make_room(ring, need);
    memcpy(ring->octets + ring->head, record, sizeof(*record));
    memcpy(ring->octets + ring->head + sizeof(*record), octets, record->captured);
    ring->head += need;
    ring->count++;
}

size_t frame_ring_used(struct frame_ring *ring, uint64_t now_ns)
{
    drop_old(ring, now_ns);
    if (ring->count == 0)
        return 0;
    if (ring->head > ring->tail)
        return ring->head - ring->tail;
    return ring->wrap - ring->tail + ring->head;
}

size_t frame_ring_copy(struct frame_ring *ring, uint64_t now_ns, uint8_t *buffer)
{
    size_t used = frame_ring_used(ring, now_ns);
    size_t upper = ring->head > ring->tail ? used : ring->wrap - ring->tail;

    if (used == 0)
        return 0;
    memcpy(buffer, ring->octets + ring->tail, upper);
    memcpy(buffer + upper, ring->octets, used - upper);
    return used;
}

bool frame_record_next(const uint8_t **at, const uint8_t *end, struct frame_record *record,
                       const uint8_t **octets)
{
    if (*at == end)
        return false;
    memcpy(record, *at, sizeof(*record));
    *octets = *at + sizeof(*record);
    *at += room_of(record);
    assert(*at <= end);
    return true;
}
