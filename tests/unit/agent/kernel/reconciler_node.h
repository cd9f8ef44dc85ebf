/*
 * A node for tests of the reconciler: links and a reconciler on veth va, in a namespace of its own.
 * What the kernel has is read anew, not asked of the view that the reconciler keeps current. Only
 * for tests.
 */
#ifndef TESTS_RECONCILER_NODE_H
#define TESTS_RECONCILER_NODE_H

#include "agent/kernel/reconciler.h"

enum {
    WAIT_MS = 30 * 1000,
    QUIET_MS = 50,
};

/* As the agent: what was taken away, or lost its mark, leads to a comparison. */
struct node {
    sd_event *event;
    struct links *links;
    struct worker *worker;
    struct deadlines *deadlines;
    struct reconciler *reconciler;
    int ifindex; /* of va */
    unsigned lost;
    unsigned passes; /* turns in which a deadline was due */
};

/* Setup and teardown of a test; *state is the node. What the test has on its stack is gone then: it
 * leaves no set behind that wants something. */
int node_open(void **state);
int node_close(void **state);

/* Setups in which the loop hears all that others have done before what came of a flight, or
 * after it. */
int node_open_late(void **state);
int node_open_early(void **state);

/* May the thread change addresses? Without it the kernel refuses everything. */
void node_permit(struct node *node, bool yes);

/* reconciler_run(), and waits for what comes of it. */
int node_run(struct node *node);

/* reconciler_want(), and waits for what comes of it: the first negative errno, or 0. */
int node_want_on(struct node *node, struct desired_set *set, int ifindex,
                 const struct claimed_address *prefixes, size_t count, uint64_t lease_ns);

/* The same on va. */
int node_want(struct node *node, struct desired_set *set, const struct claimed_address *prefixes,
              size_t count, uint64_t lease_ns);

/* Of a set, for netns_run_until(). */
bool node_settled(void *set);

/* Turns the loop until so many repairs have been counted; then whether it stays at that. The kernel
 * has an address before the loop is told, on a busy machine long before. */
bool node_repairs(struct node *node, unsigned count);

/* Turns the loop until the view has that address: of IPv6 the kernel tells a moment later. */
bool node_sees(struct node *node, const char *ifname, const char *text);

struct search {
    struct ip_prefix prefix;
    struct observed_address found; /* all zero: it is not there */
    int count;                     /* of all addresses of ours */
};

/* What the kernel has of that address on that link, as of now. */
struct search kernel_read(const char *ifname, const char *text);
bool kernel_has(const char *ifname, const char *text);
bool kernel_has_ours(const char *ifname, const char *text);

/* Waits, without the loop, until an address on va has gone by itself. */
bool kernel_loses(const char *text);

#endif
