/*
 * A router's place on a link: its sockets there, the macvlan of a virtual MAC. Each function makes
 * it so for one router and answers what its election, or the others on the link, have to be told;
 * which link it is to be and what that means is instance.c's.
 */
#ifndef AGENT_INSTANCES_LINK_H
#define AGENT_INSTANCES_LINK_H

#include "agent/instances/router.h"

/* Puts it on that link, if it is not there yet. 0; -EINPROGRESS: it has to wait, its client's
 * on_ready() follows, then ask again; or another negative errno, then it is on none. */
int router_attach(struct router *router, const struct link *link);

/* Leaves its link, if it is on one or waits for it: sockets and macvlan go. The agent is told. */
void router_detach(struct router *router);

/* What it sends goes out on the interface itself from now on, also with mac = virtual. */
void router_leave_virtual(struct router *router);

/* A link is gone. When that was the macvlan of this router (somebody else deleted it) it is made
 * again, and once it is there what is held is claimed and announced anew. False: it could not be,
 * so the router left its link. */
bool router_link_gone(struct router *router, int ifindex);

/* Announces again when the interface has another MAC: hosts would send to the old one until they
 * ask again. */
void router_follow_mac(struct router *router, const struct link *link);

#endif
