/*
 * Memory that a large reload has freed, given back to the system: once, a while afterwards, when
 * what was removed has handed over and is gone. A worker does it. The allocator keeps others out
 * meanwhile, for some 10 ms with tens of megabytes, so it is not for a loop that may not be so
 * late.
 */
#ifndef AGENT_BASE_MEMORY_TRIM_H
#define AGENT_BASE_MEMORY_TRIM_H

#include "agent/base/worker.h"

struct memory_trim;

/* Large pieces go back by themselves when they are freed, whatever was freed before. Before there
 * are other threads. */
void memory_give_large_back(void);

/* worker: borrowed. delay_ns: between memory_trim_later() and its being done. 0 or a negative
 * errno. */
int memory_trim_open(sd_event *event, struct worker *worker, uint64_t delay_ns,
                     struct memory_trim **out);

/* Before the worker is closed or left. NULL is allowed. */
void memory_trim_close(struct memory_trim *trim);

/* Anew from now on. locked: this process has locked its memory, and is to have it so again: what is
 * locked is not given back. */
void memory_trim_later(struct memory_trim *trim, bool locked);

#endif
