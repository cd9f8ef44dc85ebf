/*
 * Virtual routers that move together: the two families of a dual-stack instance.
 *
 * All become MASTER when all are ready (every master-down timer ran out); all leave MASTER when one
 * of them must. "All ready" rather than "one ready" is what keeps a network that loses only one
 * family's multicast from swinging: the other family still proves that the master lives. Of equal
 * priorities the first member (the lead) decides, so that addresses ordered differently in the two
 * families cannot make both nodes yield at once.
 */
#ifndef VIP_GROUP_H
#define VIP_GROUP_H

#include "lib/election.h"

/*
 * Gives `event` to member `target` (to all of them for START, STOP, HOLD and UNHOLD) and then moves
 * the others as needed. out: one list for each member, cleared here, each in execution order.
 * CONFIGURE goes to the target alone: parameters differ by family.
 * members[0] is the lead. A group of one behaves exactly like election_step().
 */
void group_step(struct election *members, size_t count, size_t target,
                const struct election_event *event, uint64_t now, struct election_actions *out);

/* The earliest deadline of all members, or DEADLINE_NEVER. */
uint64_t group_deadline(const struct election *members, size_t count);

/* MASTER if all are; INIT if any is; else BACKUP. */
enum vrrp_state group_state(const struct election *members, size_t count);

#endif
