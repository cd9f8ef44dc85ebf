/* A task that waits for a pipe; see gate.h. */
#include "tests/unit/agent/gate.h"

#include "agent/base/clock.h"
#include "agent/base/turns.h"
#include "lib/limits.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

enum { GATE_MS_MAX = 30 * 1000 };

static void run(struct worker_task *task)
{
    struct gate *gate = (struct gate *)task;
    struct pollfd fd = {.fd = gate->pipe[0], .events = POLLIN};

    (void)poll(&fd, 1, GATE_MS_MAX);
}

static void done(struct worker_task *task)
{
    struct gate *gate = (struct gate *)task;

    close(gate->pipe[0]);
    close(gate->pipe[1]);
}

struct worker *gate_worker(sd_event *event)
{
    const struct worker_options options = {.name = "test", .tasks_max = SIZE_MAX};
    struct worker *worker;

    assert_int_equal(worker_open(event, &options, &worker), 0);
    return worker;
}

void gate_shut(struct gate *gate, struct worker *worker)
{
    *gate = (struct gate){.task = {.run = run, .done = done}};
    assert_int_equal(pipe(gate->pipe), 0);
    assert_true(worker_submit(worker, &gate->task));
}

void gate_open(struct gate *gate)
{
    assert_int_equal(write(gate->pipe[1], "", 1), 1);
}

void gate_wait(sd_event *event, struct worker *worker)
{
    uint64_t until_ns = clock_boot_ns() + GATE_MS_MAX * NS_PER_MS;

    while (worker_pending(worker) > 0 && clock_boot_ns() < until_ns)
        assert_true(turns_run(event, 1000) >= 0);
    assert_int_equal(worker_pending(worker), 0);
}
