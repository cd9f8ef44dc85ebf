/* Frames packed; see frame_pack.h. Owner of the packs: the ring.
 * A record is an octet of flags, the times since the one before, its length on the wire where it
 * was cut, and its octets: how many and all of them, or turns of "so many as the model has them, so
 * many others: these". Numbers have seven bits in each octet, the lowest first. */
#include "agent/wire/frame_pack.h"

#include "lib/limits.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

enum {
    ALIGNMENT = 8,
    FLAG_NOTE = 1,
    FLAG_WHOLE = 2,
    FLAG_CUT = 4, /* on the wire it had another length */
    MODEL_SHIFT = 3,
    NUMBER_BITS = 7,
    NUMBER_MORE = 1 << NUMBER_BITS,
    /* Shorter stretches that are alike cost more than they save. */
    ALIKE_MIN = 3,
    /* What differs in more than so many quarters is a model itself. */
    DIFFERENCE_QUARTERS = 3,
    WORD = sizeof(uint64_t),
};

static_assert(sizeof(struct frame_pack) == FRAME_PACK_SIZE, "a pack is whole pages");
static_assert(FRAME_PACK_MODELS << MODEL_SHIFT <= 256, "flags and model are an octet");

size_t frame_record_room(const struct frame_record *record)
{
    return sizeof(*record) + (record->captured + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* ---- Numbers */

static uint8_t *put_number(uint8_t *out, uint64_t number)
{
    for (; number >= NUMBER_MORE; number >>= NUMBER_BITS)
        *out++ = (uint8_t)(number | NUMBER_MORE);
    *out++ = (uint8_t)number;
    return out;
}

static const uint8_t *get_number(const uint8_t *in, uint64_t *number)
{
    unsigned shift = 0;

    *number = 0;
    for (; (*in & NUMBER_MORE) != 0; shift += NUMBER_BITS)
        *number |= (uint64_t)(*in++ & (NUMBER_MORE - 1)) << shift;
    *number |= (uint64_t)*in++ << shift;
    return in;
}

/* Of either sign, the small ones short. */
static uint8_t *put_signed(uint8_t *out, uint64_t difference)
{
    return put_number(out, difference << 1 ^ ((difference >> 63) != 0 ? UINT64_MAX : 0));
}

static const uint8_t *get_signed(const uint8_t *in, uint64_t *difference)
{
    in = get_number(in, difference);
    *difference = *difference >> 1 ^ ((*difference & 1) != 0 ? UINT64_MAX : 0);
    return in;
}

/* ---- Octets */

static size_t alike(const uint8_t *a, const uint8_t *b, size_t size)
{
    uint64_t x;
    uint64_t y;
    size_t n = 0;

    for (; n + WORD <= size; n += WORD) {
        memcpy(&x, a + n, WORD);
        memcpy(&y, b + n, WORD);
        if (x != y)
            return n + (size_t)__builtin_ctzll(le64toh(x ^ y)) / 8;
    }
    while (n < size && a[n] == b[n])
        n++;
    return n;
}

/* How many there are until some are alike. */
static size_t different(const uint8_t *a, const uint8_t *b, size_t size)
{
    size_t same = 0;

    for (size_t n = 0; n < size; n++) {
        same = a[n] == b[n] ? same + 1 : 0;
        if (same == ALIKE_MIN)
            return n + 1 - same;
    }
    return size - same;
}

/* Returns its end, or NULL: it is not worth while. */
static uint8_t *put_difference(uint8_t *out, const uint8_t *model, const uint8_t *octets,
                               size_t size)
{
    const uint8_t *limit = out + size * DIFFERENCE_QUARTERS / 4;

    for (size_t at = 0; at < size;) {
        size_t same = alike(model + at, octets + at, size - at);

        out = put_number(out, same);
        at += same;
        if (at == size)
            break;
        size_t others = different(model + at, octets + at, size - at);
        if (out + others >= limit)
            return NULL;
        out = put_number(out, others);
        memcpy(out, octets + at, others);
        out += others;
        at += others;
    }
    return out;
}

static const uint8_t *get_difference(const uint8_t *in, const uint8_t *model, size_t size,
                                     uint8_t *octets)
{
    for (size_t at = 0; at < size;) {
        uint64_t count;

        in = get_number(in, &count);
        if (octets != NULL)
            memcpy(octets + at, model + at, count);
        at += count;
        if (at == size)
            break;
        in = get_number(in, &count);
        if (octets != NULL)
            memcpy(octets + at, in, count);
        in += count;
        at += count;
    }
    return in;
}

/* ---- Records */

/* FRAME_PACK_MODELS: there is none. */
static unsigned find_model(const struct frame_place *place, size_t size)
{
    unsigned i = 0;

    while (i < FRAME_PACK_MODELS && (place->models[i].size != size || size == 0))
        i++;
    return i;
}

/* The next model, or the one of that size. */
static unsigned new_model(struct frame_place *place, unsigned there)
{
    unsigned i = there < FRAME_PACK_MODELS ? there : place->next;

    if (i == place->next)
        place->next = (uint8_t)((i + 1) % FRAME_PACK_MODELS);
    return i;
}

void frame_pack_clear(struct frame_pack *pack)
{
    const struct frame_place beginning = {0};

    pack->unpacked = 0;
    pack->end = beginning;
}

/* Flags and model are told later. */
static uint8_t *put_head(const struct frame_place *place, const struct frame_record *record,
                         uint8_t *out)
{
    uint64_t boot_us = record->boot_ns / NS_PER_US - place->boot_us;
    uint64_t wall_us = record->wall_ns / NS_PER_US - place->wall_us;

    out = put_signed(out + 1, wall_us);
    out = put_signed(out, boot_us - wall_us);
    return record->length != record->captured ? put_number(out, record->length) : out;
}

static void set_whole(struct frame_place *place, unsigned model, size_t at, size_t size)
{
    place->models[model].at = (uint16_t)at;
    place->models[model].size = (uint16_t)size;
}

bool frame_pack_add(struct frame_pack *pack, const struct frame_record *record, const void *octets)
{
    struct frame_place *end = &pack->end;
    uint8_t *start = pack->octets + end->at;
    size_t room = frame_record_room(record);

    if (end->at + FRAME_PACK_HEAD_MAX + record->captured > sizeof(pack->octets) ||
        pack->unpacked + room > FRAME_PACK_UNPACKED_MAX)
        return false;
    uint8_t *body = put_head(end, record, start);
    unsigned model = find_model(end, record->captured);
    uint8_t flags = (uint8_t)((record->kind == FRAME_NOTE ? FLAG_NOTE : 0) |
                              (record->length != record->captured ? FLAG_CUT : 0));
    uint8_t *behind =
        model < FRAME_PACK_MODELS
            ? put_difference(body, pack->octets + end->models[model].at, octets, record->captured)
            : NULL;
    if (behind == NULL) {
        flags |= FLAG_WHOLE;
        model = new_model(end, model);
        body = put_number(body, record->captured);
        set_whole(end, model, (size_t)(body - pack->octets), record->captured);
        memcpy(body, octets, record->captured);
        behind = body + record->captured;
    }
    *start = (uint8_t)(flags | model << MODEL_SHIFT);
    end->at = (uint16_t)(behind - pack->octets);
    end->boot_us = record->boot_ns / NS_PER_US;
    end->wall_us = record->wall_ns / NS_PER_US;
    end->records++;
    pack->unpacked += room;
    return true;
}

static const uint8_t *get_head(const uint8_t *in, uint8_t flags, struct frame_place *place,
                               struct frame_record *record)
{
    uint64_t captured = place->models[flags >> MODEL_SHIFT].size;
    uint64_t length = 0;
    uint64_t wall_us;
    uint64_t more_us;

    in = get_signed(in, &wall_us);
    in = get_signed(in, &more_us);
    if ((flags & FLAG_CUT) != 0)
        in = get_number(in, &length);
    if ((flags & FLAG_WHOLE) != 0)
        in = get_number(in, &captured);
    place->wall_us += wall_us;
    place->boot_us += wall_us + more_us;
    *record =
        (struct frame_record){.boot_ns = place->boot_us * NS_PER_US,
                              .wall_ns = place->wall_us * NS_PER_US,
                              .captured = (uint32_t)captured,
                              .length = (uint32_t)((flags & FLAG_CUT) != 0 ? length : captured),
                              .kind = (flags & FLAG_NOTE) != 0 ? FRAME_NOTE : FRAME_PACKET};
    return in;
}

bool frame_pack_next(const struct frame_pack *pack, struct frame_place *place,
                     struct frame_record *record, uint8_t *out)
{
    const uint8_t *in = pack->octets + place->at;

    if (place->records == pack->end.records)
        return false;
    uint8_t flags = *in++;
    unsigned model = flags >> MODEL_SHIFT;
    in = get_head(in, flags, place, record);
    if ((flags & FLAG_WHOLE) != 0) {
        set_whole(place, model, (size_t)(in - pack->octets), record->captured);
        if (out != NULL)
            memcpy(out, in, record->captured);
        in += record->captured;
    } else {
        in = get_difference(in, pack->octets + place->models[model].at, record->captured, out);
    }
    place->at = (uint16_t)(in - pack->octets);
    place->records++;
    assert(place->at <= pack->end.at);
    return true;
}
