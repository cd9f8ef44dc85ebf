/* From our process to a program that has nothing of it: signals, descriptors, priority, user and
 * capabilities are put right, in that order. Nothing here comes back to the agent. */
#include "agent/base/child_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
    /* As shells have it. */
    STATUS_CANNOT_RUN = 126,
    STATUS_NOT_FOUND = 127,
};

static _Noreturn void give_up(const char *what, const char *object, int error)
{
    dprintf(STDOUT_FILENO, "%s %s: %s\n", what, object, strerror(error));
    _exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

static void reset_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
}

static void connect_streams(int output)
{
    int nothing = open("/dev/null", O_RDONLY);

    (void)dup2(output, STDOUT_FILENO);
    (void)dup2(output, STDERR_FILENO);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0)
        give_up("cannot open", "/dev/null", errno);
    /* Whatever was opened without O_CLOEXEC, by us or by a library. */
    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
}

/* Adverts come first; and the memory of a hook is no reason to spare it when memory runs out. */
static void be_ordinary(void)
{
    const struct sched_param param = {0};
    int fd;

    if (sched_getscheduler(0) != SCHED_OTHER)
        (void)sched_setscheduler(0, SCHED_OTHER, &param);
    fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    /* Without it the program runs all the same. */
    if (write(fd, "0", 1) < 0)
        errno = 0;
    close(fd);
}

_Noreturn void child_exec(const struct child_spec *spec, int output)
{
    (void)setpgid(0, 0);
    reset_signals();
    connect_streams(output);
    be_ordinary();
    if (spec->user != NULL && !check_child_become(spec->user))
        give_up("cannot become", "its user", errno);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (chdir("/") < 0)
        give_up("cannot change to", "/", errno);
    environ = (char **)(uintptr_t)spec->environment;
    execvp(spec->argv[0], spec->argv);
    give_up("cannot run", spec->argv[0], errno);
}
