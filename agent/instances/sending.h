/* The adverts that a virtual router sends, by itself or with those of others in one batch. */
#ifndef AGENT_INSTANCES_SENDING_H
#define AGENT_INSTANCES_SENDING_H

#include "agent/instances/router.h"

/* Sends what the action ACTION_SEND_ADVERT asks for. alone: nothing else follows from the same
 * event, so it may leave with the adverts of others that are due. */
void router_send_advert(struct router *router, const struct election_action *action, bool alone);

#endif
