/* Looks as a worker's task; see look.h. What is left behind is freed by the thread. */
#include "agent/checks/look.h"

#include "agent/base/priorities.h"
#include "agent/base/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

struct look {
    struct worker_task task;
    /* The thread's, while the task is submitted. */
    char path[CHECK_PATH_SIZE];
    char directory[CHECK_PATH_SIZE];
    bool read;
    bool watch;
    int inotify; /* of our own: the number stays ours */
    uint32_t events;
    struct look_result result;
    /* The loop's. */
    struct worker *worker;
    struct check *check;
    look_fn done;
    bool given_up;
    bool again; /* another look is wanted after this one */
    bool again_watch;
};

static void free_look(struct look *look)
{
    if (look->inotify >= 0)
        close(look->inotify);
    free(look);
}

/* ---- In the thread */

static int read_beginning(const char *path, char *text)
{
    /* Not to wait for the other end of a FIFO. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return errno;
    ssize_t size = read(fd, text, LOOK_TEXT_SIZE - 1);
    int error = size < 0 ? errno : 0;
    close(fd);
    text[size > 0 ? size : 0] = '\0';
    return error;
}

/* The watch first: what changes between the two is then seen. */
static void run(struct worker_task *task)
{
    struct look *look = (struct look *)task;
    struct stat st;

    look->result = (struct look_result){.watch = -1};
    if (look->watch && look->inotify >= 0)
        look->result.watch = inotify_add_watch(look->inotify, look->directory, look->events);
    if (look->read)
        look->result.error = read_beginning(look->path, look->result.text);
    else
        look->result.error = stat(look->path, &st) < 0 ? errno : 0;
}

static void left(struct worker_task *task)
{
    free_look((struct look *)task);
}

/* ---- In the loop */

static void on_done(struct worker_task *task)
{
    struct look *look = (struct look *)task;
    bool again = look->again;

    look->again = false;
    if (!look->given_up)
        look->done(look->check, &look->result);
    look->given_up = false;
    if (again && !look->task.submitted)
        look_start(look, look->again_watch && look->result.watch < 0);
}

void look_start(struct look *look, bool watch)
{
    if (look->task.submitted) {
        look->again = true;
        look->again_watch = watch;
        return;
    }
    look->watch = watch;
    (void)worker_submit(look->worker, &look->task);
}

bool look_hangs(const struct look *look)
{
    return look->task.submitted && look->given_up;
}

bool look_under_way(const struct look *look)
{
    return look->task.submitted;
}

void look_give_up(struct look *look)
{
    look->given_up = look->task.submitted;
}

int look_open(struct check *check, const struct look_options *options, look_fn done,
              struct look **out)
{
    const struct worker_options worker = {
        .name = "vipd-checks", .priority = AGENT_PRIORITY_CHECKS, .tasks_max = 1};
    struct look *look = calloc(1, sizeof(*look));
    int r = 0;

    *out = NULL;
    if (look == NULL)
        return -ENOMEM;
    *look = (struct look){.task = {.run = run, .done = on_done, .left = left},
                          .read = options->read,
                          .inotify = -1,
                          .events = options->events,
                          .check = check,
                          .done = done};
    snprintf(look->path, sizeof(look->path), "%s", options->path);
    snprintf(look->directory, sizeof(look->directory), "%s", options->directory);
    if (options->inotify >= 0) {
        look->inotify = fcntl(options->inotify, F_DUPFD_CLOEXEC, 0);
        r = look->inotify < 0 ? -errno : 0;
    }
    if (r == 0)
        r = worker_open(check->ground->event, &worker, &look->worker);
    if (r < 0) {
        free_look(look);
        return r;
    }
    *out = look;
    return 0;
}

void look_close(struct look *look)
{
    if (look == NULL)
        return;
    struct worker *worker = look->worker;
    bool idle = !look->task.submitted;

    worker_leave(worker);
    if (idle)
        free_look(look);
}
