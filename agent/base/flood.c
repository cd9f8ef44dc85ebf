/* A thread that moves pages from a pipe to nowhere; see flood.h. Whoever is the last of the thread
 * and the owner frees it. */
#include "agent/base/flood.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    /* The least that is allowed on arm64 is twice what it is elsewhere. */
    STACK_BYTES = 128 * 1024,
    PIECE = 1024 * 1024,
    /* How soon it notices that it is to end. */
    LOOK_MS = 200,
};

struct flood {
    int pipe;
    int nowhere;
    atomic_bool ending;
    atomic_int users;
};

static void leave(struct flood *flood)
{
    if (atomic_fetch_sub(&flood->users, 1) == 1)
        free(flood);
}

/* False: nothing will come any more. */
static bool drop_some(const struct flood *flood)
{
    struct pollfd fd = {.fd = flood->pipe, .events = POLLIN};

    if (poll(&fd, 1, LOOK_MS) == 0)
        return true;
    ssize_t n = splice(flood->pipe, NULL, flood->nowhere, NULL, PIECE, SPLICE_F_NONBLOCK);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void *run(void *argument)
{
    struct flood *flood = argument;

    while (!atomic_load(&flood->ending) && drop_some(flood))
        ;
    close(flood->pipe);
    close(flood->nowhere);
    leave(flood);
    return NULL;
}

/* 0 or an errno. Signals are the loop's. */
static int start_thread(struct flood *flood)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    int error = pthread_attr_init(&attributes);

    if (error != 0)
        return error;
    error = pthread_attr_setstacksize(&attributes, STACK_BYTES);
    if (error == 0)
        error = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (error == 0)
        error = pthread_create(&thread, &attributes, run, flood);
    if (error == 0)
        (void)pthread_setname_np(thread, "vipd-flood");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

struct flood *flood_begin(int pipe)
{
    struct flood *flood = calloc(1, sizeof(*flood));

    if (flood == NULL)
        return NULL;
    flood->pipe = fcntl(pipe, F_DUPFD_CLOEXEC, 0);
    flood->nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    atomic_init(&flood->ending, false);
    atomic_init(&flood->users, 2);
    if (flood->pipe >= 0 && flood->nowhere >= 0 && start_thread(flood) == 0)
        return flood;
    if (flood->pipe >= 0)
        close(flood->pipe);
    if (flood->nowhere >= 0)
        close(flood->nowhere);
    free(flood);
    return NULL;
}

void flood_end(struct flood *flood)
{
    if (flood == NULL)
        return;
    atomic_store(&flood->ending, true);
    leave(flood);
}
