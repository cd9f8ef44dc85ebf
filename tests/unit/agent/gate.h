/* A task that keeps a worker's thread waiting until it is let go: a disk that does not answer. */
#ifndef TESTS_UNIT_AGENT_GATE_H
#define TESTS_UNIT_AGENT_GATE_H

#include "agent/base/worker.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { GATE_MS_MAX = 20 * 1000 };

struct gate {
    struct worker_task task;
    int ends[2];
};

static inline void gate_run(struct worker_task *task)
{
    const struct gate *gate = (const struct gate *)task;
    struct pollfd fd = {.fd = gate->ends[0], .events = POLLIN};

    (void)poll(&fd, 1, GATE_MS_MAX);
}

static inline void gate_done(struct worker_task *task)
{
    struct gate *gate = (struct gate *)task;

    close(gate->ends[0]);
    close(gate->ends[1]);
}

/* From now on the worker does nothing. */
static inline void gate_shut(struct gate *gate, struct worker *worker)
{
    *gate = (struct gate){.task = {.run = gate_run, .done = gate_done}};
    if (pipe(gate->ends) < 0 || !worker_submit(worker, &gate->task))
        abort();
}

/* It goes on with what has come meanwhile. */
static inline void gate_open(struct gate *gate)
{
    ssize_t n = write(gate->ends[1], "x", 1);

    assert(n == 1);
    (void)n;
}

#endif
