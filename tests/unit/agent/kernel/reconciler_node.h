/*
 * A node for tests of the reconciler: links and a reconciler on veth va, in a namespace of its own.
 * What the kernel has is read anew, not asked of the view that the reconciler keeps current. Only
 * for tests.
 */
#ifndef TESTS_RECONCILER_NODE_H
#define TESTS_RECONCILER_NODE_H

#include "agent/kernel/reconciler.h"

enum {
    WAIT_MS = 8000,
    QUIET_MS = 50,
};

/* As the agent: what was taken away, or lost its mark, leads to a comparison. */
struct node {
    sd_event *event;
    struct links *links;
    struct worker *worker;
    struct reconciler *reconciler;
    int ifindex; /* of va */
    unsigned lost;
};

/* Setup and teardown of a test; *state is the node. */
int node_open(void **state);
int node_close(void **state);

/* reconciler_run(), and waits for what comes of it. */
int node_run(struct node *node);

/* reconciler_want(), and waits for what comes of it: the first negative errno, or 0. */
int node_want_on(struct node *node, struct desired_set *set, int ifindex,
                 const struct claimed_address *prefixes, size_t count, uint64_t lease_ns);

/* The same on va. */
int node_want(struct node *node, struct desired_set *set, const struct claimed_address *prefixes,
              size_t count, uint64_t lease_ns);

struct search {
    struct ip_prefix prefix;
    struct observed_address found; /* all zero: it is not there */
    int count;                     /* of all addresses of ours */
};

/* What the kernel has of that address on that link, as of now. */
struct search kernel_read(const char *ifname, const char *text);
bool kernel_has(const char *ifname, const char *text);
bool kernel_has_ours(const char *ifname, const char *text);

#endif
