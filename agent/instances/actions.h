/*
 * What an election asks of its router, carried out in the election's order. What makes others yield
 * (announcements and adverts) is put off, within a bound, until the kernel answers for the claimed
 * addresses.
 */
#ifndef AGENT_INSTANCES_ACTIONS_H
#define AGENT_INSTANCES_ACTIONS_H

#include "agent/instances/router.h"

/* Carries out one router's actions in order. */
void router_execute(struct router *router, const struct election_actions *actions);

/* For a router of IPv6: makes the timer of what is postponed. 0 or a negative errno. */
int router_prepare(struct router *router);

#endif
