/*
 * How many adverts a router has refused, and found odd, by kind. Most routers never see any: memory
 * for the counts is taken when the first one comes. A plain value behind a pointer of its owner,
 * who frees it with free(); NULL: all counts are zero.
 */
#ifndef AGENT_INSTANCES_TALLY_H
#define AGENT_INSTANCES_TALLY_H

#include "lib/packet/packet.h"

struct packet_tally {
    uint64_t by_verdict[PACKET_VERDICTS]; /* of PACKET_OK there is none */
    uint64_t by_warning[PACKET_WARNINGS];
};

/* One more message; warnings: PACKET_WARN_* bits. Takes memory when there is something to count for
 * the first time; without memory it is not counted. */
void packet_tally_count(struct packet_tally **tally, enum packet_verdict verdict,
                        uint32_t warnings);

/* All of the others, too. */
void packet_tally_add(struct packet_tally **tally, const struct packet_tally *more);

/* What is counted. */
struct packet_tally packet_tally_read(const struct packet_tally *tally);

#endif
