/*
 * Makes the kernel's addresses equal to what the elections want: desired against observed gives one
 * batch. Claims, releases, repairs, lease renewals and the removal of a crashed predecessor's
 * leftovers are all the same comparison. It never touches an address it did not add (IFA_PROTO).
 *
 * Nothing here waits: the kernel's lock may be held by anybody for seconds. A batch goes to a
 * worker (one at a time: a flight), and when it is back the comparison is made anew; what is
 * different by then makes the next one. So nothing is asked twice, and who changes his mind
 * meanwhile gets what he wants last.
 */
#ifndef AGENT_KERNEL_RECONCILER_H
#define AGENT_KERNEL_RECONCILER_H

#include "agent/base/deadlines.h"
#include "agent/base/worker.h"
#include "agent/kernel/desired.h"
#include "agent/kernel/links.h"

struct reconciler;

/* worker writes to the kernel; it, links and deadlines must outlive the reconciler. Leases and
 * retries have a deadline: whoever serves those calls reconciler_go_along() after them. What is
 * asked for soon runs at `priority`. */
int reconciler_open(sd_event *event, int64_t priority, struct deadlines *deadlines,
                    struct links *links, struct worker *worker, struct reconciler **out);

/* Does not release anything: call reconciler_want() with none, and reconciler_finish(), first where
 * that is wanted. */
void reconciler_close(struct reconciler *reconciler);

/* Replaces what this set wants (count 0: nothing; then it is unlinked and may be freed at once) and
 * returns: all that is to be added goes to the kernel before anything is removed. An address that
 * another set wants on the same link stays, and one
 * whose device is missing or down waits for it. Addresses present but not ours count as held. What
 * the kernel refuses is logged, and tried again later. set->on_settled tells when it has answered.
 */
void reconciler_want(struct reconciler *reconciler, struct desired_set *set, int ifindex,
                     const struct claimed_address *addresses, size_t count, uint64_t lease_ns);

/* Compares everything desired with everything observed and mends the difference: after a deletion
 * by somebody else, a link that came back, a resync, or at start (leftovers of a predecessor on
 * any link are removed). */
void reconciler_run(struct reconciler *reconciler);

/* The same in the next turn of the loop: many changes reported at once lead to one run. */
void reconciler_run_soon(struct reconciler *reconciler);

/* True between that and the run. */
bool reconciler_runs_soon(const struct reconciler *reconciler);

/* Takes in what the kernel has answered and renews what is due, as the loop would: for whoever
 * keeps it from that. */
void reconciler_fire_due(struct reconciler *reconciler);

/* The loop is awake for adverts or deadlines, and they are served: renews what is due, once no
 * deadline waits any more, and what would soon wake it, and takes in what was renewed. */
void reconciler_go_along(struct reconciler *reconciler);

/* Waits until nothing is on its way any more: only where nobody waits for the loop. 0, -ETIMEDOUT,
 * or why something could not be removed. */
int reconciler_finish(struct reconciler *reconciler, uint64_t limit_ns);

/* ---- Looking only: reconciler_look.c */

/* True when the kernel has answered for all that the set wants. */
bool reconciler_settled(const struct desired_set *set);

/* How many addresses of the set the kernel has, ours or not. */
size_t reconciler_count_held(const struct reconciler *reconciler, const struct desired_set *set);

/* True when the kernel holds that address of the set where it is wanted (ours or not). */
bool reconciler_held(const struct reconciler *reconciler, const struct desired_set *set,
                     const struct claimed_address *address);

/* Whose it is, if the kernel holds it on that link (with whatever prefix length): ours is what we
 * have added or taken over, also where somebody replaced it since. */
enum address_owner {
    ADDRESS_NOBODYS = 0,
    ADDRESS_OURS,
    ADDRESS_OTHERS,
};
enum address_owner reconciler_owner(const struct reconciler *reconciler, int ifindex,
                                    const struct ip_address *address);

/* True when the kernel answers for the first `count` addresses of the set: for IPv6 that can be
 * some time after they were added (see local_route.h). set->answering is for how many of them it
 * does. */
bool reconciler_answers(struct reconciler *reconciler, struct desired_set *set, size_t count);

/* Counts up whenever the kernel has got on: with each address that reconciler_answers() finds to be
 * answered for, and with each flight that somebody waits for, whosever they are. It does one thing
 * after the other. */
uint64_t reconciler_progress(const struct reconciler *reconciler);

/* Whether somebody has put his own in the place of a virtual address that is there, or one that
 * does not end with its lease. */
bool reconciler_disturbed(const struct reconciler *reconciler,
                          const struct observed_address *address);

/* Re-adds since start, for status. */
uint64_t reconciler_repairs(const struct reconciler *reconciler);

#endif
