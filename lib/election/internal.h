/* Shared by election.c (events, timers), advert.c (received adverts), configure.c
 * (new parameters), handover.c (drain and take) and hold.c (INIT and back) only.
 */
#ifndef VIP_ELECTION_INTERNAL_H
#define VIP_ELECTION_INTERNAL_H

#include "lib/election/election.h"

/*
 * How long a router that knows its successor is there keeps answering: frames that left before the
 * successor's announcement passed are still on their way, and a plain RFC peer adverts a moment
 * before it has its addresses.
 */
#define ELECTION_SETTLE_NS (20 * NS_PER_MS)

/* Appends an action. */
struct election_action *election_emit(struct election_actions *out, enum election_action_type type);

/* Appends SEND_ADVERT and keeps the books: counters, last_sent_at. */
void election_send(struct election *e, uint8_t priority, uint64_t now,
                   struct election_actions *out);

/* Appends REPORT. */
void election_report(const struct transition *transition, struct election_actions *out);

/* BACKUP with a full master-down interval ahead, following nobody yet. */
void election_enter_backup(struct election *e, uint64_t now);

/* Follows nobody any more. */
void election_forget_master(struct election *e);

/* RFC 9568 6.4.1: nothing holds the router in INIT any more. */
void election_start_up(struct election *e, enum reason reason, uint64_t now,
                       struct election_actions *out);

/* Appends RELEASE when the addresses are held, and ends a linger. */
void election_release(struct election *e, struct election_actions *out);

/* Sets or clears one HOLD_* bit. */
void election_hold(struct election *e, enum election_hold bit, uint64_t now,
                   struct election_actions *out);
void election_unhold(struct election *e, enum election_hold bit, uint64_t now,
                     struct election_actions *out);

/* Somebody outside of the cluster holds an address: HOLD_CONFLICT, with the evidence. */
void election_conflict(struct election *e, const struct election_event *event, uint64_t now,
                       struct election_actions *out);

/* The primary address was found, changed or (NONE) lost. */
void election_set_source(struct election *e, const struct ip_address *address, uint64_t now,
                         struct election_actions *out);

/* ACTION_ANNOUNCE, remembering when. */
void election_announce(struct election *e, uint64_t now, struct election_actions *out);

/* Starts the schedule of repeated announcements anew. */
void election_schedule_announcements(struct election *e, uint64_t now);

/* When to announce again after an announcement at `now`. */
uint64_t election_next_announcement(const struct election *e, uint64_t now);

/* The form of the checksum to begin with. */
enum checksum_kind election_first_checksum_kind(const struct election_params *params);

/* Takes over new parameters in any state. */
void election_configure(struct election *e, const struct election_params *params, uint64_t now,
                        struct election_actions *out);

/* Keeps the addresses until `until` at most. */
void election_linger(struct election *e, uint64_t until);

/* The successor is known to be there: the linger ends after the settling time. */
void election_successor_seen(struct election *e, uint64_t now);

/* MASTER -> BACKUP because somebody better is there; keeps answering for the settling time. */
void election_yield(struct election *e, enum reason reason, const struct evidence *evidence,
                    uint64_t now, struct election_actions *out);

/* MASTER: offers the addresses; else drained at once. */
void election_drain(struct election *e, bool force, uint64_t now, struct election_actions *out);

/* An advert while the addresses are offered. */
void election_offer_advert(struct election *e, const struct advert *advert, uint64_t now,
                           struct election_actions *out);

/* The offer's time is up. */
void election_offer_due(struct election *e, uint64_t now, struct election_actions *out);

/* The addresses are not offered any more. */
void election_withdraw(struct election *e, uint64_t now, struct election_actions *out);

/* Become MASTER because the administrator says so. */
void election_take(struct election *e, uint64_t now, struct election_actions *out);

/* taking: adverts the raised priority from now on. deposed_ns: the deposed master's interval. */
void election_raise(struct election *e, uint64_t deposed_ns, uint64_t now);

/* Somebody adverts that priority while ours is raised. */
void election_raised_advert(struct election *e, uint8_t priority, uint64_t now);

/* Back to the own priority when it is time. */
void election_lower_due(struct election *e, uint64_t now, struct election_actions *out);

/* Neither offered nor raised any more: it leaves MASTER. */
void election_forget_handover(struct election *e);

/* The master-down timer has run out, or there is none to wait for. */
void election_master_down_now(struct election *e, uint64_t now, struct election_actions *out);

/* A validated advert, in any state (RFC 9568 6.4). */
void election_advert(struct election *e, const struct election_event *event, uint64_t now,
                     struct election_actions *out);

#endif
