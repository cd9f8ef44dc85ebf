/*
 * A process, found by its pid file or by the name of its program, and then watched by a pidfd: the
 * kernel tells of its end at once. The pid file is read by a thread: it may be on a file system
 * that hangs, which /proc is not. Looking through /proc is done in small pieces, so that a machine
 * with many processes holds nothing up.
 */
#include "agent/checks/check.h"

#include "agent/base/older.h"
#include "agent/base/source.h"
#include "agent/checks/look.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    COMM_LENGTH = 15, /* the kernel keeps no more of a name */
    ENTRIES_PER_TURN = 64,
    FIELDS_TO_START = 19, /* of /proc/PID/stat, behind the name */
};

struct process_watch {
    pid_t pid;             /* 0: none is watched */
    char started[24];      /* when, in the kernel's words: a number may be used again */
    int pidfd;             /* -1: none, or the kernel has none: then each run looks */
    sd_event_source *died; /* of pidfd */
    DIR *scan;             /* /proc while it is looked through */
    sd_event_source *scanner;
    struct look *look; /* at the pid file; NULL: it is found by name */
};

static void forget(struct process_watch *watch)
{
    watch->died = sd_event_source_disable_unref(watch->died);
    if (watch->pidfd >= 0)
        close(watch->pidfd);
    watch->pidfd = -1;
    watch->pid = 0;
}

static void end_scan(struct process_watch *watch)
{
    watch->scanner = sd_event_source_disable_unref(watch->scanner);
    if (watch->scan != NULL)
        closedir(watch->scan);
    watch->scan = NULL;
}

/* A small file as text. False: it cannot be read. */
static bool read_line(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return false;
    ssize_t got = read(fd, text, size - 1);
    int error = errno;
    close(fd);
    errno = error;
    if (got < 0)
        return false;
    text[got] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return true;
}

/* Whether the process is of that program, as far as the kernel keeps its name. */
static bool is_program(pid_t pid, const char *executable)
{
    char path[64];
    char comm[64];

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    return read_line(path, comm, sizeof(comm)) && strncmp(comm, executable, COMM_LENGTH) == 0 &&
           strlen(comm) <= COMM_LENGTH;
}

/* When the process was started, as text. False: there is none, or it is dead. */
static bool read_start(pid_t pid, char *text, size_t size)
{
    char path[64];
    char line[1024];
    char state = 'X';

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (!read_line(path, line, sizeof(line)))
        return false;
    /* The name, which may hold anything, is in parentheses; then come the state, 18 numbers, and
     * the start. */
    char *rest = strrchr(line, ')');
    char *word = rest != NULL ? strtok_r(rest + 1, " ", &rest) : NULL;
    for (int i = 0; word != NULL && i < FIELDS_TO_START; i++) {
        state = i == 0 ? word[0] : state;
        word = strtok_r(NULL, " ", &rest);
    }
    snprintf(text, size, "%s", word != NULL ? word : "");
    return word != NULL && state != 'Z' && state != 'X';
}

static int on_died(sd_event_source *source, int fd, uint32_t events, void *userdata);

/* Where the kernel would not tell of its end (before Linux 5.3). */
static int watch_by_looking(struct check *check, pid_t pid)
{
    struct process_watch *watch = check->data;
    char started[sizeof(watch->started)];

    if (!read_start(pid, started, sizeof(started)))
        return -ESRCH;
    forget(watch);
    watch->pid = pid;
    memcpy(watch->started, started, sizeof(started));
    check_result(check, true, "process %d lives", (int)pid);
    return 0;
}

/* False: it has ended, and nobody has told. */
static bool still_lives(const struct process_watch *watch)
{
    char started[sizeof(watch->started)];

    return watch->pidfd >= 0 || (read_start(watch->pid, started, sizeof(started)) &&
                                 strcmp(started, watch->started) == 0);
}

/* Watches it if it lives. 0; -ESRCH: it does not; another negative errno. */
static int watch_process(struct check *check, pid_t pid)
{
    struct process_watch *watch = check->data;
    struct pollfd ended = {.fd = older_pidfd(pid), .events = POLLIN};
    int r;

    if (ended.fd == -ENOSYS)
        return watch_by_looking(check, pid);
    if (ended.fd < 0)
        return ended.fd == -EINVAL ? -ESRCH : ended.fd;
    /* One that has ended and was not collected by its parent is there, but dead. */
    if (poll(&ended, 1, 0) > 0) {
        close(ended.fd);
        return -ESRCH;
    }
    forget(watch);
    watch->pidfd = ended.fd;
    watch->pid = pid;
    r = check_source(
        check, &watch->died,
        sd_event_add_io(check->ground->event, &watch->died, ended.fd, EPOLLIN, on_died, check));
    if (r < 0) {
        forget(watch);
        return r;
    }
    check_result(check, true, "process %d lives", (int)pid);
    return 0;
}

