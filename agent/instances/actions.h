/*
 * What an election asks of its router, carried out in the election's order. What makes others yield
 * is put off until the kernel has the claimed addresses and answers for them: adverts within a
 * bound (some 2 ms when the master before fell silent, for the rivals have to hear of us; 2 s when
 * it lives and answers until it hears of us), announcements of what is not held for as long as it
 * takes. With release-first the other way round: what says that the addresses are given up waits
 * until the kernel has removed them. The election goes on meanwhile.
 */
#ifndef AGENT_INSTANCES_ACTIONS_H
#define AGENT_INSTANCES_ACTIONS_H

#include "agent/instances/router.h"

/* Carries out one router's actions in order. */
void router_execute(struct router *router, const struct election_actions *actions);

/* Makes the deadline of what is postponed. 0 or a negative errno. */
int router_prepare(struct router *router);

/* True while something is put off: who stops has not said all. */
bool router_has_to_say(const struct router *router);

/* The kernel has answered for the first of the claimed addresses: in a takeover from a master that
 * fell silent they are announced while the others are being installed. */
void router_landed(struct router *router);

/* Carries out what was postponed and need not wait any more: the kernel has answered, or a bound is
 * over. */
void router_go_on(struct router *router);

#endif
