/* Keeps the loop on time: locked memory (on fault) and SCHED_FIFO, as far as we are permitted. */
#ifndef AGENT_BASE_REALTIME_H
#define AGENT_BASE_REALTIME_H

#include <stdbool.h>

enum {
    /* Above ordinary programs, below the kernel's own threads (50). */
    REALTIME_PRIORITY = 20,
    /* Of threads whose work the loop waits for: it comes first all the same. */
    REALTIME_PRIORITY_WORKER = REALTIME_PRIORITY - 1,
};

/* What was granted; for status and `vipctl doctor`. */
struct realtime {
    bool memory_locked;
    bool fifo;
};

/* Tries both; a refusal is logged once and is not an error. Children do not inherit the class. */
void realtime_enable(struct realtime *out);

#endif
