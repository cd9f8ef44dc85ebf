/* A file that is there, is not there, or holds a number. inotify watches its directory, as the file
 * itself may come and go; while there is no directory, it is looked for at each interval. */
#include "agent/checks/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NUMBER_MAX = 253,
    READ_SIZE = 64,
};

struct file_watch {
    sd_event_source *source; /* NULL: no directory to watch */
    char directory[CHECK_PATH_SIZE];
    const char *name; /* within check->config.path */
};

/* The number at the beginning of the file. False: there is none, with why in *error. */
static bool read_number(const char *path, int *number, const char **error)
{
    char text[READ_SIZE + 1];
    char *end;
    /* Not to wait for the other end of a FIFO. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    *error = strerrordesc_np(errno);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, text, READ_SIZE);
    *error = size < 0 ? strerrordesc_np(errno) : "no number from -253 to 253";
    close(fd);
    if (size < 0)
        return false;
    text[size] = '\0';
    long value = strtol(text, &end, 10);
    if (end == text || strchr(" \t\r\n", *end) == NULL || value < -NUMBER_MAX || value > NUMBER_MAX)
        return false;
    *number = (int)value;
    return true;
}

static void look_for_number(struct check *check)
{
    const char *error = NULL;
    int number = 0;

    if (read_number(check->config.path, &number, &error)) {
        check_set_number(check, number);
        check_result(check, true, "%s says %d", check->config.path, number);
    } else {
        check_result(check, false, "%s: %s", check->config.path, error);
    }
}

static void look(struct check *check)
{
    const char *path = check->config.path;
    struct stat st;

    if (check->config.content == CONTENT_NUMBER) {
        look_for_number(check);
        return;
    }
    bool present = stat(path, &st) == 0;
    if (!present && errno != ENOENT && errno != ENOTDIR) {
        check_result(check, false, "%s: %s", path, strerror(errno));
        return;
    }
    check_result(check, present == (check->config.content == CONTENT_PRESENT), "%s %s", path,
                 present ? "is there" : "is not there");
}

static int on_event(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
    struct check *check = userdata;
    struct file_watch *watch = check->data;

    (void)source;
    if ((event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) != 0)
        watch->source = sd_event_source_disable_unref(watch->source);
    else if ((event->mask & IN_Q_OVERFLOW) == 0 &&
             (event->len == 0 || strcmp(event->name, watch->name) != 0))
        return 0;
    look(check);
    return 0;
}

/* A directory that is not there yet is no error. */
static void watch_directory(struct check *check)
{
    static const uint32_t mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                 IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                 IN_ONLYDIR;
    struct file_watch *watch = check->data;

    if (watch->source != NULL)
        return;
    int r = sd_event_add_inotify(check->ground->event, &watch->source, watch->directory, mask,
                                 on_event, check);
    (void)check_source(check, &watch->source, r);
}

static int open_check(struct check *check)
{
    struct file_watch *watch = calloc(1, sizeof(*watch));
    const char *slash = strrchr(check->config.path, '/');

    if (watch == NULL)
        return -ENOMEM;
    check->data = watch;
    watch->name = slash + 1;
    snprintf(watch->directory, sizeof(watch->directory), "%.*s",
             slash == check->config.path ? 1 : (int)(slash - check->config.path),
             check->config.path);
    return 0;
}

/* The watch first: what changes between the two is then seen. */
static int run(struct check *check)
{
    watch_directory(check);
    look(check);
    return 0;
}

static void close_check(struct check *check)
{
    struct file_watch *watch = check->data;

    if (watch == NULL)
        return;
    sd_event_source_disable_unref(watch->source);
    free(watch);
}

const struct check_ops check_file_ops = {
    .open = open_check,
    .run = run,
    .close = close_check,
};
