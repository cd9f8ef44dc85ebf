/*
 * A thread for what may wait, so that the loop that adverts never does: the kernel's locks, disks,
 * name services. Tasks go in by a bounded queue, are run one after the other, and come back to the
 * loop, in order, by an eventfd. A task is embedded in what it works on, which belongs to the
 * worker's thread from worker_submit() until done() is called; nothing is allocated on the way.
 *
 * The thread has ordinary scheduling unless worker_set_realtime() says otherwise, gets no signals,
 * and must not log.
 */
#ifndef AGENT_BASE_WORKER_H
#define AGENT_BASE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct worker;

struct worker_task {
    void (*run)(struct worker_task *task);  /* in the thread */
    void (*done)(struct worker_task *task); /* in the loop, afterwards; may submit it again */
    void (*left)(struct worker_task *task); /* in the thread, instead: see worker_leave() */
    /* Its result may wait until the loop looks by itself (worker_wait()), or worker_hurry(). run()
     * may take it back. */
    bool unhurried;
    bool submitted;           /* the worker's: done() was not called yet */
    struct worker_task *next; /* the worker's */
};

struct worker_options {
    const char *name; /* of the thread, at most 15 octets */
    int64_t priority; /* at which the loop calls done() */
    size_t tasks_max; /* submitted and not yet done */
};

/* Starts the thread. 0 or a negative errno. */
int worker_open(sd_event *event, const struct worker_options *options, struct worker **out);

/*
 * Lets the thread finish what was submitted, also by done(), for at most two seconds, and calls
 * done() for what it finished. A thread that hangs is left behind with the task it hangs in and
 * those after it: they must not be freed then, which worker_task.submitted tells. NULL is allowed.
 */
void worker_close(struct worker *worker);

/*
 * Ends it without waiting for anything. done() is called no more; what was submitted and not done
 * is given to left() by the thread, to be freed, as soon as it comes to that. NULL is allowed.
 */
void worker_leave(struct worker *worker);

/* False, and nothing happens: too many were submitted and are not done. */
bool worker_submit(struct worker *worker, struct worker_task *task);

/* Nobody can wait any more for what was submitted unhurried: done() is called as soon as the loop
 * turns. */
void worker_hurry(struct worker *worker);

/* Has it run by the worker, or here and now, with done(), when there is none (NULL) or it has too
 * much to do: at start, and in whatever has no loop that turns. */
void worker_run(struct worker *worker, struct worker_task *task);

/* Closes it by the worker, for that may wait too: with a packet socket the kernel waits for all its
 * processors. -1 is allowed. */
void worker_close_descriptor(struct worker *worker, int fd);

/* How many were submitted and are not done. */
size_t worker_pending(const struct worker *worker);

/* Waits until all are done, and calls done() for them, for at most that time. Only where nobody
 * waits for the loop: at start, at the end. True when all are done. */
bool worker_wait(struct worker *worker, uint64_t limit_ns);

/* SCHED_FIFO of that priority. 0 or a negative errno. */
int worker_set_realtime(struct worker *worker, int fifo_priority);

#endif
