/*
 * From state to state (RFC 9568 6.4): into BACKUP, from BACKUP to MASTER and back, out of INIT. The
 * way into INIT is hold.h's. For the files of the election only.
 */
#ifndef VIP_ELECTION_TRANSITIONS_H
#define VIP_ELECTION_TRANSITIONS_H

#include "lib/election/router.h"

/* RFC 9568 6.4.1: nothing holds the router in INIT any more. */
void election_start_up(struct election *e, enum reason reason, uint64_t now,
                       struct election_actions *out);

/* BACKUP with a full master-down interval ahead, following nobody yet. */
void election_enter_backup(struct election *e, uint64_t now);

/* The master-down timer has run out, or there is none to wait for. */
void election_master_down_now(struct election *e, uint64_t now, struct election_actions *out);

/* RFC 9568 6.4.2 B2, in our order: hold the addresses, tell the neighbours, then the rivals. */
void election_take_over(struct election *e, uint64_t now, struct election_actions *out);

/* MASTER -> BACKUP because somebody better is there; keeps answering for the settling time. */
void election_yield(struct election *e, enum reason reason, const struct evidence *evidence,
                    uint64_t now, struct election_actions *out);

/* MASTER -> BACKUP because another member of the group yielded: resigns, and keeps answering until
 * a successor of this one is there (bounded). */
void election_resign(struct election *e, uint64_t now, struct election_actions *out);

/* Somebody else announced our addresses. */
void election_successor_announced(struct election *e, const struct ip_address *who, uint64_t now);

#endif
