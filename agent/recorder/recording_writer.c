/* The writer's thread; see recording_writer.h. Two lists under one lock: what waits and what is
 * done; an eventfd tells the loop of the second. Owner: the recorder. */
#include "agent/recorder/recording_writer.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    WAITING_MAX = 8,
    STACK_BYTES = 256 * 1024,
    /* How long the end of the agent waits for the disk. */
    CLOSE_S = 2,
};

struct recording_writer {
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* Under the lock. */
    struct recording *waiting; /* oldest first */
    struct recording *done;
    unsigned count; /* given to us and not yet done */
    bool stop;

    int fd;
    sd_event_source *source;
    unsigned files_max;
    recording_done_fn done_fn;
    void *userdata;
};

static void append(struct recording **list, struct recording *recording)
{
    recording->next = NULL;
    while (*list != NULL)
        list = &(*list)->next;
    *list = recording;
}

static struct recording *take_first(struct recording **list)
{
    struct recording *first = *list;

    if (first != NULL)
        *list = first->next;
    return first;
}

static void write_one(struct recording_writer *writer, struct recording *recording)
{
    const uint64_t one = 1;

    recording->result = recording_write(recording);
    if (recording->result == 0)
        recording->pruned =
            recording_prune(recording->path, writer->files_max, RECORDINGS_BYTES_MAX);
    pthread_mutex_lock(&writer->lock);
    append(&writer->done, recording);
    pthread_mutex_unlock(&writer->lock);
    /* Cannot fail: the counter would have to overflow. */
    ssize_t n = write(writer->fd, &one, sizeof(one));
    assert(n == sizeof(one));
    (void)n;
}

static void *run(void *argument)
{
    struct recording_writer *writer = argument;

    for (;;) {
        pthread_mutex_lock(&writer->lock);
        while (writer->waiting == NULL && !writer->stop)
            pthread_cond_wait(&writer->wake, &writer->lock);
        struct recording *recording = take_first(&writer->waiting);
        pthread_mutex_unlock(&writer->lock);
        if (recording == NULL)
            return NULL;
        write_one(writer, recording);
    }
}

static void collect(struct recording_writer *writer)
{
    for (;;) {
        pthread_mutex_lock(&writer->lock);
        struct recording *recording = take_first(&writer->done);
        writer->count -= recording != NULL;
        pthread_mutex_unlock(&writer->lock);
        if (recording == NULL)
            return;
        writer->done_fn(writer->userdata, recording);
        recording_free(recording);
    }
}

static int on_done(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    uint64_t count;

    (void)source;
    (void)revents;
    if (read(fd, &count, sizeof(count)) == sizeof(count))
        collect(userdata);
    return 0;
}

/* Signals are the loop's. */
static int start_thread(struct recording_writer *writer)
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
        error = pthread_create(&writer->thread, &attributes, run, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    writer->running = error == 0;
    return -error;
}

int recording_writer_open(sd_event *event, int64_t priority, unsigned files_max,
                          recording_done_fn done, void *userdata, struct recording_writer **out)
{
    struct recording_writer *writer = calloc(1, sizeof(*writer));
    int r;

    *out = NULL;
    if (writer == NULL)
        return -ENOMEM;
    *writer =
        (struct recording_writer){.files_max = files_max, .done_fn = done, .userdata = userdata};
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->wake, NULL);
    writer->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    r = writer->fd < 0 ? -errno : 0;
    if (r == 0)
        r = sd_event_add_io(event, &writer->source, writer->fd, EPOLLIN, on_done, writer);
    if (r >= 0)
        r = sd_event_source_set_priority(writer->source, priority);
    if (r >= 0)
        r = start_thread(writer);
    if (r < 0) {
        recording_writer_close(writer);
        return r;
    }
    *out = writer;
    return 0;
}

/* True when the thread has ended. */
static bool join(struct recording_writer *writer)
{
    struct timespec limit;

    if (!writer->running)
        return true;
    pthread_mutex_lock(&writer->lock);
    writer->stop = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
    if (clock_gettime(CLOCK_MONOTONIC, &limit) < 0)
        return false;
    limit.tv_sec += CLOSE_S;
    return pthread_clockjoin_np(writer->thread, NULL, CLOCK_MONOTONIC, &limit) == 0;
}

void recording_writer_close(struct recording_writer *writer)
{
    if (writer == NULL)
        return;
    bool ended = join(writer);
    collect(writer);
    sd_event_source_disable_unref(writer->source);
    /* A disk that hangs keeps the thread, and with it what it works on, until the process ends. */
    if (!ended) {
        pthread_detach(writer->thread);
        return;
    }
    if (writer->fd >= 0)
        close(writer->fd);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

bool recording_writer_submit(struct recording_writer *writer, struct recording *recording)
{
    bool room;

    pthread_mutex_lock(&writer->lock);
    room = writer->count < WAITING_MAX;
    if (room) {
        append(&writer->waiting, recording);
        writer->count++;
        pthread_cond_signal(&writer->wake);
    }
    pthread_mutex_unlock(&writer->lock);
    return room;
}
