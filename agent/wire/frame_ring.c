/* The ring of frames: a list of packs, the oldest first. Those that are free again are taken before
 * those that were never touched. */
#include "agent/wire/frame_ring.h"

#include "lib/limits.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct frame_ring {
    uint64_t keep_ns;
    uint64_t young_ns; /* what was added before is too old: boot time */
    uint64_t added;
    struct frame_pack *oldest;
    struct frame_pack *newest;
    struct frame_pack *spare; /* was in use */
    size_t touched;           /* packs that ever were in use */
    size_t count;
    struct frame_pack *packs;
};

int frame_ring_new(size_t size, uint64_t keep_ns, struct frame_ring **out)
{
    struct frame_ring *ring = calloc(1, sizeof(*ring));

    *out = ring;
    if (ring == NULL)
        return -ENOMEM;
    *ring = (struct frame_ring){.keep_ns = keep_ns, .count = size / sizeof(struct frame_pack)};
    assert(ring->count >= 2);
    ring->packs = malloc(ring->count * sizeof(*ring->packs));
    if (ring->packs == NULL) {
        free(ring);
        *out = NULL;
        return -ENOMEM;
    }
    return 0;
}

void frame_ring_free(struct frame_ring *ring)
{
    if (ring == NULL)
        return;
    free(ring->packs);
    free(ring);
}

static void drop_oldest(struct frame_ring *ring)
{
    struct frame_pack *pack = ring->oldest;

    ring->oldest = pack->after;
    if (ring->oldest == NULL)
        ring->newest = NULL;
    pack->after = ring->spare;
    ring->spare = pack;
}

void frame_ring_clear(struct frame_ring *ring)
{
    while (ring->oldest != NULL)
        drop_oldest(ring);
}

/* Its newest is that of the pack. */
static bool is_old(const struct frame_ring *ring, const struct frame_pack *pack)
{
    return pack->end.boot_us * NS_PER_US < ring->young_ns;
}

static void drop_old(struct frame_ring *ring, uint64_t now_ns)
{
    if (now_ns > ring->keep_ns)
        ring->young_ns = (now_ns - ring->keep_ns) / NS_PER_US * NS_PER_US;
    while (ring->oldest != NULL && is_old(ring, ring->oldest))
        drop_oldest(ring);
}

/* An empty one becomes the newest. */
static void begin_pack(struct frame_ring *ring)
{
    if (ring->spare == NULL && ring->touched == ring->count)
        drop_oldest(ring);
    struct frame_pack *pack = ring->spare;
    if (pack != NULL)
        ring->spare = pack->after;
    else
        pack = &ring->packs[ring->touched++];
    frame_pack_clear(pack);
    pack->after = NULL;
    pack->first = ring->added;
    if (ring->newest != NULL)
        ring->newest->after = pack;
    else
        ring->oldest = pack;
    ring->newest = pack;
}

void frame_ring_add(struct frame_ring *ring, const struct frame_record *record, const void *octets)
{
    if (record->captured > FRAME_PACK_FRAME_MAX)
        return;
    drop_old(ring, record->boot_ns);
    if (ring->newest == NULL || !frame_pack_add(ring->newest, record, octets)) {
        begin_pack(ring);
        (void)frame_pack_add(ring->newest, record, octets);
    }
    ring->added++;
}

uint64_t frame_ring_added(const struct frame_ring *ring)
{
    return ring->added;
}

uint64_t frame_ring_lost(const struct frame_ring *ring, uint64_t since)
{
    uint64_t first = ring->oldest != NULL ? ring->oldest->first : ring->added;

    return first > since ? first - since : 0;
}

static bool has_later(const struct frame_pack *pack, uint64_t since)
{
    return pack->first + pack->end.records > since;
}

size_t frame_ring_used(struct frame_ring *ring, uint64_t now_ns, uint64_t since)
{
    size_t most = 0;

    drop_old(ring, now_ns);
    for (const struct frame_pack *pack = ring->oldest; pack != NULL; pack = pack->after)
        most += has_later(pack, since) ? pack->unpacked : 0;
    return most;
}

static size_t copy_pack(const struct frame_ring *ring, const struct frame_pack *pack,
                        uint64_t since, uint8_t *buffer)
{
    struct frame_place place = {0};
    struct frame_record record = {0};
    uint8_t *at = buffer;

    /* What is not wanted lies before what is: the next one is written over it. */
    while (frame_pack_next(pack, &place, &record, at + sizeof(record))) {
        if (pack->first + place.records <= since || record.boot_ns < ring->young_ns)
            continue;
        memcpy(at, &record, sizeof(record));
        at += frame_record_room(&record);
    }
    return (size_t)(at - buffer);
}

size_t frame_ring_copy(const struct frame_ring *ring, uint64_t since, uint8_t *buffer)
{
    size_t size = 0;

    for (const struct frame_pack *pack = ring->oldest; pack != NULL; pack = pack->after)
        if (has_later(pack, since))
            size += copy_pack(ring, pack, since, buffer + size);
    return size;
}

bool frame_record_next(const uint8_t **at, const uint8_t *end, struct frame_record *record,
                       const uint8_t **octets)
{
    if (*at == end)
        return false;
    memcpy(record, *at, sizeof(*record));
    *octets = *at + sizeof(*record);
    *at += frame_record_room(record);
    assert(*at <= end);
    return true;
}
