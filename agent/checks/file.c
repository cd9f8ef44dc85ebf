/*
 * A file that is there, is not there, or holds a number, or none but 0. inotify watches its
 * directory, as the file itself may come and go; while there is no directory, it is looked for at
 * each interval. All file checks have one inotify descriptor together; looking and watching are
 * done by each one's thread (look.h), reading what inotify tells never waits.
 */
#include "agent/checks/check.h"
#include "agent/checks/look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
    NUMBER_MAX = 253,
    EVENTS_SIZE = 4096,
};

/* The directory itself is gone or another one. */
static const uint32_t GONE = IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT;

struct file_watch {
    struct file_shared *shared;
    struct check *check;
    struct look *look;
    int watch; /* of its directory; -1: none */
    char directory[CHECK_PATH_SIZE];
    const char *name; /* within check->config.path */
    struct file_watch *next;
};

struct file_shared {
    int inotify; /* -1: none could be had: looking at each interval is all */
    sd_event_source *source;
    struct file_watch *first;
};

/* The number at the beginning of the text. False: there is none. */
static bool read_number(const char *text, int *number)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || strchr(" \t\r\n", *end) == NULL || value < -NUMBER_MAX || value > NUMBER_MAX)
        return false;
    *number = (int)value;
    return true;
}

static void judge_number(struct check *check, const struct look_result *result)
{
    const char *path = check->config.path;
    int number = 0;

    if (result->error != 0) {
        check_result(check, false, "%s: %s", path, strerror(result->error));
    } else if (read_number(result->text, &number)) {
        check_set_number(check, number);
        check_result(check, true, "%s says %d", path, number);
    } else {
        check_result(check, false, "%s: no number from -253 to 253", path);
    }
}

static bool is_missing(const struct look_result *result)
{
    return result->error == ENOENT || result->error == ENOTDIR;
}

static void judge_zero(struct check *check, const struct look_result *result)
{
    const char *path = check->config.path;
    int number = 0;

    if (is_missing(result))
        check_result(check, true, "%s is not there", path);
    else if (result->error != 0)
        check_result(check, false, "%s: %s", path, strerror(result->error));
    else if (read_number(result->text, &number))
        check_result(check, number == 0, "%s says %d", path, number);
    else
        check_result(check, false, "%s: no number from -253 to 253", path);
}

static void on_look(struct check *check, const struct look_result *result)
{
    struct file_watch *watch = check->data;
    const char *path = check->config.path;
    bool present = result->error == 0;

    if (watch->watch < 0)
        watch->watch = result->watch;
    if (check->config.content == CONTENT_NUMBER)
        judge_number(check, result);
    else if (check->config.content == CONTENT_ZERO)
        judge_zero(check, result);
    else if (!present && !is_missing(result))
        check_result(check, false, "%s: %s", path, strerror(result->error));
    else
        check_result(check, present == (check->config.content == CONTENT_PRESENT), "%s %s", path,
                     present ? "is there" : "is not there");
}

static void look(struct file_watch *watch)
{
    look_start(watch->look, watch->watch < 0);
}

/* What it says may be of a directory whose number the look that watches it has not brought yet. */
static void take_event(struct file_watch *watch, const struct inotify_event *event)
{
    bool ours = watch->watch == event->wd;

    if ((event->mask & IN_Q_OVERFLOW) != 0) {
        look(watch);
    } else if (ours && (event->mask & GONE) != 0) {
        watch->watch = -1;
        look(watch);
    } else if ((ours || look_under_way(watch->look)) && event->len > 0 &&
               strcmp(event->name, watch->name) == 0) {
        look(watch);
    }
}

static int on_events(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    const struct file_shared *shared = userdata;
    _Alignas(struct inotify_event) char buffer[EVENTS_SIZE];
    ssize_t size = read(fd, buffer, sizeof(buffer));

    (void)source;
    (void)events;
    for (ssize_t at = 0; at < size;) {
        const struct inotify_event *event = (const struct inotify_event *)(void *)(buffer + at);

        for (struct file_watch *watch = shared->first; watch != NULL; watch = watch->next)
            take_event(watch, event);
        /* It goes on watching what was moved away. */
        if ((event->mask & IN_MOVE_SELF) != 0)
            (void)inotify_rm_watch(fd, event->wd);
        at += (ssize_t)(sizeof(*event) + event->len);
    }
    return 0;
}

static int open_shared(const struct check *check, void **out)
{
    struct file_shared *shared = calloc(1, sizeof(*shared));

    if (shared == NULL)
        return -ENOMEM;
    *out = shared;
    shared->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (shared->inotify < 0)
        return 0;
    int r = sd_event_add_io(check->ground->event, &shared->source, shared->inotify, EPOLLIN,
                            on_events, shared);
    return check_source(check, &shared->source, r);
}

static void close_shared(void *data)
{
    struct file_shared *shared = data;

    sd_event_source_disable_unref(shared->source);
    if (shared->inotify >= 0)
        close(shared->inotify);
    free(shared);
}

static int open_check(struct check *check)
{
    static const uint32_t mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                 IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                 IN_ONLYDIR;
    struct file_watch *watch = calloc(1, sizeof(*watch));
    const char *path = check->config.path;
    const char *slash = strrchr(path, '/');

    if (watch == NULL)
        return -ENOMEM;
    check->data = watch;
    watch->shared = check_shared(check);
    watch->check = check;
    watch->watch = -1;
    watch->name = slash + 1;
    snprintf(watch->directory, sizeof(watch->directory), "%.*s",
             slash == path ? 1 : (int)(slash - path), path);
    const struct look_options options = {
        .path = path,
        .read = check->config.content == CONTENT_NUMBER || check->config.content == CONTENT_ZERO,
        .inotify = watch->shared->inotify,
        .directory = watch->directory,
        .events = mask,
    };
    int r = look_open(check, &options, on_look, &watch->look);
    if (r < 0)
        return r;
    watch->next = watch->shared->first;
    watch->shared->first = watch;
    return 0;
}

static int run(struct check *check)
{
    struct file_watch *watch = check->data;

    if (look_hangs(watch->look))
        check_result(check, false, "%s does not answer", check->config.path);
    else if (!look_under_way(watch->look))
        look(watch);
    return 0;
}

static void give_up(struct check *check)
{
    const struct file_watch *watch = check->data;

    look_give_up(watch->look);
}

/* Whether nobody else watches that directory, or is about to. */
static bool is_last(const struct file_shared *shared, int number)
{
    for (const struct file_watch *other = shared->first; other != NULL; other = other->next)
        if (other->watch == number || look_under_way(other->look))
            return false;
    return true;
}

static void close_check(struct check *check)
{
    struct file_watch *watch = check->data;

    if (watch == NULL)
        return;
    struct file_watch **link = &watch->shared->first;
    while (*link != NULL && *link != watch)
        link = &(*link)->next;
    if (*link == watch)
        *link = watch->next;
    if (watch->watch >= 0 && is_last(watch->shared, watch->watch))
        (void)inotify_rm_watch(watch->shared->inotify, watch->watch);
    look_close(watch->look);
    free(watch);
}

const struct check_ops check_file_ops = {
    .open_shared = open_shared,
    .close_shared = close_shared,
    .open = open_check,
    .run = run,
    .give_up = give_up,
    .close = close_check,
};
