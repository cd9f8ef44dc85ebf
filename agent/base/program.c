/*
 * Programs for checks. fork() and not vfork() or posix_spawn(): those stop us until the new program
 * is loaded, and one on a hung file system would stop adverts with it.
 *
 * Other threads may exist (a resolver of libcurl): between fork() and execve() only what is safe in
 * a signal handler is called, and identities are changed by the bare system calls.
 */
#include "agent/base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    EXIT_CANNOT_BE_USER = 126,
    EXIT_CANNOT_RUN = 127,
    PIPE_BYTES = 16 * 1024,
};

/* All that the child needs, made before the fork. */
struct plan {
    char *arguments[CHILD_ARGUMENTS_MAX + 1];
    char *environment[3];
    char check[NAME_SIZE + 16];
    const struct check_child_user *user;
    int output;
    pid_t parent;
};

int check_child_find_user(const char *name, struct check_child_user *out)
{
    char buffer[4096];
    struct passwd entry;
    struct passwd *found = NULL;

    *out = (struct check_child_user){0};
    int r = getpwnam_r(name, &entry, buffer, sizeof(buffer), &found);
    if (found == NULL)
        return r != 0 ? -r : -ENOENT;
    out->other = found->pw_uid != geteuid();
    out->uid = found->pw_uid;
    out->gid = found->pw_gid;
    out->group_count = CHILD_GROUPS_MAX;
    if (getgrouplist(name, found->pw_gid, out->groups, &out->group_count) < 0)
        return -E2BIG;
    return 0;
}

/* Says why, in the child. */
static void complain(const char *what, const char *object)
{
    static const char colon[] = ": ";
    const char *why = strerrordesc_np(errno);
    const char *const parts[] = {what, object, colon, why != NULL ? why : "failed", "\n"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (write(STDERR_FILENO, parts[i], strlen(parts[i])) < 0)
            return;
}

/* No program of a check inherits what keeps vipd on time and alive. */
static void become_ordinary(void)
{
    const struct sched_param param = {0};
    const struct rlimit none = {0, 0};
    sigset_t set;
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    (void)sched_setscheduler(0, SCHED_OTHER, &param);
    (void)setrlimit(RLIMIT_RTPRIO, &none);
    (void)setrlimit(RLIMIT_CORE, &none);
    if (fd >= 0) {
        (void)!write(fd, "0", 1);
        close(fd);
    }
    for (int s = 1; s < SIGRTMIN; s++)
        signal(s, SIG_DFL);
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    memset(data, 0, sizeof(data));
    /* Root gets its own back with execve(); everybody else has none. */
    (void)syscall(SYS_capset, &header, data);
}

bool check_child_become(const struct check_child_user *user)
{
    if (!user->other)
        return true;
    return syscall(SYS_setgroups, (size_t)user->group_count, user->groups) == 0 &&
           syscall(SYS_setresgid, user->gid, user->gid, user->gid) == 0 &&
           syscall(SYS_setresuid, user->uid, user->uid, user->uid) == 0;
}

static bool wire_descriptors(int output)
{
    int null = open("/dev/null", O_RDONLY);

    return null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
           dup2(output, STDERR_FILENO) >= 0 && close_range(3, ~0U, 0) == 0;
}

static void __attribute__((noreturn)) run_child(const struct plan *plan)
{
    (void)setpgid(0, 0);
    if (!wire_descriptors(plan->output))
        _exit(EXIT_CANNOT_RUN);
    become_ordinary();
    if (!check_child_become(plan->user)) {
        complain("cannot become its user", "");
        _exit(EXIT_CANNOT_BE_USER);
    }
    drop_capabilities();
    /* After the change of user, which clears it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != plan->parent)
        _exit(EXIT_CANNOT_RUN);
    (void)!chdir("/");
    execve(plan->arguments[0], plan->arguments, plan->environment);
    complain("cannot run ", plan->arguments[0]);
    _exit(EXIT_CANNOT_RUN);
}

static int make_plan(const struct config_words *command, const struct check_child_user *user,
                     const char *check_name, struct plan *out)
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    char *word = (char *)command->text;

    if (command->count > CHILD_ARGUMENTS_MAX)
        return -E2BIG;
    *out = (struct plan){.user = user, .output = -1, .parent = getpid()};
    for (unsigned i = 0; i < command->count; i++) {
        out->arguments[i] = word;
        word += strlen(word) + 1;
    }
    snprintf(out->check, sizeof(out->check), "VIPD_CHECK=%s", check_name);
    out->environment[0] = path;
    out->environment[1] = out->check;
    return 0;
}

int check_child_start(const struct config_words *command, const struct check_child_user *user,
                      const char *check_name, struct check_child *out)
{
    struct plan plan;
    int ends[2];
    int r = make_plan(command, user, check_name, &plan);

    *out = (struct check_child){.pid = -1, .pidfd = -1, .output = -1};
    if (r < 0)
        return r;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    plan.output = ends[1];
    out->output = ends[0];
    /* Less to take up of a program that floods it. */
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
    out->pid = fork();
    r = out->pid < 0 ? -errno : 0;
    if (out->pid == 0)
        run_child(&plan);
    close(ends[1]);
    if (r == 0) {
        /* Whoever of the two is first. */
        (void)setpgid(out->pid, out->pid);
        out->pidfd = pidfd_open(out->pid, 0);
        r = out->pidfd < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
    }
    if (r < 0) {
        if (out->pid > 0) {
            check_child_kill(out);
            (void)waitpid(out->pid, NULL, 0);
        }
        check_child_close(out);
    }
    return r;
}

void check_child_kill(const struct check_child *child)
{
    (void)killpg(child->pid, SIGKILL);
    /* In case it has not got as far as its own group. */
    if (child->pidfd >= 0)
        (void)pidfd_send_signal(child->pidfd, SIGKILL, NULL, 0);
}

bool check_child_collect(const struct check_child *child, int *code)
{
    siginfo_t info = {0};

    if (waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
        info.si_pid == 0)
        return false;
    *code = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
    /* While it is not collected, nobody else can have its number: what it left behind goes first.
     */
    (void)killpg(child->pid, SIGKILL);
    (void)waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED | WNOHANG);
    return true;
}

void check_child_close(struct check_child *child)
{
    if (child->pidfd >= 0)
        close(child->pidfd);
    if (child->output >= 0)
        close(child->output);
    child->pidfd = -1;
    child->output = -1;
}
