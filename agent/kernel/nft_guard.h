/*
 * Keeps the kernel from accepting packets to the virtual addresses of routers with accept = no: our
 * table of nf_tables (nft_table.h) has them from before they are claimed until after they are
 * released, whoever is MASTER. Somebody who takes the table away, as a firewall does that is loaded
 * anew with `flush ruleset`, is heard of at once, and the table made again.
 *
 * Nothing here waits: a worker writes, one flight at a time; what has changed by its end makes the
 * next one. Put to the same worker as the reconciler's flights, and before those, the table has an
 * address before the kernel has it. What is not wanted any more leaves the table a little later,
 * for the same reason. Owner: the agent.
 */
#ifndef AGENT_KERNEL_NFT_GUARD_H
#define AGENT_KERNEL_NFT_GUARD_H

#include "agent/base/worker.h"
#include "lib/packet/claimed_address.h"

struct nft_guard;

/* One router's share. All zero to begin with. */
struct nft_share {
    struct nft_share *next;
    struct nft_share *prev;
    bool linked;
    int ifindex;
    const struct claimed_address *addresses; /* borrowed: stays valid until the next call */
    size_t count;
};

/* worker must outlive it. 0 or a negative errno; a kernel without netfilter is no error yet. */
int nft_guard_open(sd_event *event, int64_t priority, struct worker *worker,
                   struct nft_guard **out);

/* Takes nothing away: nft_guard_finish() does. NULL is allowed. */
void nft_guard_close(struct nft_guard *guard);

/* Replaces what this share wants (count 0: nothing; then it may be freed at once). Link-local
 * addresses are meant on that link only, and not yet while it is 0; those that name a device are
 * left out. The same as before costs nothing. */
void nft_guard_want(struct nft_guard *guard, struct nft_share *share, int ifindex,
                    const struct claimed_address *addresses, size_t count);

/* Has what a predecessor left taken away, or made right. */
void nft_guard_run(struct nft_guard *guard);

/* Takes the table away and waits for that: only where nobody waits for the loop, and when nothing
 * is wanted any more. 0, -ETIMEDOUT, or another negative errno, logged. */
int nft_guard_finish(struct nft_guard *guard, uint64_t limit_ns);

/* Why packets to what is wanted are not dropped as of the last attempt, in words (valid until the
 * next call of anything); NULL: they are, or nothing is wanted. */
const char *nft_guard_problem(const struct nft_guard *guard);

/* Whether the kernel has nf_tables, tried without changing anything: NULL, or what it lacks (static
 * text). May wait: for a worker's thread, or before the loop turns. */
const char *nft_guard_try(void);

#endif
