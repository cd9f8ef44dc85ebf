/*
 * A route or a policy rule as it goes to the kernel and comes from there, and the mark by which
 * ours are told from everybody else's: the protocol, which the kernel keeps and shows with each of
 * them. Plain values; the words that the files of routes in this room share.
 */
#ifndef AGENT_KERNEL_ROUTE_ITEM_H
#define AGENT_KERNEL_ROUTE_ITEM_H

#include "lib/config/route.h"

enum {
    /* 'V', of routes and rules alike; nobody else is known to use it. */
    VIPD_ROUTE_PROTOCOL = 0x56,
};

enum route_kind { ROUTE_ITEM_ROUTE = 0, ROUTE_ITEM_RULE };

struct route_item {
    enum route_kind kind;
    int ifindex; /* of a route's dev; 0: none, or as the kernel chooses */
    bool kept;   /* scratch: somebody wants it */
    union {
        struct config_route route; /* dev counts by ifindex */
        struct config_rule rule;
    };
};

/* A list that grows; all zero to begin with, ended with free(list). */
struct route_items {
    struct route_item *list;
    size_t count;
    size_t room;
};

#endif
