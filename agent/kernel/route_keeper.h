/*
 * Makes the kernel's routes and policy rules of ours equal to what the instances want, as the
 * reconciler does it with addresses: wanted against observed, additions before removals, leftovers
 * of a predecessor removed, what somebody deletes put back, one flight to a worker at a time. It
 * touches nothing without our mark (route_item.h); where somebody else's route is in the place of a
 * wanted one, it stays, and that is said.
 *
 * It knows nothing of addresses: who wants a route with a src has claimed that first, and gives the
 * routes up behind the addresses. Owner: the agent.
 */
#ifndef AGENT_KERNEL_ROUTE_KEEPER_H
#define AGENT_KERNEL_ROUTE_KEEPER_H

#include "agent/base/worker.h"
#include "agent/kernel/links.h"
#include "agent/kernel/route_set.h"

struct route_keeper;

/* worker and links must outlive it. 0 or a negative errno. */
int route_keeper_open(sd_event *event, int64_t priority, struct links *links, struct worker *worker,
                      struct route_keeper **out);

/* Removes nothing. NULL is allowed. */
void route_keeper_close(struct route_keeper *keeper);

/* Replaces what this set wants (NULL: nothing; then it is unlinked) and returns. What is wanted
 * before and after stays untouched. */
void route_keeper_want(struct route_keeper *keeper, struct route_set *set,
                       const struct route_lists *lists);

/* It is going to want something of these lists as soon as its addresses are there: until then it is
 * not settled. Nothing happens if there is nothing of its family in them. */
void route_keeper_expect(struct route_set *set, const struct route_lists *lists);

/* The lists have moved, or changed, in a reload: what is linked wants the new ones. */
void route_keeper_rebase(struct route_keeper *keeper, struct route_set *set,
                         const struct route_lists *lists);

/* Ends a set that wants nothing. */
void route_keeper_free_set(struct route_set *set);

/* The kernel may have taken something away: compares, in a while if that happens often. */
void route_keeper_run(struct route_keeper *keeper);

/* Waits until nothing is on its way any more, having removed what nobody wants: only where nobody
 * waits for the loop. 0, -ETIMEDOUT, or why something could not be removed. */
int route_keeper_finish(struct route_keeper *keeper, uint64_t limit_ns);

/* True when the kernel has said its word to all that the set wants, or is expected to. */
bool route_keeper_settled(const struct route_set *set);

/* How it is with that one of the set's lists. */
struct route_verdict route_keeper_route(const struct route_set *set, size_t index);
struct route_verdict route_keeper_rule(const struct route_set *set, size_t index);

/* Things added again since start. */
uint64_t route_keeper_repairs(const struct route_keeper *keeper);

#endif
