/*
 * Virtual routers that move together: the two families of a dual-stack instance, and those of the
 * instances of a [group].
 *
 * All become MASTER when all are ready (every master-down timer ran out); all leave MASTER when one
 * of them must. "All ready" rather than "one ready" is what keeps a network that loses only one
 * family's multicast from swinging: the other family still proves that the master lives. Of equal
 * priorities the first member (the lead) decides, so that addresses ordered differently in the two
 * families cannot make both nodes yield at once.
 */
#ifndef VIP_ELECTION_GROUP_H
#define VIP_ELECTION_GROUP_H

#include "lib/election/election.h"

/*
 * Gives `event` to `span` members from `first` on, and then moves the others as needed. DRAIN, KEEP
 * and TAKE are for the whole group. out: one list for each member, cleared here, each in execution
 * order. CONFIGURE goes to one member: parameters differ.
 * members[0] is the lead: the same one on all nodes, or two nodes may each win their own tie. All
 * members advert one priority.
 */
void group_step_span(struct election *members, size_t count, size_t first, size_t span,
                     const struct election_event *event, uint64_t now,
                     struct election_actions *out);

/*
 * Gives `event` to member `target` (to all of them for START, STOP, HOLD, UNHOLD, DRAIN, KEEP and
 * TAKE) and then moves the others as needed. out: one list for each member, cleared here, each in
 * execution order. CONFIGURE goes to the target alone: parameters differ by family. members[0] is
 * the lead. A group of one behaves exactly like election_step().
 */
void group_step(struct election *members, size_t count, size_t target,
                const struct election_event *event, uint64_t now, struct election_actions *out);

/* The earliest deadline of all members, or DEADLINE_NEVER. */
uint64_t group_deadline(const struct election *members, size_t count);

/* MASTER if all are; INIT if any is; else BACKUP. */
enum vrrp_state group_state(const struct election *members, size_t count);

#endif
