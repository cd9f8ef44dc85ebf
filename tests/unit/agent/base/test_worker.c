/* The worker: order, the loop's side, its bound, and that nobody waits for a task that hangs. */
#include "agent/base/clock.h"
#include "agent/base/turns.h"
#include "agent/base/worker.h"
#include "lib/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { TASKS = 8, BENCHES = 16, ROUNDS = 200, THREAD_FIFO = 1, NOT_ALLOWED = 77 };

struct counted {
    struct worker_task task; /* first */
    unsigned done;
};

struct job {
    struct worker_task task;
    struct journal *journal;
    int gate; /* run() waits until it can be read; -1: it does not */
    pthread_t ran_in;
    atomic_bool ran;
};

/* What was done, in order. */
struct journal {
    const struct job *list[TASKS * 2];
    size_t count;
};

struct bench {
    sd_event *event;
    struct worker *worker;
    struct journal journal;
    struct job jobs[TASKS];
    int gate[2];
};

static void run_job(struct worker_task *task)
{
    struct job *job = (struct job *)task;
    struct pollfd fd = {.fd = job->gate, .events = POLLIN};

    if (job->gate >= 0)
        (void)poll(&fd, 1, 10000);
    job->ran_in = pthread_self();
    job->ran = true;
}

static void job_done(struct worker_task *task)
{
    struct job *job = (struct job *)task;

    job->journal->list[job->journal->count++] = job;
}

static int setup(void **state)
{
    /* One each: a thread that was left behind may still have the last one's. */
    static struct bench benches[BENCHES];
    static size_t used;
    const struct worker_options options = {.name = "test", .tasks_max = TASKS - 1};

    assert_true(used < BENCHES);
    struct bench *bench = &benches[used++];
    for (size_t i = 0; i < TASKS; i++)
        bench->jobs[i] = (struct job){
            .task = {.run = run_job, .done = job_done}, .journal = &bench->journal, .gate = -1};
    assert_int_equal(pipe(bench->gate), 0);
    assert_true(sd_event_new(&bench->event) >= 0);
    assert_int_equal(worker_open(bench->event, &options, &bench->worker), 0);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;

    worker_close(bench->worker);
    sd_event_unref(bench->event);
    close(bench->gate[0]);
    close(bench->gate[1]);
    return 0;
}

static void submit(struct bench *bench, size_t i)
{
    assert_true(worker_submit(bench->worker, &bench->jobs[i].task));
}

static void open_gate(struct bench *bench)
{
    assert_int_equal(write(bench->gate[1], "x", 1), 1);
}

static void test_done_in_the_loop_in_order(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < TASKS - 1; i++)
        submit(bench, i);
    for (int turns = 0; bench->journal.count < TASKS - 1 && turns < 100; turns++)
        assert_true(turns_run(bench->event, 1000000) >= 0);
    assert_int_equal(bench->journal.count, TASKS - 1);
    for (size_t i = 0; i < TASKS - 1; i++) {
        assert_ptr_equal(bench->journal.list[i], &bench->jobs[i]);
        assert_false(pthread_equal(bench->jobs[i].ran_in, pthread_self()));
        assert_false(bench->jobs[i].task.submitted);
    }
    assert_int_equal(worker_pending(bench->worker), 0);
}

static void test_submit_never_waits_and_is_bounded(void **state)
{
    struct bench *bench = *state;

    bench->jobs[0].gate = bench->gate[0];
    for (size_t i = 0; i < TASKS - 1; i++)
        submit(bench, i);
    assert_false(worker_submit(bench->worker, &bench->jobs[TASKS - 1].task));
    assert_false(bench->jobs[TASKS - 1].task.submitted);
    assert_true(turns_run(bench->event, 0) >= 0);
    assert_int_equal(bench->journal.count, 0);
    assert_false(worker_wait(bench->worker, 20 * NS_PER_MS));
    open_gate(bench);
    assert_true(worker_wait(bench->worker, 10 * NS_PER_SEC));
    assert_int_equal(bench->journal.count, TASKS - 1);
    assert_true(worker_submit(bench->worker, &bench->jobs[TASKS - 1].task));
}

static void again(struct worker_task *task)
{
    struct job *job = (struct job *)task;
    struct bench *bench = (struct bench *)((char *)job->journal - offsetof(struct bench, journal));

    job_done(task);
    if (job->journal->count < TASKS)
        submit(bench, 0);
}

static void test_done_may_submit_again(void **state)
{
    struct bench *bench = *state;

    bench->jobs[0].task.done = again;
    submit(bench, 0);
    assert_true(worker_wait(bench->worker, 10 * NS_PER_SEC));
    assert_int_equal(bench->journal.count, TASKS);
}

