/*
 * Frames packed: what comes again and again (adverts, announcements) is kept as what differs from
 * one of the same length before it, which is a few octets. A pack stands for itself, so that the
 * oldest of several can be forgotten as a whole. Times are kept in microseconds, as recordings have
 * them. Knows nothing of capturing or of files.
 */
#ifndef AGENT_WIRE_FRAME_PACK_H
#define AGENT_WIRE_FRAME_PACK_H

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

enum {
    FRAME_PACK_SIZE = 8192, /* the longest advert has room */
    /* Unpacked it is no larger: a recording is made of all packs at once. */
    FRAME_PACK_UNPACKED_MAX = 128 * 1024,
    FRAME_PACK_MODELS = 8,
};

/* Where a reader or the writer of a pack is. Zero at its beginning. */
struct frame_place {
    uint64_t boot_us; /* of the record before */
    uint64_t wall_us;
    uint16_t at;
    uint16_t records; /* before it */
    uint8_t next;     /* the model that the next whole frame takes the place of */
    struct {
        uint16_t at, size; /* octets of a whole frame that others are compared with */
    } models[FRAME_PACK_MODELS];
};

struct frame_pack {
    struct frame_pack *after; /* the owner's */
    uint64_t first;           /* the owner's: how many were added before the first in it */
    size_t unpacked;          /* octets that frame_pack_next() gives in all */
    struct frame_place end;
    uint8_t octets[FRAME_PACK_SIZE - 80];
};

/* Empties it. */
void frame_pack_clear(struct frame_pack *pack);

/* Copies one in. False: there is no room for it; in an empty one there is for FRAME_PACK_FRAME_MAX
 * octets. */
bool frame_pack_add(struct frame_pack *pack, const struct frame_record *record, const void *octets);

enum {
    /* Before the octets of a record at most. */
    FRAME_PACK_HEAD_MAX = 40,
    FRAME_PACK_FRAME_MAX = sizeof(((struct frame_pack *)0)->octets) - FRAME_PACK_HEAD_MAX,
};

/* The record at the place and, if `out` is not NULL, its octets; moves the place behind it. False
 * at the end. */
bool frame_pack_next(const struct frame_pack *pack, struct frame_place *place,
                     struct frame_record *record, uint8_t *out);

/* Octets that one takes unpacked: the record, its octets, and what aligns the next. */
size_t frame_record_room(const struct frame_record *record);

#endif
