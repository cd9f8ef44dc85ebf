/* The thread and its two lists under one lock: what waits and what was run; see worker.h. An
 * eventfd tells the loop of the second. */
#include "agent/base/worker.h"

#include "agent/base/clock.h"
#include "agent/base/lock.h"
#include "agent/base/privileges.h"
#include "lib/limits.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { STACK_BYTES = 256 * 1024 };

/* How long the end of the agent waits for a thread. */
#define CLOSE_NS (2 * NS_PER_SEC)

struct queue {
    struct worker_task *first;
    struct worker_task *last;
};

struct worker {
    pthread_t thread;
    pthread_mutex_t lock; /* held for a few instructions, never over a task */
    /* Posted for each task and at the end. No condition: to leave one costs a call where the lock
     * lends priority. */
    sem_t wake;
    /* Under the lock. */
    struct queue waiting;
    struct queue finished;
    bool stop;
    bool untold;    /* the last one was finished without the loop having been told, */
    bool hurried;   /* and it is to be told of the next one */
    bool ended;     /* the thread touches nothing of ours any more */
    bool abandoned; /* the thread is to free all this when it ends */
    bool left;      /* and the tasks with it */

    /* The loop's. */
    size_t pending;
    size_t tasks_max;
    int fd;
    sd_event_source *source;
};

static void append(struct queue *queue, struct worker_task *task)
{
    task->next = NULL;
    if (queue->first == NULL)
        queue->first = task;
    else
        queue->last->next = task;
    queue->last = task;
}

static struct worker_task *take_first(struct queue *queue)
{
    struct worker_task *first = queue->first;

    if (first != NULL)
        queue->first = first->next;
    return first;
}

static void tell_loop(int fd)
{
    const uint64_t one = 1;
    /* Cannot fail: the counter would have to overflow. */
    ssize_t n = write(fd, &one, sizeof(one));

    assert(n == sizeof(one));
    (void)n;
}

/* The lock is held. What was posted for a task that is done wakes it once in vain. */
static struct worker_task *wait_for_task(struct worker *worker)
{
    while (worker->waiting.first == NULL && !worker->stop) {
        pthread_mutex_unlock(&worker->lock);
        (void)sem_wait(&worker->wake);
        pthread_mutex_lock(&worker->lock);
    }
    return take_first(&worker->waiting);
}

