/*
 * vipd-hook: what vipd-hook@NAME.service runs. Root's side of a hook that vipd, which is not root,
 * has started: it reads what vipd tells of the event, and becomes the program of that name, with
 * that and nothing else in its environment.
 *
 * vipd is not trusted here. It chooses the name, of programs that only root can put there; what it
 * has written is read without following links or waiting, and made harmless (hook_unit.h).
 */
#include "lib/config/hook_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EXIT_REFUSED = 126, /* as shells say of what they cannot run */
    EXIT_MISSING = 127,
    OTHERS_WRITE = S_IWGRP | S_IWOTH,
    PATH_SIZE = 4096,
};

static __attribute__((format(printf, 1, 2))) int refuse(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("vipd-hook: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return EXIT_REFUSED;
}

/* ---- What vipd says */

/* The file of the event, or -1: errno. Whoever owns the directory may have put anything there. */
static int open_event(const char *directory, const char *program)
{
    char name[NAME_SIZE + sizeof(HOOK_EVENT_SUFFIX)];
    int from = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    if (from < 0)
        return -1;
    snprintf(name, sizeof(name), "%s" HOOK_EVENT_SUFFIX, program);
    int fd = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int error = errno;
    close(from);
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        fd = -1;
        error = EINVAL;
    }
    errno = error;
    return fd;
}

/* All of it, ended by a NUL, or false. */
static bool read_event(int fd, char *text, size_t size)
{
    size_t used = 0;

    while (used < size) {
        ssize_t n = read(fd, text + used, size - used);

        if (n < 0 && errno != EINTR)
            return false;
        if (n == 0)
            break;
        used += n > 0 ? (size_t)n : 0;
    }
    if (used == size || memchr(text, '\0', used) != NULL)
        return false;
    text[used] = '\0';
    return true;
}

/* One variable a line; into `environment`, behind PATH. */
static bool take_apart(char *text, char **environment)
{
    static char path[] = "PATH=" HOOK_PATH_DEFAULT;
    size_t count = 0;
    char *rest = text;
    char *line;

    environment[count++] = path;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (line[0] == '\0')
            continue;
        if (count == HOOK_VARIABLES_MAX || !hook_unit_clean(line))
            return false;
        environment[count++] = line;
    }
    environment[count] = NULL;
    return true;
}

/* ---- What root has put there */

static bool is_roots(const struct stat *st)
{
    return st->st_uid == 0 && (st->st_mode & OTHERS_WRITE) == 0;
}

/* Nobody but root can put another one in its place: in a directory like /tmp only the owner can. */
static bool is_safe_directory(const char *path)
{
    struct stat st;

    if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != 0)
        return false;
    return (st.st_mode & OTHERS_WRITE) == 0 || (st.st_mode & S_ISVTX) != 0;
}

/* It and all directories above. */
static bool is_safe_path(const char *directory)
{
    char path[PATH_SIZE];
    size_t length = strlen(directory);

    if (directory[0] != '/' || length >= sizeof(path))
        return false;
    memcpy(path, directory, length + 1);
    for (size_t end = length; end > 0; end--) {
        if (end < length && path[end] != '/')
            continue;
        path[end] = '\0';
        if (!is_safe_directory(path))
            return false;
    }
    return is_safe_directory("/");
}

static int check_program(const char *directory, const char *path)
{
    struct stat st;

    if (!is_safe_path(directory))
        return refuse("%s, or a directory above it, is not root's alone to write", directory);
    if (lstat(path, &st) < 0) {
        (void)refuse("%s: %s", path, strerror(errno));
        return EXIT_MISSING;
    }
    if (!S_ISREG(st.st_mode))
        return refuse("%s is no regular file", path);
    if (!is_roots(&st))
        return refuse("%s is not root's alone to write", path);
    if ((st.st_mode & S_IXUSR) == 0)
        return refuse("%s is not executable", path);
    return 0;
}

static int run(const char *events, const char *programs, const char *program)
{
    static char text[HOOK_TEXT_SIZE_MAX];
    char *environment[HOOK_VARIABLES_MAX + 1];
    char path[PATH_SIZE];
    char *const argv[] = {path, NULL};

    if (!hook_unit_name_is_valid(program))
        return refuse("'%s' is no name of a hook", program);
    if (snprintf(path, sizeof(path), "%s/%s", programs, program) >= (int)sizeof(path))
        return refuse("%s: too long", programs);
    int r = check_program(programs, path);
    if (r != 0)
        return r;
    int fd = open_event(events, program);
    if (fd < 0)
        return refuse("what vipd says of the event cannot be read: %s", strerror(errno));
    bool good = read_event(fd, text, sizeof(text)) && take_apart(text, environment);
    close(fd);
    if (!good)
        return refuse("what vipd says of the event is not understood");
    (void)execve(path, argv, environment);
    return refuse("%s cannot be run: %s", path, strerror(errno));
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"events", required_argument, NULL, 'e'},
                                            {"programs", required_argument, NULL, 'p'},
                                            {NULL, 0, NULL, 0}};
    const char *events = HOOK_EVENTS_DIR;
    const char *programs = HOOK_PROGRAMS_DIR;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'e')
            events = optarg;
        else if (option == 'p')
            programs = optarg;
        else
            return EXIT_REFUSED;
    }
    if (optind + 1 != argc)
        return refuse("usage: vipd-hook [--events DIR] [--programs DIR] NAME");
    return run(events, programs, argv[optind]);
}
