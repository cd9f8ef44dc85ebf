/*
 * The small steps that every change of a virtual router is made of: an advert sent, addresses
 * announced, kept or released, what was known forgotten. Each keeps the books that belong to it.
 * For the files of the election only.
 */
#ifndef VIP_ELECTION_STEPS_H
#define VIP_ELECTION_STEPS_H

#include "lib/election/router.h"

/* Appends an action. */
struct election_action *election_emit(struct election_actions *out, enum election_action_type type);

/* Appends SEND_ADVERT and keeps the books: counters, last_sent_at. */
void election_send(struct election *e, uint8_t priority, uint64_t now,
                   struct election_actions *out);

/* Appends REPORT. */
void election_report(const struct transition *transition, struct election_actions *out);

/* ACTION_ANNOUNCE, remembering when. Nothing by who prepares: hosts are not to come to it yet. */
void election_announce(struct election *e, uint64_t now, struct election_actions *out);

/* Starts the schedule of repeated announcements anew. */
void election_schedule_announcements(struct election *e, uint64_t now);

/* When to announce again after an announcement at `now`. */
uint64_t election_next_announcement(const struct election *e, uint64_t now);

/* Appends RELEASE when the addresses are held, and ends a linger. */
void election_release(struct election *e, struct election_actions *out);

/* Keeps the addresses until `until` at most. */
void election_linger(struct election *e, uint64_t until);

/* Keeps them until the slowest successor can be there. */
void election_linger_for_successor(struct election *e, uint64_t now);

/* The successor adverts: it is there, or it prepares for the addresses and is waited for as long as
 * it is heard (bounded). */
void election_successor_heard(struct election *e, uint64_t now);

/* The successor is known to be there: the linger ends after the settling time. */
void election_successor_seen(struct election *e, uint64_t now);

/* Follows nobody any more. */
void election_forget_master(struct election *e);

/* Neither offered nor raised any more: it leaves MASTER. */
void election_forget_handover(struct election *e);

#endif
