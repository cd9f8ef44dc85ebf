/*
 * How far one packet is believed. RFC 9568 6.4 has a BACKUP wait by the interval of the last advert
 * it respects: one forged advert with 40.95 s leaves nobody serving for two minutes. So an interval
 * longer than ours, and than the one we wait by already, is at first only claimed (in version 3; in
 * 2 all have one interval). It is believed
 *  - at the same router's next advert (not a copy of the first), or
 *  - when the same router announces the addresses, shortly before the claim or after it: not
 *    anybody, for whoever makes a master yield and come back would have that announce in its
 * favour. Until then this router waits by the interval it had. An honest master shows itself in
 * time: a new one announces, and one that was there all along answers a losing advert, which it is
 * sent (version 3, priority 1) when it has not. For the files of the election only.
 */
#ifndef VIP_ELECTION_NEWCOMER_H
#define VIP_ELECTION_NEWCOMER_H

#include "lib/election/router.h"

/* Learns or notes the interval of an advert that is respected. */
void election_learn_interval(struct election *e, const struct advert *advert, uint64_t now);

/* The master that we follow sends an advert that is not respected, with a shorter interval than was
 * believed of it: what was said in its name before is not waited for. */
void election_correct_interval(struct election *e, const struct advert *advert, uint64_t now);

/* The addresses were announced by somebody else (announced_by). */
void election_newcomer_announced(struct election *e, uint64_t now);

/* Asks who claims an interval to show itself, when it is time to. */
void election_newcomer_due(struct election *e, uint64_t now, struct election_actions *out);

/* When it is, or DEADLINE_NEVER. */
uint64_t election_newcomer_deadline(const struct election *e);

#endif