static void wait_until_ran(const struct job *job)
{
    for (int i = 0; i < 10000 && !job->ran; i++)
        usleep(1000);
    assert_true(job->ran);
}

/* Until the loop looks by itself, or cannot wait any more. */
static void test_what_is_unhurried_wakes_nobody(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < 3; i++) {
        bench->jobs[i].task.unhurried = true;
        submit(bench, i);
        wait_until_ran(&bench->jobs[i]);
        assert_int_equal(turns_run(bench->event, 20000), 0);
        assert_int_equal(bench->journal.count, i);
        /* It has run, and the thread may not have put it down yet. */
        for (int ms = 0; i == 1 && bench->journal.count == i && ms < 10000; ms++) {
            usleep(1000);
            (void)worker_wait(bench->worker, 0);
        }
        if (i != 1)
            worker_hurry(bench->worker);
        assert_int_equal(turns_run(bench->event, i == 1 ? 20000 : 10000000) > 0, i != 1);
        assert_int_equal(bench->journal.count, i + 1);
    }
}

static void test_what_runs_may_be_hurried(void **state)
{
    struct bench *bench = *state;

    bench->jobs[0].gate = bench->gate[0];
    bench->jobs[0].task.unhurried = true;
    submit(bench, 0);
    worker_hurry(bench->worker);
    open_gate(bench);
    for (int turns = 0; bench->journal.count == 0 && turns < 100; turns++)
        assert_true(turns_run(bench->event, 100000) >= 0);
    assert_int_equal(bench->journal.count, 1);
}

static void run_in_a_hurry(struct worker_task *task)
{
    task->unhurried = false;
}

static void test_what_failed_hurries_by_itself(void **state)
{
    struct bench *bench = *state;

    bench->jobs[0].task.run = run_in_a_hurry;
    bench->jobs[0].task.unhurried = true;
    submit(bench, 0);
    for (int turns = 0; bench->journal.count == 0 && turns < 100; turns++)
        assert_true(turns_run(bench->event, 100000) >= 0);
    assert_int_equal(bench->journal.count, 1);
}

static void test_close_finishes_what_waits(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < TASKS - 1; i++)
        submit(bench, i);
    worker_close(bench->worker);
    bench->worker = NULL;
    assert_int_equal(bench->journal.count, TASKS - 1);
}

/* What was opened for somebody who has left is to be closed: that is submitted by done(). */
static void test_close_finishes_what_done_submits(void **state)
{
    struct bench *bench = *state;

    bench->jobs[0].task.done = again;
    submit(bench, 0);
    worker_close(bench->worker);
    bench->worker = NULL;
    assert_int_equal(bench->journal.count, TASKS);
    assert_false(bench->jobs[0].task.submitted);
}

static void test_without_a_worker_it_runs_at_once(void **state)
{
    struct bench *bench = *state;

    worker_run(NULL, &bench->jobs[0].task);
    assert_int_equal(bench->journal.count, 1);
    assert_true(pthread_equal(bench->jobs[0].ran_in, pthread_self()));
    worker_run(bench->worker, &bench->jobs[1].task);
    assert_true(worker_wait(bench->worker, 10 * NS_PER_SEC));
    assert_false(pthread_equal(bench->jobs[1].ran_in, pthread_self()));
    assert_int_equal(bench->journal.count, 2);
}

