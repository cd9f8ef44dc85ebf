/* Texts of instances, shared by those who ask at the same time; see pieces.h. */
#include "agent/control/pieces.h"

#include "agent/base/clock.h"

#include <stdlib.h>
#include <string.h>

enum {
    REAL_DIGITS = 12,
    SLOTS_FIRST = 64,
    SHARED_FROM = 2, /* answers at the same time */
    FAR = 64,        /* instances: more than that are not made twice for a little haste */
    /* 5,000 instances; the rest is made anew for each who asks. */
    KEPT_BYTES_MAX = 24 * 1024 * 1024,
};

/* A hundred programs that were started at the same moment have asked after that. */
#define GATHER_NS (100 * NS_PER_MS)

struct slot {
    char *text; /* NULL: none */
    size_t length;
    uint64_t made_ns; /* when its making began */
};

struct pieces {
    const struct control_handlers *handlers;
    size_t answers; /* being made */
    struct slot *slots;
    size_t count;
    size_t kept_bytes;
    size_t reached;      /* by any of the answers */
    uint64_t generation; /* of the list of instances that the slots are for */
};

struct pieces *pieces_new(const struct control_handlers *handlers)
{
    struct pieces *pieces = calloc(1, sizeof(*pieces));

    if (pieces != NULL)
        pieces->handlers = handlers;
    return pieces;
}

static void forget(struct pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++)
        free(pieces->slots[i].text);
    free(pieces->slots);
    pieces->slots = NULL;
    pieces->count = 0;
    pieces->kept_bytes = 0;
}

void pieces_free(struct pieces *pieces)
{
    if (pieces == NULL)
        return;
    forget(pieces);
    free(pieces);
}

uint64_t pieces_join(struct pieces *pieces)
{
    pieces->answers++;
    return pieces->reached > FAR ? GATHER_NS : 0;
}

void pieces_leave(struct pieces *pieces)
{
    if (--pieces->answers > 0)
        return;
    forget(pieces);
    pieces->reached = 0;
}

/* Instances came or went: the same index may be another one now. */
static void follow_list(struct pieces *pieces)
{
    uint64_t generation = pieces->handlers->generation(pieces->handlers->userdata);

    if (generation != pieces->generation)
        forget(pieces);
    pieces->generation = generation;
}

/* NULL: no memory, which is no harm. */
static struct slot *slot_at(struct pieces *pieces, size_t index)
{
    size_t count = pieces->count > 0 ? pieces->count : SLOTS_FIRST;

    if (index < pieces->count)
        return &pieces->slots[index];
    while (count <= index)
        count *= 2;
    struct slot *slots = realloc(pieces->slots, count * sizeof(*slots));
    if (slots == NULL)
        return NULL;
    memset(slots + pieces->count, 0, (count - pieces->count) * sizeof(*slots));
    pieces->slots = slots;
    pieces->count = count;
    return &slots[index];
}

/* For those who will ask for the same; without memory or room they make their own. */
static void keep(struct pieces *pieces, size_t index, uint64_t made_ns, const char *text,
                 size_t length)
{
    struct slot *slot = slot_at(pieces, index);

    if (slot == NULL)
        return;
    free(slot->text);
    pieces->kept_bytes -= slot->length;
    *slot = (struct slot){0};
    if (length > KEPT_BYTES_MAX - pieces->kept_bytes)
        return;
    slot->text = malloc(length);
    if (slot->text == NULL)
        return;
    memcpy(slot->text, text, length);
    slot->length = length;
    slot->made_ns = made_ns;
    pieces->kept_bytes += length;
}

static int dump_into(const char *octets, size_t count, void *userdata)
{
    return byte_queue_append(userdata, octets, count) ? 0 : -1;
}

static enum piece_outcome make(struct pieces *pieces, size_t index, struct byte_queue *out)
{
    const struct control_handlers *handlers = pieces->handlers;
    uint64_t made_ns = clock_boot_ns();
    json_t *json = handlers->instance(handlers->userdata, index);

    if (json == NULL)
        return PIECE_NONE;
    size_t before = byte_queue_used(out);
    int r =
        json_dump_callback(json, dump_into, out, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
    json_decref(json);
    if (r < 0)
        return PIECE_FAILED;
    if (pieces->answers >= SHARED_FROM)
        keep(pieces, index, made_ns, byte_queue_front(out) + before, byte_queue_used(out) - before);
    return PIECE_MADE;
}

enum piece_outcome pieces_append(struct pieces *pieces, size_t index, uint64_t since_ns,
                                 struct byte_queue *out)
{
    follow_list(pieces);
    if (index > pieces->reached && pieces->answers > 0)
        pieces->reached = index;
    if (index >= pieces->count || pieces->slots[index].text == NULL ||
        pieces->slots[index].made_ns < since_ns)
        return make(pieces, index, out);
    const struct slot *slot = &pieces->slots[index];
    return byte_queue_append(out, slot->text, slot->length) ? PIECE_KEPT : PIECE_FAILED;
}