/* What the pid file says. */
static void on_look(struct check *check, const struct look_result *result)
{
    const struct config_check *config = &check->config;
    const struct process_watch *watch = check->data;
    char *end;

    if (watch->pid > 0)
        return; /* found meanwhile */
    if (result->error != 0) {
        check_result(check, false, "%s: %s", config->pid_file, strerror(result->error));
        return;
    }
    long pid = strtol(result->text, &end, 10);
    end += strspn(end, " \t\r");
    if (pid <= 0 || pid > INT32_MAX || (*end != '\0' && *end != '\n')) {
        check_result(check, false, "%s holds no process number", config->pid_file);
    } else if (config->executable[0] != '\0' && !is_program((pid_t)pid, config->executable)) {
        check_result(check, false, "process %ld is not %s, or is gone", pid, config->executable);
    } else {
        int r = watch_process(check, (pid_t)pid);
        if (r < 0)
            check_result(check, false, "process %ld: %s", pid, strerror(-r));
    }
}

/* The number of the next process, 0 at the end of /proc. -1: an entry that is none. */
static pid_t next_process(DIR *scan)
{
    const struct dirent *entry = readdir(scan);

    if (entry == NULL)
        return 0;
    return isdigit((unsigned char)entry->d_name[0]) ? (pid_t)atoi(entry->d_name) : -1;
}

/* Nobody but root sees the first process where those of other users are hidden. */
static const char *hint_of_hidden(void)
{
    return access("/proc/1", F_OK) == 0 ? "" : " among those that ProtectProc= lets vipd see";
}

static int on_scan(sd_event_source *source, void *userdata)
{
    struct check *check = userdata;
    struct process_watch *watch = check->data;

    (void)source;
    for (int i = 0; i < ENTRIES_PER_TURN; i++) {
        pid_t pid = next_process(watch->scan);

        if (pid == 0) {
            end_scan(watch);
            check_result(check, false, "there is no process %s%s", check->config.executable,
                         hint_of_hidden());
            return 0;
        }
        if (pid < 0 || !is_program(pid, check->config.executable))
            continue;
        if (watch_process(check, pid) == 0) {
            end_scan(watch);
            return 0;
        }
    }
    return 0;
}

static int start_scan(struct check *check)
{
    struct process_watch *watch = check->data;
    int r;

    if (watch->scan != NULL)
        return 0;
    watch->scan = opendir("/proc");
    if (watch->scan == NULL)
        return -errno;
    r = check_source(check, &watch->scanner,
                     source_add_defer(check->ground->event, &watch->scanner, on_scan, check));
    if (r == 0)
        r = source_set_enabled(watch->scanner, SD_EVENT_ON);
    if (r < 0)
        end_scan(watch);
    return r < 0 ? r : 0;
}

static int look(struct check *check)
{
    const struct process_watch *watch = check->data;

    if (watch->look == NULL)
        return start_scan(check);
    look_start(watch->look, false);
    return 0;
}

/* It may have been replaced already: only when there is no other it is a failure. */
static int on_died(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct check *check = userdata;

    (void)source;
    (void)fd;
    (void)events;
    forget(check->data);
    int r = look(check);
    if (r < 0)
        check_result(check, false, "the process ended; cannot look for another: %s", strerror(-r));
    return 0;
}

static int open_check(struct check *check)
{
    struct process_watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        return -ENOMEM;
    watch->pidfd = -1;
    check->data = watch;
    if (check->config.pid_file[0] == '\0')
        return 0;
    const struct look_options options = {
        .path = check->config.pid_file, .read = true, .inotify = -1, .directory = ""};
    return look_open(check, &options, on_look, &watch->look);
}

static int run(struct check *check)
{
    struct process_watch *watch = check->data;

    if (watch->pid > 0 && !still_lives(watch))
        forget(watch);
    if (watch->pid > 0)
        check_result(check, true, "process %d lives", (int)watch->pid);
    else if (watch->look != NULL && look_hangs(watch->look))
        check_result(check, false, "%s does not answer", check->config.pid_file);
    else if (watch->look == NULL || !look_under_way(watch->look))
        return look(check);
    return 0;
}

/* Looking through /proc comes to its end in any case. */
static void give_up(struct check *check)
{
    const struct process_watch *watch = check->data;

    if (watch->look != NULL)
        look_give_up(watch->look);
}

static void close_check(struct check *check)
{
    struct process_watch *watch = check->data;

    if (watch == NULL)
        return;
    end_scan(watch);
    forget(watch);
    look_close(watch->look);
    free(watch);
}

const struct check_ops check_process_ops = {
    .open = open_check,
    .run = run,
    .give_up = give_up,
    .close = close_check,
};
