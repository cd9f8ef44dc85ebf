/*
 * The address a router sends from (RFC 9568 1.2 "primary address"): chosen among those of its link,
 * and what is odd about the choice told once. What the election makes of it is the caller's.
 */
#ifndef AGENT_INSTANCES_SOURCE_H
#define AGENT_INSTANCES_SOURCE_H

#include "agent/instances/router.h"

/* Chooses what it sends from among the addresses of that link (0: none). True when that is another
 * one than its election was told last: client.source has it. */
bool router_choose_source(struct router *router, int ifindex);

#endif