static void free_worker(struct worker *worker)
{
    sd_event_source_disable_unref(worker->source);
    if (worker->fd >= 0)
        close(worker->fd);
    sem_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

static void leave_tasks(struct queue *queue)
{
    struct worker_task *task;

    while ((task = take_first(queue)) != NULL)
        if (task->left != NULL)
            task->left(task);
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    struct worker_task *task;
    int fd = worker->fd;

    privileges_settle();
    pthread_mutex_lock(&worker->lock);
    while (!worker->left && (task = wait_for_task(worker)) != NULL) {
        pthread_mutex_unlock(&worker->lock);
        task->run(task);
        pthread_mutex_lock(&worker->lock);
        append(&worker->finished, task);
        worker->untold = task->unhurried && !worker->hurried;
        worker->hurried = false;
        if (worker->left || worker->untold)
            continue;
        /* The loop takes the processor with that: it would find the lock held, and give it back. */
        pthread_mutex_unlock(&worker->lock);
        tell_loop(fd);
        pthread_mutex_lock(&worker->lock);
    }
    if (worker->left) {
        leave_tasks(&worker->finished);
        leave_tasks(&worker->waiting);
    }
    bool abandoned = worker->abandoned;
    worker->ended = true;
    if (!abandoned)
        tell_loop(fd);
    pthread_mutex_unlock(&worker->lock);
    if (abandoned)
        free_worker(worker);
    return NULL;
}

static void collect(struct worker *worker)
{
    for (;;) {
        pthread_mutex_lock(&worker->lock);
        struct worker_task *task = take_first(&worker->finished);
        pthread_mutex_unlock(&worker->lock);
        if (task == NULL)
            return;
        worker->pending--;
        task->submitted = false;
        task->done(task);
    }
}

static int on_finished(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    uint64_t count;

    (void)source;
    (void)revents;
    if (read(fd, &count, sizeof(count)) == sizeof(count))
        collect(userdata);
    return 0;
}

/* Signals are the loop's. */
static int start_thread(struct worker *worker, const char *name)
{
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;
    int error = pthread_attr_init(&attributes);

    if (error != 0)
        return -error;
    error = pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (error == 0)
        error = pthread_create(&worker->thread, &attributes, run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    worker->ended = error != 0;
    if (error == 0)
        (void)pthread_setname_np(worker->thread, name);
    return -error;
}

int worker_open(sd_event *event, const struct worker_options *options, struct worker **out)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    int r;

    *out = NULL;
    if (worker == NULL)
        return -ENOMEM;
    worker->tasks_max = options->tasks_max;
    lock_init(&worker->lock);
    (void)sem_init(&worker->wake, 0, 0);
    worker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    r = worker->fd < 0 ? -errno : 0;
    if (r == 0)
        r = sd_event_add_io(event, &worker->source, worker->fd, EPOLLIN, on_finished, worker);
    if (r >= 0)
        r = sd_event_source_set_priority(worker->source, options->priority);
    if (r >= 0)
        r = start_thread(worker, options->name);
    if (r < 0) {
        free_worker(worker);
        return r;
    }
    *out = worker;
    return 0;
}

static bool has_ended(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool ended = worker->ended;
    pthread_mutex_unlock(&worker->lock);
    return ended;
}

/* Leaves a thread that hangs what it still uses. False: it has ended just now. */
static bool abandon(struct worker *worker)
{
    worker->source = sd_event_source_disable_unref(worker->source);
    pthread_t thread = worker->thread;
    pthread_mutex_lock(&worker->lock);
    bool hangs = !worker->ended;
    worker->abandoned = hangs;
    pthread_mutex_unlock(&worker->lock);
    if (hangs)
        (void)pthread_detach(thread);
    return hangs;
}

/* Until something has come back; not longer than that. */
static void wait_for_thread(const struct worker *worker, uint64_t until_ns)
{
    struct pollfd fd = {.fd = worker->fd, .events = POLLIN};
    uint64_t now_ns = clock_boot_ns();
    uint64_t count;

    if (now_ns < until_ns)
        (void)poll(&fd, 1, (int)((until_ns - now_ns) / NS_PER_MS) + 1);
    /* Nothing to read is all right. */
    ssize_t n = read(worker->fd, &count, sizeof(count));
    (void)n;
}

void worker_close(struct worker *worker)
{
    if (worker == NULL)
        return;
    uint64_t until_ns = clock_boot_ns() + CLOSE_NS;

    (void)worker_wait(worker, CLOSE_NS);
    pthread_mutex_lock(&worker->lock);
    worker->stop = true;
    (void)sem_post(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    while (!has_ended(worker) && clock_boot_ns() < until_ns)
        wait_for_thread(worker, until_ns);
    collect(worker);
    if (abandon(worker))
        return;
    (void)pthread_join(worker->thread, NULL);
    free_worker(worker);
}

void worker_leave(struct worker *worker)
{
    if (worker == NULL)
        return;
    worker->source = sd_event_source_disable_unref(worker->source);
    pthread_t thread = worker->thread;
    pthread_mutex_lock(&worker->lock);
    worker->stop = true;
    worker->left = true;
    worker->abandoned = true;
    (void)sem_post(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    (void)pthread_detach(thread);
}

bool worker_submit(struct worker *worker, struct worker_task *task)
{
    assert(!task->submitted);
    if (worker->pending >= worker->tasks_max)
        return false;
    worker->pending++;
    task->submitted = true;
    pthread_mutex_lock(&worker->lock);
    append(&worker->waiting, task);
    pthread_mutex_unlock(&worker->lock);
    /* The thread would wake to find the lock held. Only this thread has it end. */
    (void)sem_post(&worker->wake);
    return true;
}

void worker_hurry(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    if (worker->untold)
        tell_loop(worker->fd);
    worker->hurried = !worker->untold;
    worker->untold = false;
    pthread_mutex_unlock(&worker->lock);
}

void worker_run(struct worker *worker, struct worker_task *task)
{
    if (worker != NULL && worker_submit(worker, task))
        return;
    task->submitted = true;
    task->run(task);
    task->submitted = false;
    task->done(task);
}

struct closing {
    struct worker_task task; /* the first */
    int fd;
};

static void close_it(struct worker_task *task)
{
    close(((struct closing *)task)->fd);
}

static void forget_it(struct worker_task *task)
{
    free(task);
}

void worker_close_descriptor(struct worker *worker, int fd)
{
    struct closing *closing = fd >= 0 ? malloc(sizeof(*closing)) : NULL;

    if (closing != NULL) {
        *closing = (struct closing){.task = {.run = close_it, .done = forget_it}, .fd = fd};
        worker_run(worker, &closing->task);
    } else if (fd >= 0) {
        close(fd);
    }
}

size_t worker_pending(const struct worker *worker)
{
    return worker->pending;
}

bool worker_wait(struct worker *worker, uint64_t limit_ns)
{
    uint64_t until_ns = clock_boot_ns() + limit_ns;

    if (limit_ns > 0)
        worker_hurry(worker);
    collect(worker);
    while (worker->pending > 0 && clock_boot_ns() < until_ns) {
        wait_for_thread(worker, until_ns);
        collect(worker);
    }
    return worker->pending == 0;
}

int worker_set_realtime(struct worker *worker, int fifo_priority)
{
    const struct sched_param param = {.sched_priority = fifo_priority};

    return -pthread_setschedparam(worker->thread, SCHED_FIFO, &param);
}
