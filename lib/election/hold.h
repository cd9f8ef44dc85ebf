/*
 * What keeps a virtual router in INIT, one bit for each cause, and the way into INIT and out of it.
 * For the files of the election only.
 */
#ifndef VIP_ELECTION_HOLD_H
#define VIP_ELECTION_HOLD_H

#include "lib/election/router.h"

/* Sets or clears one HOLD_* bit. */
void election_hold(struct election *e, enum election_hold bit, uint64_t now,
                   struct election_actions *out);
void election_unhold(struct election *e, enum election_hold bit, uint64_t now,
                     struct election_actions *out);

/* Somebody outside of the cluster holds an address: HOLD_CONFLICT, with the evidence. */
void election_conflict(struct election *e, const struct election_event *event, uint64_t now,
                       struct election_actions *out);

/* The primary address was found, changed or (NONE) lost. */
void election_set_source(struct election *e, const struct election_event *event, uint64_t now,
                         struct election_actions *out);

/* now may be past the time in which a lost address may come back. */
void election_source_due(struct election *e, uint64_t now, struct election_actions *out);

/* Believes at once that an address in doubt is lost. */
void election_lose_source(struct election *e, uint64_t now, struct election_actions *out);

#endif
