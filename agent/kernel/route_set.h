/*
 * What virtual routers want of routes and rules. A set is embedded in its router and linked into
 * the keeper's list while it wants anything. Owner of the list: the keeper.
 */
#ifndef AGENT_KERNEL_ROUTE_SET_H
#define AGENT_KERNEL_ROUTE_SET_H

#include "lib/config/route.h"

/* How it is with one that is wanted, as of the last flight. */
struct route_verdict {
    bool held;  /* the kernel has it, with our mark */
    int result; /* 0; -EEXIST: somebody else's is in its place; or what the kernel said */
};

/* What is wanted. Borrowed: stays valid until the next call for its set. */
struct route_lists {
    const struct config_route *routes;
    size_t route_count;
    const struct config_rule *rules;
    size_t rule_count;
};

/* One virtual router's share. All zero to begin with, but for what is marked as the caller's. */
struct route_set {
    struct route_set *next;
    struct route_set *prev;
    bool linked;
    enum ip_family family; /* the caller's: only that one of the lists; NONE: both */
    const char *owner;     /* the caller's: instance name, for messages; borrowed */
    /* The caller's: the kernel has said its word to all that was wanted anew. Called from the event
     * loop, never from within route_keeper_want(). */
    void (*on_settled)(struct route_set *set);
    void *userdata; /* the caller's */

    /* The keeper's own. */
    struct route_lists lists;
    bool asked;                     /* a flight is to take it along, */
    bool flying;                    /* and one does */
    bool told;                      /* on_settled was called, since it was wanted */
    struct route_verdict *verdicts; /* of the routes, then of the rules */
    size_t verdict_count;
    size_t failed; /* of them, those that are not held */
};

#endif
