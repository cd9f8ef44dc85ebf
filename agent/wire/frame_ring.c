/* The ring of frames. Records lie one after the other, never across the end: what does not fit
 * there begins again at the start, and `wrap` says where the readers have to jump. */
#include "agent/wire/frame_ring.h"

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
    uint64_t added;
    uint8_t *octets;
};

static size_t padded(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t room_of(struct frame_record record)
{
    return sizeof(record) + padded(record.captured);
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

static struct frame_record record_at(const struct frame_ring *ring, size_t at)
{
    struct frame_record record;

    memcpy(&record, ring->octets + at, sizeof(record));
    return record;
}

static void drop_oldest(struct frame_ring *ring)
{
    ring->tail += room_of(record_at(ring, ring->tail));
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
           record_at(ring, ring->tail).boot_ns < now_ns - ring->keep_ns)
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
    size_t need = room_of(*record);

    if (need > ring->size)
        return;
    drop_old(ring, record->boot_ns);
    make_room(ring, need);
    memcpy(ring->octets + ring->head, record, sizeof(*record));
    memcpy(ring->octets + ring->head + sizeof(*record), octets, record->captured);
    ring->head += need;
    ring->count++;
    ring->added++;
}

int frame_ring_resize(struct frame_ring *ring, size_t size)
{
    struct frame_ring *other;
    int r = frame_ring_new(size, ring->keep_ns, &other);
    size_t at = ring->tail;

    if (r < 0)
        return r;
    other->added = ring->added - ring->count;
    for (size_t i = 0; i < ring->count; i++) {
        const struct frame_record record = record_at(ring, at);

        frame_ring_add(other, &record, ring->octets + at + sizeof(record));
        at += room_of(record);
        if (at == ring->wrap)
            at = 0;
    }
    /* One that is larger than all there is now was not added. */
    other->added = ring->added;
    free(ring->octets);
    *ring = *other;
    free(other);
    return 0;
}

uint64_t frame_ring_added(const struct frame_ring *ring)
{
    return ring->added;
}

uint64_t frame_ring_lost(const struct frame_ring *ring, uint64_t since)
{
    uint64_t first = ring->added - ring->count;

    return first > since ? first - since : 0;
}

/* The two pieces in which the records after the first `since` lie. */
static void find_pieces(const struct frame_ring *ring, uint64_t since, size_t *start, size_t *upper,
                        size_t *lower)
{
    uint64_t number = ring->added - ring->count;
    size_t at = ring->tail;

    *upper = 0;
    *lower = 0;
    for (; number < since && number < ring->added; number++) {
        at += room_of(record_at(ring, at));
        if (at == ring->wrap)
            at = 0;
    }
    *start = at;
    if (number == ring->added)
        return;
    *upper = (at < ring->head ? ring->head : ring->wrap) - at;
    *lower = at < ring->head ? 0 : ring->head;
}

size_t frame_ring_used(struct frame_ring *ring, uint64_t now_ns, uint64_t since)
{
    size_t start;
    size_t upper;
    size_t lower;

    drop_old(ring, now_ns);
    find_pieces(ring, since, &start, &upper, &lower);
    return upper + lower;
}

size_t frame_ring_copy(const struct frame_ring *ring, uint64_t since, uint8_t *buffer)
{
    size_t start;
    size_t upper;
    size_t lower;

    find_pieces(ring, since, &start, &upper, &lower);
    memcpy(buffer, ring->octets + start, upper);
    memcpy(buffer + upper, ring->octets, lower);
    return upper + lower;
}

bool frame_record_next(const uint8_t **at, const uint8_t *end, struct frame_record *record,
                       const uint8_t **octets)
{
    if (*at == end)
        return false;
    memcpy(record, *at, sizeof(*record));
    *octets = *at + sizeof(*record);
    *at += room_of(*record);
    assert(*at <= end);
    return true;
}
