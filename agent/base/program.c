/*
 * From our process to a program that has nothing of it. fork() and not vfork() or posix_spawn():
 * those stop us until the new program is loaded, and one on a hung file system would stop adverts
 * with it.
 *
 * Other threads may exist (the HTTP worker): between fork() and execve() only what is safe in a
 * signal handler is called, and identities are changed by the bare system calls.
 */
#include "agent/base/program.h"

#include "agent/base/descriptors.h"
#include "agent/base/older.h"
#include "agent/base/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    /* As shells have it. */
    STATUS_CANNOT_RUN = 126,
    STATUS_NOT_FOUND = 127,
    PROBE_PIPE_BYTES = 16 * 1024,
    /* As the kernel has it to begin with. */
    LOCKED_BYTES = 8 * 1024 * 1024,
};

/* ---- In the new process */

/* Says why in its output. */
static _Noreturn void give_up(const char *what, const char *object, int error)
{
    const char *why = older_error_text(error);
    const char number[] = {'e',
                           'r',
                           'r',
                           'o',
                           'r',
                           ' ',
                           (char)('0' + error / 100 % 10),
                           (char)('0' + error / 10 % 10),
                           (char)('0' + error % 10),
                           '\0'};
    const char *const parts[] = {what, object, ": ", why != NULL ? why : number, "\n"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (write(STDOUT_FILENO, parts[i], strlen(parts[i])) < 0)
            break;
    _exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

static void reset_signals(void)
{
    sigset_t none;

    for (int s = 1; s < SIGRTMIN; s++)
        (void)signal(s, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void connect_streams(int output)
{
    int nothing = open("/dev/null", O_RDONLY);

    if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
        _exit(STATUS_CANNOT_RUN);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0)
        give_up("cannot open ", "/dev/null", errno);
    /* Whatever was opened without O_CLOEXEC, by us or by a library. */
    older_close_from(STDERR_FILENO + 1);
}

static void lower(int resource, rlim_t to)
{
    struct rlimit limit;

    if (getrlimit((__rlimit_resource_t)resource, &limit) < 0 || limit.rlim_max <= to)
        return;
    limit = (struct rlimit){to, to};
    (void)setrlimit((__rlimit_resource_t)resource, &limit);
}

/* Adverts come first, so it cannot put itself before them either; and its memory is no reason to
 * spare it when memory runs out. Without these the program runs all the same. */
static void be_ordinary(void)
{
    const struct sched_param param = {0};
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    (void)sched_setscheduler(0, SCHED_OTHER, &param);
    lower(RLIMIT_RTPRIO, 0);
    lower(RLIMIT_MEMLOCK, LOCKED_BYTES);
    descriptors_lower();
    if (fd < 0)
        return;
    (void)!write(fd, "0", 1);
    close(fd);
}

/* After the change of user, which clears the last of it. */
static void be_a_probe(pid_t parent)
{
    lower(RLIMIT_CORE, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        _exit(STATUS_CANNOT_RUN);
}

/* After the change of user likewise. */
static void end_with(pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (getppid() != parent)
        _exit(STATUS_CANNOT_RUN);
}

static _Noreturn void become(const struct program_spec *spec, int output, pid_t parent)
{
    (void)setpgid(0, 0);
    reset_signals();
    connect_streams(output);
    be_ordinary();
    if (spec->user != NULL && !account_become(spec->user))
        give_up("cannot become", " its user", errno);
    if (spec->user == NULL || !spec->user->root)
        privileges_give_up();
    if (spec->probe)
        be_a_probe(parent);
    else if (spec->dies_with_us)
        end_with(parent);
    if (chdir("/") < 0)
        give_up("cannot change to ", "/", errno);
    environ = (char **)(uintptr_t)spec->environment;
    if (spec->probe)
        (void)execv(spec->argv[0], spec->argv);
    else
        (void)execvp(spec->argv[0], spec->argv);
    give_up("cannot run ", spec->argv[0], errno);
}

/* ---- On our side */

int program_start(const struct program_spec *spec, struct program *out)
{
    pid_t parent = getpid();
    int ends[2];

    *out = (struct program){.output = -1};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    out->output = ends[0];
    /* Less to take up of one that floods it. */
    if (spec->probe)
        (void)fcntl(ends[0], F_SETPIPE_SZ, PROBE_PIPE_BYTES);
    /* Our end alone: a program's output is not expected to be non-blocking. */
    int r = fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
    pid_t pid = r < 0 ? -1 : fork();
    if (pid == 0)
        become(spec, ends[1], parent);
    if (r == 0 && pid < 0)
        r = -errno;
    close(ends[1]);
    if (r < 0) {
        program_free(out);
        return r;
    }
    out->pid = pid;
    /* Here as well as there: whoever is first. */
    (void)setpgid(pid, pid);
    return 0;
}

void program_signal(const struct program *program, int signal)
{
    if (program->pid > 0)
        (void)killpg(program->pid, signal);
}

void program_free(struct program *program)
{
    if (program->pid > 0) {
        program_signal(program, SIGKILL);
        (void)waitpid(program->pid, NULL, 0);
    }
    if (program->output >= 0)
        close(program->output);
    *program = (struct program){.output = -1};
}
