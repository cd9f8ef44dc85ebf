/*
 * A worker that is kept busy until a test lets it go: what was submitted meanwhile is under way.
 * Only for tests.
 */
#ifndef TESTS_GATE_H
#define TESTS_GATE_H

#include "agent/base/worker.h"

struct gate {
    struct worker_task task; /* the first */
    int pipe[2];
};

/* Opens a worker. */
struct worker *gate_worker(sd_event *event);

/* The worker is busy from now on. */
void gate_shut(struct gate *gate, struct worker *worker);

void gate_open(struct gate *gate);

/* Turns the loop until the worker has done everything; fails the test after some seconds. */
void gate_wait(sd_event *event, struct worker *worker);

#endif
