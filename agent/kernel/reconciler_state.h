/*
 * The inside of the reconciler, for reconciler.c, which changes it, and reconciler_look.c, which
 * answers questions about it.
 */
#ifndef AGENT_KERNEL_RECONCILER_STATE_H
#define AGENT_KERNEL_RECONCILER_STATE_H

#include "agent/base/deadlines.h"
#include "agent/base/worker.h"
#include "agent/kernel/address_batch.h"
#include "agent/kernel/bequests.h"
#include "agent/kernel/leftovers.h"
#include "agent/kernel/local_route.h"
#include "agent/kernel/rtnl_batch.h"

struct reconciler {
    struct worker_task task; /* first: the flight */
    /* The thread's while it is submitted, but for the batch's owners and what is disputed; that
     * which address a change is about stays as it is then. */
    struct rtnl_batch *rtnl;
    struct address_batch batch;

    struct worker *worker;
    struct links *links;
    struct local_route *routes;
    struct desired_sets sets;
    struct remembered remembered; /* what we have added */
    struct leftovers leftovers;
    struct bequests bequests;
    struct deadlines *deadlines;
    struct deadline deadline;
    sd_event_source *soon;
    uint64_t flown_ns;       /* boot time at which the flight began */
    bool quiet;              /* it only renews: nobody is woken for that, */
    uint64_t quiet_until_ns; /* not before then */
    bool sweep;              /* what nobody wants is to be removed */
    bool swept;              /* by this flight, all of it */
    bool predecessors;       /* some of it may be of another run */
    bool untold;             /* somebody is settled and was not told, after the last flight left */
    bool run;                /* asked for: all is to be compared */
    int removal_error;       /* of the last removal; 0: it went well */
    uint64_t removal_retry_ns; /* DEADLINE_NEVER: no removal has failed */
    uint64_t removal_backoff_ns;
    uint64_t next_ns;  /* when the deadline is */
    bool due;          /* it is over, and nobody has looked since */
    uint64_t early_ns; /* from when on leases are renewed when we are awake anyway */
    uint64_t repairs;
    uint64_t progress;
};

/* Of a set that has just been settled: who has lost all there was, and gets none of it back, is
 * told once more; he may think that he has it. */
void reconciler_note_loss(const struct reconciler *reconciler, struct desired_set *set);

#endif
