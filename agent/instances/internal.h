/* Shared by instance.c (events in), router.c (actions out), link.c (the link it
 * lives on) and checks_effect.c (what its checks make of it) only. */
#ifndef AGENT_INSTANCES_INTERNAL_H
#define AGENT_INSTANCES_INTERNAL_H

#include "agent/instances/instance.h"

/* One event for one router; carries out what comes of it and sets the timer. */
void instance_event(struct instance *instance, size_t target, const struct election_event *event);

/* Carries out one router's actions in order. */
void router_execute(struct router *router, const struct election_actions *actions);

/* For a router of IPv6: makes the timer of what is postponed. 0 or a negative errno. */
int router_prepare(struct router *router);

/* Announces these of the router's addresses, once. */
void router_announce(struct router *router, const struct ip_prefix *prefixes, size_t count);

/* Leaves the link: sockets and macvlans go. */
void instance_detach(struct instance *instance);

/* Sets or clears a HOLD_* bit on all routers, where that is a change. */
void instance_set_hold(struct instance *instance, enum election_hold hold, bool want);

/* Tells the elections their parameters as they are now. */
void instance_configure(struct instance *instance);

/* Adds to a transition what its checks know of it. */
void instance_explain(const struct instance *instance, struct transition *transition);

/* flap-damping: instance->last was a transition. */
void instance_note_withdrawal(struct instance *instance);

/* flap-damping: what it is worth now is no fault of its own. Call when it becomes MASTER, and when
 * an administrator changed what it is worth. */
void instance_note_standing(struct instance *instance);

/* The election of this router. */
static inline struct election *router_election(const struct router *router)
{
    return &router->instance->elections[router->index];
}

/* The link the addresses go on: the macvlan, or the interface itself; 0 when there is none. */
int router_claim_ifindex(const struct router *router);

/* Names "web", or "web (ipv6)" for one of two families, in messages. */
const char *router_name(const struct router *router, char *buffer, size_t size);

#endif
