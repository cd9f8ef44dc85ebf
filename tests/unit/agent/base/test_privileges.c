/* What is left of what a process was given. Each look is one of a new process, as nothing of it can
 * be taken back. */
#include "agent/base/privileges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct sets {
    uint64_t effective;
    uint64_t permitted;
    uint64_t inheritable;
};

static struct sets look(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    if (syscall(SYS_capget, &header, data) < 0)
        abort();
    return (struct sets){
        .effective = data[0].effective | (uint64_t)data[1].effective << 32,
        .permitted = data[0].permitted | (uint64_t)data[1].permitted << 32,
        .inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32,
    };
}

/* Something to be taken away, as far as we have it. */
static void make_inheritable(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    if (syscall(SYS_capget, &header, data) < 0)
        abort();
    for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        data[i].inheritable = data[i].permitted;
    if (syscall(SYS_capset, &header, data) < 0)
        abort();
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
}

/* The bits of `left` that we have, and nothing that is inherited. */
static int has_only(uint64_t had, uint64_t left)
{
    struct sets now = look();
    bool ambient = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_ADMIN, 0, 0) > 0;

    return now.permitted == (had & left) && now.effective == (had & left) && now.inheritable == 0 &&
                   !ambient
               ? 0
               : 1;
}

static int reduced(uint64_t had)
{
    privileges_reduce();
    return has_only(had, privileges_kept());
}

static int settled(uint64_t had)
{
    privileges_settle();
    return has_only(had, privileges_kept() & ~(UINT64_C(1) << CAP_SYS_NICE));
}

static int given_up(uint64_t had)
{
    privileges_give_up();
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? has_only(had, 0) : 2;
}

static void leaves_what_it_says(void **state)
{
    static int (*const steps[])(uint64_t had) = {reduced, settled, given_up};
    int status;

    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
            make_inheritable();
            _exit(steps[i](look().effective));
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

/* Neither the machine's nor other programs' affairs. */
static void keeps_nothing_of_the_machine(void **state)
{
    static const unsigned others[] = {CAP_SYS_ADMIN, CAP_SYS_MODULE, CAP_SYS_PTRACE, CAP_SYS_RAWIO,
                                      CAP_SYS_BOOT,  CAP_SYS_TIME,   CAP_MKNOD,      CAP_SYS_CHROOT,
                                      CAP_CHOWN,     CAP_SETFCAP,    CAP_SETPCAP,    CAP_MAC_ADMIN};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(privileges_kept() >> others[i] & 1, 0);
    assert_int_equal(privileges_kept() >> CAP_NET_ADMIN & 1, 1);
    assert_int_equal(privileges_kept() >> CAP_NET_RAW & 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_what_it_says),
        cmocka_unit_test(keeps_nothing_of_the_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
