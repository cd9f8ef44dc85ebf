/*
 * The election: one virtual router (interface, family, VRID) of RFC 9568 6.4, as a value.
 * Events and the time go in, actions come out; no I/O, no clock, no pointers to the outside.
 *
 * Beyond the RFC, and safe with plain VRRP peers:
 *  - make before break: a router that takes over claims, announces, then adverts; one that gives up
 *    lingers (keeps answering) until it knows its successor is there, bounded by linger_ns;
 *  - oversleep: a master that woke later than its peers need to depose it hears first what came
 *    meanwhile. Had anybody taken over, or was it asleep for twice that time, it releases before it
 *    does anything else, and re-enters as BACKUP; else it goes on. Its timer is to be given again
 *    when it was due and nothing was done, after packets that have arrived;
 *  - a drained master offers its addresses (priority 0) and keeps them until a successor adverts;
 *    when none does, it stays MASTER: the last node does not give up a working address;
 *  - a take raises the advertised priority until the deposed master is silent, then goes back;
 *  - priority 0 from a router we do not follow does not shorten the timer of a living master, and
 *    an advert that loses to the master we follow changes nothing of what we know;
 *  - a primary address that is away for a moment is still sent from;
 *  - a member that follows its group out of MASTER resigns, and lingers for its own successor;
 *  - a BACKUP whose link is down for a moment draws no conclusion from silence;
 *  - one advert does not make a router wait longer than by its own interval: newcomer.h;
 *  - answers to losing adverts are rate-limited.
 *
 * Time is nanoseconds of one monotonic clock that counts suspend (CLOCK_BOOTTIME).
 *
 * The room of who serves, and why. Its other values are as plain: group.h moves virtual routers
 * together, priority.h adds up an effective priority, check_state.h makes verdicts of results,
 * damping.h holds a flapping node back, conflict_policy.h meets foreign claims, lan_warning.h tells
 * what is odd on the LAN, reason.h names and words it all. It uses lib/packet and knows neither the
 * configuration nor the control protocol; who calls owns every value and carries out the actions.
 */
#ifndef VIP_ELECTION_ELECTION_H
#define VIP_ELECTION_ELECTION_H

#include "lib/election/router.h"

/* INIT, held by HOLD_STOPPED, everything else empty. */
void election_init(struct election *e, const struct election_params *params);

/* One event at time `now`; appends to *out (the caller clears it). Allocation-free, bounded. */
void election_step(struct election *e, const struct election_event *event, uint64_t now,
                   struct election_actions *out);

/* When ELECTION_TIMER is due next, or DEADLINE_NEVER. */
uint64_t election_deadline(const struct election *e);

#endif