static void test_a_descriptor_is_closed_in_the_thread(void **state)
{
    struct bench *bench = *state;
    int fd = dup(bench->gate[0]);

    bench->jobs[0].gate = bench->gate[0];
    submit(bench, 0);
    worker_close_descriptor(bench->worker, fd);
    worker_close_descriptor(bench->worker, -1);
    assert_int_equal(worker_pending(bench->worker), 2);
    assert_true(fcntl(fd, F_GETFD) >= 0);
    open_gate(bench);
    assert_true(worker_wait(bench->worker, 10 * NS_PER_SEC));
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

/* A disk that hangs: the end of the agent must not. */
static void test_close_leaves_what_hangs(void **state)
{
    struct bench *bench = *state;
    uint64_t before_ns = clock_boot_ns();

    bench->jobs[1].gate = bench->gate[0];
    for (size_t i = 0; i < 3; i++)
        submit(bench, i);
    worker_close(bench->worker);
    bench->worker = NULL;
    uint64_t took_ns = clock_boot_ns() - before_ns;
    assert_true(took_ns >= 1900 * NS_PER_MS && took_ns < 8 * NS_PER_SEC);
    assert_int_equal(bench->journal.count, 1);
    assert_false(bench->jobs[0].task.submitted);
    assert_true(bench->jobs[1].task.submitted);
    assert_true(bench->jobs[2].task.submitted);
    /* The thread ends by itself; nothing of the bench may go before that. */
    open_gate(bench);
    for (int waits = 0; !bench->jobs[2].ran && waits < 1000; waits++)
        usleep(10000);
    usleep(50000);
}

/* Freed by the thread: only it can tell when. */
struct orphan {
    struct worker_task task;
    int gate;
    int told; /* gets an octet when it was left */
};

static void run_orphan(struct worker_task *task)
{
    struct pollfd fd = {.fd = ((struct orphan *)task)->gate, .events = POLLIN};

    (void)poll(&fd, 1, 10000);
}

static void orphan_done(struct worker_task *task)
{
    (void)task;
    fail();
}

static void orphan_left(struct worker_task *task)
{
    struct orphan *orphan = (struct orphan *)task;
    ssize_t n = write(orphan->told, "x", 1);

    (void)n;
    free(orphan);
}

static void test_leaving_waits_for_nothing(void **state)
{
    struct bench *bench = *state;
    int told[2];
    char octets[2];

    assert_int_equal(pipe(told), 0);
    for (int i = 0; i < 2; i++) {
        struct orphan *orphan = calloc(1, sizeof(*orphan));

        assert_non_null(orphan);
        *orphan =
            (struct orphan){.task = {.run = run_orphan, .done = orphan_done, .left = orphan_left},
                            .gate = bench->gate[0],
                            .told = told[1]};
        assert_true(worker_submit(bench->worker, &orphan->task));
    }
    uint64_t before_ns = clock_boot_ns();
    worker_leave(bench->worker);
    bench->worker = NULL;
    assert_true(clock_boot_ns() - before_ns < 5 * NS_PER_SEC);
    open_gate(bench);
    for (int i = 0; i < 2; i++)
        assert_int_equal(read(told[0], octets, 1), 1);
    close(told[0]);
    close(told[1]);
}

/* As the agent on a busy machine: one processor for both, the loop before the thread. */
static bool be_punctual(void)
{
    const struct sched_param before_it = {.sched_priority = THREAD_FIFO + 1};
    cpu_set_t allowed;
    cpu_set_t one;
    size_t first = 0;

    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
        return false;
    while (!CPU_ISSET(first, &allowed))
        first++;
    CPU_SET(first, &one);
    return sched_setaffinity(0, sizeof(one), &one) == 0 &&
           sched_setscheduler(0, SCHED_FIFO, &before_it) == 0;
}

static void run_empty(struct worker_task *task)
{
    (void)task;
}

static void count_done(struct worker_task *task)
{
    ((struct counted *)task)->done++;
}

/* How often the loop goes to sleep for so many tasks, one after the other, in tenths of that. */
static int sleeps(void)
{
    const struct worker_options options = {.name = "test", .tasks_max = 1};
    struct counted counted = {.task = {.run = run_empty, .done = count_done}};
    struct rusage before;
    struct rusage after;
    struct worker *worker;
    sd_event *event;

    if (sd_event_new(&event) < 0 || worker_open(event, &options, &worker) < 0 ||
        worker_set_realtime(worker, THREAD_FIFO) < 0)
        return NOT_ALLOWED;
    (void)getrusage(RUSAGE_THREAD, &before);
    for (unsigned i = 0; i < ROUNDS; i++) {
        (void)worker_submit(worker, &counted.task);
        while (counted.done == i && turns_run(event, UINT64_MAX) >= 0)
            continue;
    }
    (void)getrusage(RUSAGE_THREAD, &after);
    worker_close(worker);
    sd_event_unref(event);
    return (int)(10 * (after.ru_nvcsw - before.ru_nvcsw) / ROUNDS);
}

/* The lock is free when it comes to look. In a process of its own, which stays where it is put. */
static void test_what_is_finished_wakes_the_loop_once(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    assert_true(child >= 0);
    if (child == 0)
        _exit(be_punctual() ? sleeps() : NOT_ALLOWED);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NOT_ALLOWED)
        skip();
    assert_in_range(WEXITSTATUS(status), 5, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: ThreadSanitizer forks only what has no thread, and some tests leave one behind. */
        cmocka_unit_test(test_what_is_finished_wakes_the_loop_once),
        cmocka_unit_test_setup_teardown(test_done_in_the_loop_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_submit_never_waits_and_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_done_may_submit_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_unhurried_wakes_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_runs_may_be_hurried, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_failed_hurries_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_finishes_what_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_finishes_what_done_submits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_a_worker_it_runs_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_descriptor_is_closed_in_the_thread, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_leaves_what_hangs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leaving_waits_for_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
