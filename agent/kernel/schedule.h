/*
 * When the kernel is to be asked for a set again: leases are renewed, what was refused is tried
 * again with a back-off. Boot time in ns. For reconciler.c only.
 */
#ifndef AGENT_KERNEL_SCHEDULE_H
#define AGENT_KERNEL_SCHEDULE_H

#include "agent/kernel/desired.h"

/* What it misses is to be added. */
void schedule_attempt(struct desired_set *set);

/* The same, should somebody have changed it since the kernel had it all: when that may be put right
 * by now, else later. */
void schedule_repair(struct desired_set *set, uint64_t now_ns);

/* Its leases are to be renewed. */
void schedule_refresh(struct desired_set *set);

/* The set is settled; what there was to ask for it last was asked at flown_ns. */
void schedule_settled(struct desired_set *set, uint64_t flown_ns);

/* It is not: a claim of many takes its time, and the first of them have leases already. */
void schedule_unsettled(struct desired_set *set);

/* Marks what is due. All leases go together: whoever listens to the kernel's changes hears each
 * renewal, so there is one batch in about a third of the shortest lease, and a longer lease is in
 * it only when it could not wait for the next. */
void schedule_due(const struct desired_sets *sets, uint64_t now_ns);

/* From when on leases may be renewed already, when that costs no wake-up of its own. */
uint64_t schedule_early(const struct desired_sets *sets);

/* How long nobody need know what came of a renewal: then the next one is planned. */
uint64_t schedule_patience(const struct desired_sets *sets);

/* Marks those. */
void schedule_due_early(const struct desired_sets *sets, uint64_t now_ns);

/* The earliest moment at which anything is due, and what schedule_early() says, in one round. */
uint64_t schedule_plan(const struct desired_sets *sets, uint64_t *early_ns);

/* The former alone. */
uint64_t schedule_next(const struct desired_sets *sets);

/* The back-off after another failure. */
uint64_t schedule_longer(uint64_t backoff_ns);

#endif
