/*
 * Additions, refreshes and removals of addresses, collected into netlink batches; every outcome is
 * logged where it failed and noted in the view of links where it succeeded.
 */
#ifndef AGENT_KERNEL_ADDRESS_BATCH_H
#define AGENT_KERNEL_ADDRESS_BATCH_H

#include "agent/kernel/desired.h"
#include "agent/kernel/links.h"
#include "agent/kernel/remembered.h"
#include "agent/kernel/rtnl_batch.h"

struct address_batch {
    struct rtnl_batch *rtnl;
    struct links *links;
    struct remembered remembered; /* what we have added */
    struct address_change {
        enum address_operation {
            ADDRESS_ADD,
            ADDRESS_REFRESH,
            ADDRESS_REMOVE,
            ADDRESS_PROMOTE, /* of the link: its other addresses stay when the first goes */
        } operation;
        struct desired_set *set; /* NULL: nobody's (a leftover) */
        struct observed_address address;
    } changes[RTNL_BATCH_MESSAGES];
    /* Additions that the kernel already had, although the view did not. */
    struct address_change unexpected[RTNL_BATCH_MESSAGES];
    unsigned unexpected_count;
    int promoted; /* the link that has got ADDRESS_PROMOTE since the last flush */
    int first_error;
};

/* Adds one change, sending when the batch is full. lease_s: UINT32_MAX for ever. Where the kernel
 * has the address already, somebody else's is left alone and one of ours gets the lease. */
void address_batch_add(struct address_batch *batch, struct desired_set *set, int ifindex,
                       const struct ip_prefix *prefix, uint32_t lease_s);
void address_batch_refresh(struct address_batch *batch, struct desired_set *set,
                           const struct observed_address *address, uint32_t lease_s);
void address_batch_remove(struct address_batch *batch, const struct observed_address *address);

/* Somebody else's becomes ours, with that lease: said, and refreshed. */
void address_batch_adopt(struct address_batch *batch, struct desired_set *set,
                         const struct observed_address *address, uint32_t lease_s);

/* Whether it carries our mark, or has lost it to somebody who replaced what we had added. */
bool address_batch_is_ours(const struct address_batch *batch,
                           const struct observed_address *address);

/* Sends what is left. Returns the first negative errno since the last flush, or 0. Each set's
 * `added` counts what was really added. */
int address_batch_flush(struct address_batch *batch);

#endif
