/*
 * What virtual routers want the kernel to have. A set is embedded in its router and linked into the
 * reconciler's list while it wants anything. Owner of the list: the reconciler.
 */
#ifndef AGENT_KERNEL_DESIRED_H
#define AGENT_KERNEL_DESIRED_H

#include "agent/kernel/links.h"
#include "agent/kernel/repairs.h"
#include "lib/packet/claimed_address.h"

#include <stddef.h>

/* One virtual router's share of the desired addresses. All zero to begin with, but for what is
 * marked as the caller's. */
struct desired_set {
    /* The reconciler's own, first what each of its rounds over all sets looks at. */
    struct desired_set *next;
    bool attempt;    /* what is missing is to be added (from `attempted` on) */
    bool reading;    /* the kernel has an address that we did not know of: it is being looked for */
    bool refresh;    /* the leases are to be renewed (from `refreshed` on) */
    bool unplanned;  /* neither refresh_ns nor retry_ns fits any more */
    bool told;       /* on_settled was called */
    bool lost;       /* the kernel has none of it and takes none of it */
    bool again;      /* it is to be compared once more when it is settled */
    bool repairing;  /* what is missing had been there */
    bool progressed; /* on_landed is to be called */
    bool on_time;    /* it is renewed because that was due, so nobody waits for it */
    bool looked;     /* it was looked for what we did not know of, already */
    bool linked;
    uint32_t in_flight;  /* changes, */
    uint32_t renewing;   /* and of these renewals, which nobody waits for */
    int said;            /* the refusal that the log has last; 0: none since one was added */
    uint64_t lease_ns;   /* 0: no lifetime */
    uint64_t refresh_ns; /* boot time in ns, DEADLINE_NEVER for never */
    uint64_t retry_ns;
    struct repairs *repairs; /* NULL: nothing had to be put right while it was linked */
    uint64_t since_ns;       /* when what its next refresh is for was sent first; 0: not yet */
    uint64_t backoff_ns;
    uint32_t added;    /* addresses, since it was settled last */
    uint32_t unmarked; /* addresses that somebody replaced and that get the mark again, likewise */
    size_t attempted;
    uint32_t refreshed;
    uint32_t shaped; /* addresses that were replaced for their label or scope: a bound */
    int ifindex;     /* of those addresses that name no device */
    struct desired_set *prev;

    const struct claimed_address *addresses; /* borrowed: valid until the next call for this set */
    size_t count;
    size_t answering;  /* how many of the first are known to be answered for */
    bool elsewhere;    /* some of them name a device */
    bool adopt;        /* the caller's: what somebody else has put there is taken over */
    bool raises;       /* the caller's: the link is a macvlan of ours, up while this is wanted */
    uint32_t failed;   /* addresses that the kernel refused at the last attempt, */
    int error;         /* and what it said to the first of them */
    size_t landed;     /* of the first, as of on_landed() */
    const char *owner; /* the caller's: instance name, for messages; borrowed */
    /* The caller's: the kernel has said its word to each address that was wanted anew. Called from
     * the event loop, never from within reconciler_want(). NULL: nobody wants to know. */
    void (*on_settled)(struct desired_set *set);
    /* The caller's, likewise: it has done so for the first `landed` of them, others follow. */
    void (*on_landed)(struct desired_set *set);
    void *userdata; /* the caller's */
};

/* From so many addresses on a claim goes out in slices. IPv4 addresses that fit into a single send
 * are there half a millisecond sooner as a whole than after a first slice, which would be there a
 * quarter of one earlier; of IPv6 the kernel takes five times as long. */
enum { DESIRED_MANY = 64, DESIRED_MANY_IPV4 = 129 };

/* By the family of its first address. */
bool desired_is_many(const struct desired_set *set);

/* All that want something. */
struct desired_sets {
    struct desired_set *first;
    bool many;        /* one of them had so many addresses, at some time */
    unsigned changes; /* of the list: who goes through it may have to begin again */
};

/* How the addresses of a linked set are put right: made when that begins, gone when it is linked
 * out. NULL: it is not linked, or out of memory; then it is done at once each time. */
struct repairs *desired_repairs(struct desired_set *set);

/* Also to be called when it is in already and has other addresses now. */
void desired_link_in(struct desired_sets *sets, struct desired_set *set);
void desired_link_out(struct desired_sets *sets, struct desired_set *set);

/* Frees what those have that are still linked. */
void desired_forget(struct desired_sets *sets);

/* The link the address is wanted on: that of the device it names, else the set's. 0: there is none,
 * and the address waits for it. */
int desired_ifindex(const struct links *links, const struct desired_set *set,
                    const struct claimed_address *address);

/* True while the address cannot be claimed: the device it names is missing, or down. */
bool desired_waits(const struct links *links, const struct claimed_address *address);

/* The first set that wants it, or NULL. */
struct desired_set *desired_who(const struct links *links, const struct desired_sets *sets,
                                int ifindex, const struct ip_prefix *prefix);

/* Moves the set to an equal list that lies elsewhere (the one before is about to go), touching
 * nothing. False, and nothing is done: it wants nothing yet, or another list or lease. */
bool desired_rebase(struct desired_set *set, const struct claimed_address *addresses, size_t count,
                    uint64_t lease_ns);

/* True when any set wants that macvlan to be up. */
bool desired_raises(const struct desired_sets *sets, int ifindex);

/* True when one is settled of which that was not told yet, or not noted, which the end of what is
 * flying does: who had nothing to ask for. */
bool desired_any_untold(const struct desired_sets *sets, bool flying);

/* Tells each of these once. They may want something else by that, and any set may go or come. */
void desired_tell(const struct desired_sets *sets);

/* How many changes of it are on their way that somebody waits for. */
size_t desired_awaited(const struct desired_set *set);

/* There are none, and none is still to be asked of the kernel. */
bool desired_settled(const struct desired_set *set);

#endif
