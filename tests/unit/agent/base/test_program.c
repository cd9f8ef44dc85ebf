/* What a program finds when it is run: in its output, its process group and its exit status. */
#include "agent/base/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WAIT_MS = 30 * 1000,
    OUTPUT_SIZE = 4096,
};

static char path[] = "PATH=/usr/bin:/bin";
static char *environment[] = {path, NULL};

/* Reads all of its output, then reaps it. Returns the status of wait(). */
static int finish(struct program *program, char *output)
{
    struct pollfd fd = {.fd = program->output, .events = POLLIN};
    size_t used = 0;
    int status;

    for (;;) {
        assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
        ssize_t n = read(program->output, output + used, OUTPUT_SIZE - 1 - used);
        if (n <= 0)
            break;
        used += (size_t)n;
    }
    output[used] = '\0';
    assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
    program->pid = 0;
    program_free(program);
    assert_int_equal(program->output, -1);
    return status;
}

static int run_as(const struct account *user, char *const *argv, bool probe, char *output)
{
    const struct program_spec spec = {
        .argv = argv, .environment = environment, .user = user, .probe = probe};
    struct program program;

    assert_int_equal(program_start(&spec, &program), 0);
    return finish(&program, output);
}

static int run(char *const *argv, bool probe, char *output)
{
    return run_as(NULL, argv, probe, output);
}

static void has_nothing_of_ours(void **state)
{
    /* Signals 32 and 33 are the C library's own: nobody else can set them, and some who start us
     * ignore them. */
    char script[] = "grep -E '^(SigBlk|SigIgn|CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs)' "
                    "/proc/self/status | tr -s '\\t' ' ' |"
                    "sed -E 's/(SigIgn: 0{7})[01][08]0{7}$/\\1000000000/';"
                    "ls /proc/self/fd | wc -l; pwd; env | grep -vE '^(_|PWD|OLDPWD|SHLVL)='";
    char *const argv[] = {"/bin/sh", "-c", script, NULL};
    int ours = dup(STDERR_FILENO);
    char output[OUTPUT_SIZE];
    sigset_t set;

    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    for (int probe = 0; probe < 2; probe++) {
        assert_int_equal(run(argv, probe == 1, output), 0);
        /* Three streams and the directory that ls reads. */
        assert_string_equal(output, "SigBlk: 0000000000000000\nSigIgn: 0000000000000000\n"
                                    "CapInh: 0000000000000000\nCapPrm: 0000000000000000\n"
                                    "CapEff: 0000000000000000\nCapAmb: 0000000000000000\n"
                                    "NoNewPrivs: 1\n4\n/\nPATH=/usr/bin:/bin\n");
    }
    assert_int_equal(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
    close(ours);
}

static void cannot_put_itself_before_us(void **state)
{
    char script[] = "ulimit -r; [ $(ulimit -l) -le 8192 ] && echo little";
    char *const argv[] = {"/bin/bash", "-c", script, NULL};
    char output[OUTPUT_SIZE];

    (void)state;
    for (int probe = 0; probe < 2; probe++) {
        assert_int_equal(run(argv, probe == 1, output), 0);
        assert_string_equal(output, "0\nlittle\n");
    }
}

/* Its capabilities are told apart from none: which root has is the machine's affair. */
static void only_a_named_root_has_what_root_has(void **state)
{
    static const struct account ours = {0};
    static const struct account root = {.root = true};
    char script[] = "grep -qE '^CapEff:.*0000000000000000$' /proc/self/status && echo none;"
                    "grep NoNewPrivs /proc/self/status | tr -d '\t'";
    char *const argv[] = {"/bin/sh", "-c", script, NULL};
    char output[OUTPUT_SIZE];

    (void)state;
    if (geteuid() != 0)
        skip();
    for (int probe = 0; probe < 2; probe++) {
        assert_int_equal(run_as(&ours, argv, probe == 1, output), 0);
        assert_string_equal(output, "none\nNoNewPrivs:1\n");
        assert_int_equal(run_as(&root, argv, probe == 1, output), 0);
        assert_string_equal(output, "NoNewPrivs:0\n");
    }
}

static void says_why_it_cannot_be_run(void **state)
{
    char *const missing[] = {"/nonexistent/program", NULL};
    char *const directory[] = {"/", NULL};
    char output[OUTPUT_SIZE];

    (void)state;
    for (int probe = 0; probe < 2; probe++) {
        assert_int_equal(WEXITSTATUS(run(missing, probe == 1, output)), 127);
        assert_string_equal(output, "cannot run /nonexistent/program: No such file or directory\n");
        assert_int_equal(WEXITSTATUS(run(directory, probe == 1, output)), 126);
        assert_string_equal(output, "cannot run /: Permission denied\n");
    }
}

static void only_a_probe_is_run_as_it_stands(void **state)
{
    char *const argv[] = {"true", NULL};
    char output[OUTPUT_SIZE];

    (void)state;
    assert_int_equal(run(argv, false, output), 0);
    assert_int_equal(WEXITSTATUS(run(argv, true, output)), 127);
}

static void a_signal_reaches_all_that_it_started(void **state)
{
    char *const argv[] = {"/bin/sh", "-c", "sleep 60 & sleep 60; true", NULL};
    const struct program_spec spec = {.argv = argv, .environment = environment};
    struct program program;
    char output[OUTPUT_SIZE];

    (void)state;
    assert_int_equal(program_start(&spec, &program), 0);
    pid_t pid = program.pid;
    assert_int_equal(getpgid(pid), pid);
    program_signal(&program, SIGKILL);
    /* The output ends when nobody has it any more. */
    int status = finish(&program, output);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

    assert_int_equal(program_start(&spec, &program), 0);
    pid = program.pid;
    program_free(&program);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_nothing_of_ours),
        cmocka_unit_test(cannot_put_itself_before_us),
        cmocka_unit_test(only_a_named_root_has_what_root_has),
        cmocka_unit_test(says_why_it_cannot_be_run),
        cmocka_unit_test(only_a_probe_is_run_as_it_stands),
        cmocka_unit_test(a_signal_reaches_all_that_it_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
