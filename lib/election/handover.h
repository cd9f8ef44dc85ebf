/*
 * What the administrator can ask of a virtual router: to give mastership away and to take it. For
 * the files of the election only.
 */
#ifndef VIP_ELECTION_HANDOVER_H
#define VIP_ELECTION_HANDOVER_H

#include "lib/election/router.h"

/* MASTER: offers the addresses; else drained at once. */
void election_drain(struct election *e, bool force, uint64_t now, struct election_actions *out);

/* An advert while the addresses are offered. */
void election_offer_advert(struct election *e, const struct advert *advert, uint64_t now,
                           struct election_actions *out);

/* Somebody else announced the addresses. */
void election_offer_announced(struct election *e, uint64_t now, struct election_actions *out);

/* The offer's time is up. */
void election_offer_due(struct election *e, uint64_t now, struct election_actions *out);

/* The addresses are not offered any more. */
void election_withdraw(struct election *e, uint64_t now, struct election_actions *out);

/* Become MASTER because the administrator says so. */
void election_take(struct election *e, uint64_t now, struct election_actions *out);

#endif
