/*
 * Which link leads to the unicast peers of an instance that does not say which. The kernel's routes
 * are asked, by a worker, when something changes that can change the answer (routes, rules, links),
 * at most five times a second, and every few seconds in any case.
 *
 * A source address that is configured is a part of the question, for rules may look at it; routes
 * of a VRF are not asked for. The first peer that has a route decides, and the link stays it for as
 * long as any of the peers is reached by it: a change of several routes, one after the other, is
 * one move. A link is not given up for routes that are gone for less than half a second. Owner: the
 * agent.
 */
#ifndef AGENT_KERNEL_PEER_ROUTES_H
#define AGENT_KERNEL_PEER_ROUTES_H

#include "agent/base/worker.h"
#include "lib/packet/address.h"

struct peer_routes;
struct peer_route; /* of one instance */

/* What is sent to whom. */
struct peer_way {
    const struct ip_address *peers;
    size_t count;
    struct ip_address source4; /* NONE: whichever the kernel takes */
    struct ip_address source6;
};

/* 0 or a negative errno. */
int peer_routes_open(sd_event *event, struct peer_routes **out);

/* All are dropped, and the worker is closed. NULL is allowed. */
void peer_routes_close(struct peer_routes *routes);

/* From now on; before that it is asked at once. */
void peer_routes_set_worker(struct peer_routes *routes, struct worker *worker);

/* Follows that way (copied). changed() is called, by the loop and not from within
 * this, when peer_route_ifindex() or peer_route_astray() answer otherwise. 0 or a negative errno.
 */
int peer_routes_want(struct peer_routes *routes, const struct peer_way *way,
                     void (*changed)(void *userdata), void *userdata, struct peer_route **out);

/* Another one from now on. Keeps the link until its routes are known. 0 or a negative errno. */
int peer_route_change(struct peer_route *route, const struct peer_way *way);

/* NULL is allowed. */
void peer_routes_drop(struct peer_route *route);

/* The link; -EINPROGRESS: it was not asked yet, changed() follows; -ENETUNREACH: there is none. */
int peer_route_ifindex(const struct peer_route *route);

/* The first peer that is not reached by that link, or NULL. ifindex: the one it is reached by. */
const struct ip_address *peer_route_astray(const struct peer_route *route, int *ifindex);

#endif
