/*
 * The macvlans that routers want, made and deleted by a worker: each takes the RTNL lock several
 * times. What is asked for is done in that order, so one that goes and another of the same name
 * that comes do not meet. Remembers how each parent treated ARP before. Owner: the agent.
 */
#ifndef AGENT_KERNEL_VIRTUAL_LINKS_H
#define AGENT_KERNEL_VIRTUAL_LINKS_H

#include "agent/base/worker.h"
#include "agent/kernel/links.h"

struct virtual_links;
struct virtual_link; /* one that is wanted */

struct virtual_link_options {
    int parent; /* a link that is there */
    enum ip_family family;
    uint8_t vrid;
    /* It had to wait and need no more: virtual_link_ifindex() says with what result. */
    void (*on_ready)(void *userdata);
    void *userdata;
};

/* 0 or -ENOMEM. */
int virtual_links_open(struct links *links, struct virtual_links **out);

/* All are dropped; what the worker did not finish is left to it. NULL is allowed. */
void virtual_links_close(struct virtual_links *all);

/* From now on; before that all is done at once. */
void virtual_links_set_worker(struct virtual_links *all, struct worker *worker);

/* Has one made. 0, then ask virtual_link_ifindex(), or a negative errno. */
int virtual_links_want(struct virtual_links *all, const struct virtual_link_options *options,
                       struct virtual_link **out);

/* Its ifindex; -EINPROGRESS: it has to wait, on_ready() follows; or another negative errno. */
int virtual_link_ifindex(const struct virtual_link *link);

/* True while it is where one for that parent would be made now: the parent may have been put into
 * a VRF since, or out of it. */
bool virtual_link_is_placed(const struct virtual_link *link, const struct link *parent);

/* Has it deleted, also one that is still being made, or that was deleted by somebody else. The
 * parent gets its settings back with the last one. NULL is allowed. */
void virtual_links_drop(struct virtual_link *link);

#endif
