/* The thread: commands in by one pipe, results out by the other; see http_worker.h. Everything of
 * struct worker_thread belongs to the thread alone. What it asks for is in http_jobs.c. */
#include "agent/checks/http_worker.h"

#include "agent/checks/http_jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    STACK_SIZE = 512 * 1024,
    POLL_MS = 1000,
    STOP_WAIT_S = 1,
};

enum command_kind {
    COMMAND_OPEN = 0,
    COMMAND_RUN,
    COMMAND_CANCEL,
    COMMAND_CLOSE,
    COMMAND_QUIT,
};

/* Small enough to be written whole or not at all. */
struct command {
    enum command_kind kind;
    uint64_t id;
    uint64_t serial;
    struct config_check *config; /* OPEN: owned by whoever reads it */
};

/* Both ends of both pipes. */
struct pipes {
    int commands[2];
    int results[2];
};

struct worker_thread {
    int commands_fd;
    struct http_jobs jobs;
    bool quit;
};

struct http_worker {
    struct pipes pipes;
    pthread_t thread;
    struct worker_thread data;
};

/* ---- The thread */

static void obey(struct worker_thread *worker, const struct command *command)
{
    struct http_jobs *jobs = &worker->jobs;
    struct http_job *job = http_jobs_find(jobs, command->id);

    switch (command->kind) {
    case COMMAND_OPEN:
        http_jobs_add(jobs, command->id, command->config);
        break;
    case COMMAND_RUN:
        if (job != NULL)
            http_job_run(jobs, job, command->serial);
        break;
    case COMMAND_CANCEL:
        if (job != NULL)
            http_job_cancel(jobs, job);
        break;
    case COMMAND_CLOSE:
        if (job != NULL)
            http_job_close(jobs, job);
        break;
    case COMMAND_QUIT:
        worker->quit = true;
        break;
    }
}

static void take_commands(struct worker_thread *worker)
{
    struct command command;

    while (!worker->quit &&
           read(worker->commands_fd, &command, sizeof(command)) == (ssize_t)sizeof(command))
        obey(worker, &command);
}

static void wait_for_more(const struct worker_thread *worker)
{
    const struct http_jobs *jobs = &worker->jobs;
    struct pollfd fd = {.fd = worker->commands_fd, .events = POLLIN};
    struct curl_waitfd extra = {.fd = fd.fd, .events = CURL_WAIT_POLLIN};

    if (jobs->multi == NULL)
        (void)poll(&fd, 1, -1);
    else
        (void)jobs->curl.multi_poll(jobs->multi, &extra, 1, POLL_MS, NULL);
}

static void *run_thread(void *userdata)
{
    struct worker_thread *worker = userdata;

    http_jobs_load(&worker->jobs);
    while (!worker->quit) {
        take_commands(worker);
        if (worker->quit)
            break;
        http_jobs_perform(&worker->jobs);
        wait_for_more(worker);
    }
    http_jobs_unload(&worker->jobs);
    return NULL;
}

static void close_pipes(const struct pipes *pipes)
{
    for (size_t i = 0; i < 2; i++) {
        if (pipes->commands[i] >= 0)
            close(pipes->commands[i]);
        if (pipes->results[i] >= 0)
            close(pipes->results[i]);
    }
}

/* Signals are for the event loop. */
static int start_thread(pthread_t *thread, struct worker_thread *data)
{
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    int r = pthread_attr_init(&attributes);
    if (r != 0)
        return -r;
    r = pthread_attr_setstacksize(&attributes, STACK_SIZE);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    if (r == 0)
        r = pthread_create(thread, &attributes, run_thread, data);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return -r;
}

/* ---- The other side */

int http_worker_start(struct http_worker **out)
{
    struct http_worker *worker = calloc(1, sizeof(*worker));
    int r = 0;

    *out = NULL;
    if (worker == NULL)
        return -ENOMEM;
    worker->pipes = (struct pipes){.commands = {-1, -1}, .results = {-1, -1}};
    if (pipe2(worker->pipes.commands, O_CLOEXEC | O_NONBLOCK) < 0 ||
        pipe2(worker->pipes.results, O_CLOEXEC | O_NONBLOCK) < 0)
        r = -errno;
    worker->data.commands_fd = worker->pipes.commands[0];
    worker->data.jobs.results_fd = worker->pipes.results[1];
    if (r == 0)
        r = start_thread(&worker->thread, &worker->data);
    if (r < 0) {
        close_pipes(&worker->pipes);
        free(worker);
        return r;
    }
    *out = worker;
    return 0;
}

static int tell(const struct http_worker *worker, const struct command *command)
{
    ssize_t n = write(worker->pipes.commands[1], command, sizeof(*command));

    return n < 0 ? -errno : 0;
}

void http_worker_stop(struct http_worker *worker)
{
    const struct command quit = {.kind = COMMAND_QUIT};
    struct timespec until;

    if (worker == NULL)
        return;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_WAIT_S;
    if (tell(worker, &quit) < 0 || pthread_timedjoin_np(worker->thread, NULL, &until) != 0) {
        /* It goes on using all of this until the process ends. */
        (void)pthread_detach(worker->thread);
        return;
    }
    close_pipes(&worker->pipes);
    free(worker);
}

int http_worker_open(struct http_worker *worker, uint64_t id, const struct config_check *config)
{
    struct command open = {.kind = COMMAND_OPEN, .id = id, .config = malloc(sizeof(*config))};

    if (open.config == NULL)
        return -ENOMEM;
    *open.config = *config;
    int r = tell(worker, &open);
    if (r < 0)
        free(open.config);
    return r;
}

int http_worker_run(struct http_worker *worker, uint64_t id, uint64_t serial)
{
    const struct command run = {.kind = COMMAND_RUN, .id = id, .serial = serial};

    return tell(worker, &run);
}

int http_worker_cancel(struct http_worker *worker, uint64_t id)
{
    const struct command cancel = {.kind = COMMAND_CANCEL, .id = id};

    return tell(worker, &cancel);
}

int http_worker_close(struct http_worker *worker, uint64_t id)
{
    const struct command close_it = {.kind = COMMAND_CLOSE, .id = id};

    return tell(worker, &close_it);
}

int http_worker_fd(const struct http_worker *worker)
{
    return worker->pipes.results[0];
}

bool http_worker_take(struct http_worker *worker, struct http_result *out)
{
    return read(worker->pipes.results[0], out, sizeof(*out)) == (ssize_t)sizeof(*out);
}
