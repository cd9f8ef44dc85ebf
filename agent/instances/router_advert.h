/*
 * A router's adverts: built, signed, sent to whom they go to, and what came of it.
 */
#ifndef AGENT_INSTANCES_ROUTER_ADVERT_H
#define AGENT_INSTANCES_ROUTER_ADVERT_H

#include "agent/instances/router.h"

/* Sends what the action ACTION_SEND_ADVERT asks for. alone: nothing else follows from the same
 * event, so it may leave with the adverts of others that are due. */
void router_send_advert(struct router *router, const struct election_action *action, bool alone);

#endif
