/*
 * A claim of many addresses goes to the kernel in slices: the first is small, so that it can be
 * announced before the rest is there, the others so large that they cost no more than one of all,
 * and each is told of while the kernel is at the next. For reconciler.c only.
 */
#ifndef AGENT_KERNEL_SLICES_H
#define AGENT_KERNEL_SLICES_H

#include "agent/kernel/desired.h"

/* True while the set's claim goes out in slices. */
bool slices_apply(const struct desired_set *set);

/* How many changes of such a set the next flight may have. */
unsigned slices_next(const struct desired_set *set);

/* A flight is over: notes how far the kernel has answered for new claims. */
void slices_note(const struct desired_sets *sets);

/* Tells those who want to know, once. They may want something else by that. */
void slices_tell(const struct desired_sets *sets);

#endif
