/*
 * Makes the kernel's addresses equal to what the elections want: desired against observed gives one
 * batch. Claims, releases, repairs, lease refreshes and the removal of a crashed predecessor's
 * leftovers are all the same comparison. It never touches an address it did not add (IFA_PROTO).
 */
#ifndef AGENT_KERNEL_RECONCILER_H
#define AGENT_KERNEL_RECONCILER_H

#include "agent/kernel/desired.h"
#include "agent/kernel/links.h"

struct reconciler;

/* links must outlive the reconciler. The lease timer runs at `priority`. */
int reconciler_open(sd_event *event, int64_t priority, struct links *links,
                    struct reconciler **out);

/* Does not release anything: call reconciler_want() with none first where that is wanted. */
void reconciler_close(struct reconciler *reconciler);

/* Replaces what this set wants (count 0: nothing; then it is unlinked) and brings the kernel in
 * line at once: everything that is to be added goes in one batch before anything is removed. An
 * address that another set wants on the same link stays. Addresses present but not ours count as
 * held. Returns 0, or the first negative errno after all addresses were tried (each is logged, and
 * tried again later by the lease timer). */
int reconciler_want(struct reconciler *reconciler, struct desired_set *set, int ifindex,
                    const struct ip_prefix *prefixes, size_t count, uint64_t lease_ns);

/* Compares everything desired with everything observed and mends the difference: after a deletion
 * by somebody else, a link that came back, a resync, or at start (leftovers of a predecessor on
 * any link are removed). */
int reconciler_run(struct reconciler *reconciler);

/* The same in the next turn of the loop: many changes reported at once lead to one run. */
void reconciler_run_soon(struct reconciler *reconciler);

/* Renews what is due, as the lease timer would: for whoever keeps the event loop from it. */
void reconciler_fire_due(struct reconciler *reconciler);

/* True when the kernel holds that address on the set's link (ours or not). */
bool reconciler_held(const struct reconciler *reconciler, const struct desired_set *set,
                     const struct ip_prefix *prefix);

/* Whose it is, if the kernel holds it on that link (with whatever prefix length): ours is what we
 * have added or taken over, also where somebody replaced it since. */
enum address_owner {
    ADDRESS_NOBODYS = 0,
    ADDRESS_OURS,
    ADDRESS_OTHERS,
};
enum address_owner reconciler_owner(const struct reconciler *reconciler, int ifindex,
                                    const struct ip_address *address);

/* True when the kernel answers for all addresses of the set: for IPv6 that can be some time after
 * they were added (see local_route.h). */
bool reconciler_answers(const struct reconciler *reconciler, struct desired_set *set);

/* Re-adds since start, for status. */
uint64_t reconciler_repairs(const struct reconciler *reconciler);

#endif
