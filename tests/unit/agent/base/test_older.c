/* A kernel of 2018: what came since is refused to this process, as that kernel would. */
#include "agent/base/older.h"
#include "agent/base/program.h"
#include "tests/unit/emulated.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    CALL_PIDFD_OPEN = 434,
    CALL_CLOSE_RANGE = 436,
    WAIT_MS = 30 * 1000,
};

static int become_old(void **state)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL_PIDFD_OPEN, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL_CLOSE_RANGE, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};

    (void)state;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static void no_process_can_be_watched(void **state)
{
    (void)state;
    assert_int_equal(older_pidfd(getpid()), -ENOSYS);
}

/* Also one that was opened without O_CLOEXEC. */
static void a_program_gets_no_descriptor_of_ours(void **state)
{
    char script[] = "ls /proc/self/fd | wc -l";
    char *const argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, script, NULL};
    char *const environment[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};
    const struct program_spec spec = {.argv = argv, .environment = environment};
    struct program program;
    int ours[40];
    char output[16] = "";
    int status;

    (void)state;
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        ours[i] = dup(STDERR_FILENO);
    assert_int_equal(program_start(&spec, &program), 0);
    struct pollfd fd = {.fd = program.output, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
    assert_true(read(program.output, output, sizeof(output) - 1) > 0);
    assert_int_equal(waitpid(program.pid, &status, 0), program.pid);
    program.pid = 0;
    program_free(&program);
    assert_int_equal(status, 0);
    /* Three streams and the directory that ls reads. */
    assert_string_equal(output, "4\n");
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        close(ours[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_process_can_be_watched),
        cmocka_unit_test(a_program_gets_no_descriptor_of_ours),
    };

    if (emulated_without("seccomp"))
        return EXIT_EMULATED;
    return cmocka_run_group_tests(tests, become_old, NULL);
}
