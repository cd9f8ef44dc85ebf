/*
 * Adverts that belong to no virtual router of a segment, of one family: those of other clusters on
 * the same LAN. While they are few each is counted for what it is. Of a flood of them the kernel is
 * asked to drop what has another VRID than ours, for some seconds, and then some are counted again:
 * they would else be read with real-time priority to be thrown away. What has a VRID of ours always
 * arrives, however wrong it is, and so does what is too short to have one.
 */
#ifndef AGENT_WIRE_SEGMENT_FILTER_H
#define AGENT_WIRE_SEGMENT_FILTER_H

#include "agent/wire/advert_io.h"
#include "agent/wire/roster.h"

#include <linux/filter.h>

enum {
    /* Within a second: what comes after them is dropped. */
    SEGMENT_FILTER_STRANGERS = 32,
    SEGMENT_FILTER_SECONDS = 10,
    SEGMENT_FILTER_PROGRAM_SIZE = 48,
};

struct segment_filter {
    struct advert_io *io; /* the segment's; NULL: none yet */
    const struct roster *roster;
    size_t slot;            /* the family's in it */
    sd_event_source *timer; /* ends the dropping; NULL: there was none yet */
    bool drops;
    uint64_t second_ends_ns;
    unsigned strangers;                 /* in that second */
    uint64_t counters[PACKET_VERDICTS]; /* of adverts that were seen and nobody's */
};

/* From now on the socket may be told what to drop. The roster outlives it. */
void segment_filter_start(struct segment_filter *filter, struct advert_io *io,
                          const struct roster *roster, size_t slot);

/* Nothing more is asked of the socket. */
void segment_filter_stop(struct segment_filter *filter);

/* The roster has changed. */
void segment_filter_update(const struct segment_filter *filter);

/* An advert that is nobody's has come in, and the loop that it came in by. */
void segment_filter_count(struct segment_filter *filter, sd_event *event,
                          const struct packet_ip *ip, const uint8_t *payload, size_t size);

/* The program: passes the roster's VRIDs, of messages as a raw socket of that family has them
 * (IPv4 with the header, IPv6 without). Returns its length. */
unsigned short segment_filter_program(const struct roster *roster, size_t slot,
                                      struct sock_filter program[SEGMENT_FILTER_PROGRAM_SIZE]);

#endif
