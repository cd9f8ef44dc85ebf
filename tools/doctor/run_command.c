/* posix_spawn, two pipes, poll; see run_command.h. */
#include "tools/doctor/run_command.h"

#include "tools/common/monotonic.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_BYTES = 65536 };

struct running {
    pid_t pid;
    int output;
    int error;
    char *text;
    size_t used;
    size_t room;
};

/* PATH of an ordinary user lacks where nft is. */
static int spawn_anywhere(pid_t *pid, char *const argv[], const posix_spawn_file_actions_t *actions)
{
    static const char *const folders[] = {"/usr/sbin", "/sbin", "/usr/local/sbin"};
    int r = posix_spawnp(pid, argv[0], actions, NULL, argv, environ);
    char path[256];

    for (size_t i = 0; r == ENOENT && i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folders[i], argv[0]);
        r = posix_spawn(pid, path, actions, NULL, argv, environ);
    }
    return r;
}

static int start(char *const argv[], struct running *running)
{
    posix_spawn_file_actions_t actions;
    int output[2] = {-1, -1};
    int error[2] = {-1, -1};
    int r = 0;

    if (pipe2(output, O_CLOEXEC) < 0 || pipe2(error, O_CLOEXEC) < 0)
        r = errno;
    if (r == 0)
        r = posix_spawn_file_actions_init(&actions);
    if (r == 0) {
        r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (r == 0)
            r = posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
        if (r == 0)
            r = posix_spawn_file_actions_adddup2(&actions, error[1], STDERR_FILENO);
        if (r == 0)
            r = spawn_anywhere(&running->pid, argv, &actions);
        posix_spawn_file_actions_destroy(&actions);
    }
    if (output[1] >= 0)
        close(output[1]);
    if (error[1] >= 0)
        close(error[1]);
    running->output = output[0];
    running->error = error[0];
    return r;
}

/* 1: read something; 0: its end; negative errno. */
static int read_output(struct running *running, size_t max)
{
    if (running->room - running->used < READ_BYTES + 1) {
        size_t room = running->room * 2 + READ_BYTES + 1;
        char *text = realloc(running->text, room);
        if (text == NULL)
            return -ENOMEM;
        running->text = text;
        running->room = room;
    }
    ssize_t n = read(running->output, running->text + running->used, READ_BYTES);
    if (n < 0)
        return errno == EINTR ? 1 : -errno;
    running->used += (size_t)n;
    running->text[running->used] = '\0';
    if (running->used > max)
        return -EFBIG;
    return n > 0;
}

/* Keeps the first line; the rest is read and dropped, so that the program does not wait. 0: end. */
static int read_error(struct running *running, char *error, size_t size)
{
    char text[256];
    ssize_t n = read(running->error, text, sizeof(text) - 1);

    if (n <= 0)
        return n < 0 && errno == EINTR;
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (error[0] == '\0')
        snprintf(error, size, "%.200s", text);
    return 1;
}

static int read_all(struct running *running, size_t max, int64_t until_ms, char *error, size_t size)
{
    struct pollfd waits[] = {{.fd = running->output, .events = POLLIN},
                             {.fd = running->error, .events = POLLIN}};

    while (waits[0].fd >= 0 || waits[1].fd >= 0) {
        int64_t left = until_ms - monotonic_ms();
        int n = left > 0 ? poll(waits, 2, (int)left) : 0;
        if (n == 0)
            return -ETIMEDOUT;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0 && waits[0].revents != 0) {
            int r = read_output(running, max);
            if (r < 0)
                return r;
            waits[0].fd = r == 0 ? -1 : waits[0].fd;
        }
        if (n > 0 && waits[1].revents != 0 && read_error(running, error, size) == 0)
            waits[1].fd = -1;
    }
    return 0;
}

/* Ends it if it does not end by itself. True: it ended well. */
static bool end(pid_t pid, bool kill_it)
{
    int status = 0;
    pid_t r;

    if (kill_it)
        kill(pid, SIGKILL);
    do
        r = waitpid(pid, &status, 0);
    while (r < 0 && errno == EINTR);
    return r == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int run_command(char *const argv[], size_t max, int timeout_ms, struct command_result *out)
{
    struct running running = {.output = -1, .error = -1};
    int64_t until_ms = monotonic_ms() + timeout_ms;
    int r = -start(argv, &running);

    *out = (struct command_result){0};
    if (r == 0) {
        r = read_all(&running, max, until_ms, out->error, sizeof(out->error));
        if (r < 0)
            out->error[0] = '\0';
        if (!end(running.pid, r < 0) && r == 0)
            r = -EIO;
    }
    if (r < 0 && out->error[0] == '\0')
        snprintf(out->error, sizeof(out->error), "%s",
                 r == -ETIMEDOUT ? "does not end" : strerror(-r));
    if (running.output >= 0)
        close(running.output);
    if (running.error >= 0)
        close(running.error);
    if (r == 0) {
        out->output = running.text;
        return 0;
    }
    free(running.text);
    return r;
}
