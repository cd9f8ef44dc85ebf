/*
 * A loop within the loop, for people: what is added to it is served at one low priority, and only
 * for a share of the CPU. The thread that adverts has real-time priority, and whoever may ask it
 * something would spend that otherwise: a few clients that ask without end would leave other
 * programs of the machine no CPU, and take none from adverts but their rest.
 *
 * A turn is one event of the inner loop; between two turns the outer loop serves all else that is
 * pending. Time is the thread's own CPU time, so that a busy machine does not count as a busy
 * client. What was not used is saved up for a burst: a single person gets a long answer at once. In
 * a burst too other programs get their turn: after a stretch of it there is a pause as long.
 */
#ifndef AGENT_CONTROL_BUDGET_H
#define AGENT_CONTROL_BUDGET_H

#include "lib/limits.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* More is never owed for one turn; none takes as long by itself. Where a hypervisor held the
 * machine meanwhile, the account has that time too, and people must not wait twenty times as long:
 * they ask because of it. */
#define BUDGET_OWED_MAX_NS (50 * NS_PER_MS)

struct budget;

struct budget_rule {
    uint64_t burst_ns; /* of CPU time; also what it begins with */
    unsigned percent;  /* of one CPU, in the long run */
    /* Of a burst, without a pause; 0: all of it. */
    uint64_t stretch_ns;
};

/* The inner loop, served at `priority` of the outer one. 0 or a negative errno. */
int budget_open(sd_event *outer, int64_t priority, const struct budget_rule *rule,
                struct budget **out);

/* All sources of the inner loop must be gone. NULL is allowed. */
void budget_close(struct budget *budget);

/* Where sources are added. Borrowed. */
sd_event *budget_event(const struct budget *budget);

/* Call after a source of the inner loop was armed or changed from outside of its callbacks: the
 * outer loop would not notice. */
void budget_wake(struct budget *budget);

/* True while it is used up or pauses, and how often it was used up. */
bool budget_spent(const struct budget *budget);
uint64_t budget_rests(const struct budget *budget);

#endif
