/*
 * What goes to the kernel in one flight: additions, renewals and removals of addresses, macvlans of
 * ours up and down, each with all that only the view of links can tell (whether a network is
 * covered already, what would go along). All memory is set aside with it.
 */
#ifndef AGENT_KERNEL_ADDRESS_BATCH_H
#define AGENT_KERNEL_ADDRESS_BATCH_H

#include "agent/kernel/address_change.h"
#include "agent/kernel/desired.h"
#include "agent/kernel/links.h"
#include "agent/kernel/remembered.h"

enum {
    ADDRESS_BATCH_MAX = 1024,
    FOREIGN_NETWORKS_MAX = 32,
};

/* Networks of addresses on a link that are not ours: looked for once a flight, not for each of the
 * addresses that it adds. */
struct foreign_networks {
    int ifindex; /* 0: not looked for yet */
    bool all;    /* there are no more */
    size_t count;
    struct ip_prefix list[FOREIGN_NETWORKS_MAX];
};

struct address_batch {
    const struct links *links;
    const struct remembered *remembered;
    struct address_change changes[ADDRESS_BATCH_MAX];
    struct desired_set *owners[ADDRESS_BATCH_MAX]; /* NULL: nobody's (a removal) */
    bool disputed[ADDRESS_BATCH_MAX]; /* somebody else has changed it since it was sent */
    unsigned count;
    unsigned unheard;  /* of them */
    unsigned limit;    /* for now, ADDRESS_BATCH_MAX at most */
    uint64_t begun_ns; /* boot time at which it was made up */
    unsigned losses;   /* links_losses() before it was sent */
    int promoted;      /* the link that has got ADDRESS_PROMOTE */
    struct foreign_networks foreign;
    struct foreign_networks foreign_below; /* on the parent of a macvlan */
};

/* Empties it. */
void address_batch_clear(struct address_batch *batch);

/* Before a flight is made up, from what the view has now. */
void address_batch_begin(struct address_batch *batch, uint64_t now_ns);

/* From now on there is room for so many more, as far as there is any. */
void address_batch_allow(struct address_batch *batch, unsigned more);

/* Whether it carries our mark, or has lost it to somebody who replaced what we had added. */
bool address_batch_is_ours(const struct address_batch *batch,
                           const struct observed_address *address);

/* Each adds one change. False, and nothing is changed: there is no room. lease_s: UINT32_MAX for
 * ever. */
bool address_batch_add(struct address_batch *batch, struct desired_set *set,
                       const struct claimed_address *wanted, uint32_t lease_s);
/* The same, and it carries our mark by that. */
bool address_batch_refresh(struct address_batch *batch, struct desired_set *set,
                           const struct observed_address *address, uint32_t lease_s);
bool address_batch_remove(struct address_batch *batch, const struct observed_address *address);
bool address_batch_link(struct address_batch *batch, struct desired_set *set, int ifindex, bool up);

/* Somebody has changed that address, or it has gone, while the batch is on its way. */
void address_batch_dispute(struct address_batch *batch, const struct observed_address *address);

/* The set is about to go, or wants something else: nothing in the batch is its own any more. */
void address_batch_disown(struct address_batch *batch, struct desired_set *set);

#endif
