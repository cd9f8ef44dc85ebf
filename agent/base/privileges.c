/* Capabilities; see privileges.h. Refusals are not errors: who may not give something up (the unit
 * filters capset()) has been given little. */
#include "agent/base/privileges.h"

#include <linux/capability.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) (UINT64_C(1) << (capability))

enum { WORD_BITS = 32 };

static const unsigned kept[] = {
    CAP_NET_ADMIN,    /* addresses, links, routes, rules, nf_tables */
    CAP_NET_RAW,      /* adverts, announcements, recordings */
    CAP_IPC_LOCK,     /* what is mapped later is locked, too */
    CAP_SYS_NICE,     /* until scheduling is set */
    CAP_SETUID,       /* programs of another user, */
    CAP_SETGID,       /* likewise, */
    CAP_KILL,         /* and their end */
    CAP_DAC_OVERRIDE, /* files of user vipd, where root starts it by hand */
};

uint64_t privileges_kept(void)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        bits |= BIT(kept[i]);
    return bits;
}

/* Of this thread: at most `bits`, and nothing for what is run. Bare system calls: it is called in a
 * new process, too. */
static void limit(uint64_t bits)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capget, &header, data) < 0)
        return;
    for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        data[i].permitted &= (uint32_t)(bits >> (i * WORD_BITS));
        data[i].effective &= data[i].permitted;
        data[i].inheritable = 0;
    }
    (void)syscall(SYS_capset, &header, data);
}

void privileges_reduce(void)
{
    limit(privileges_kept());
}

void privileges_settle(void)
{
    limit(privileges_kept() & ~BIT(CAP_SYS_NICE));
}

void privileges_give_up(void)
{
    limit(0);
    /* Otherwise root gets all of its own back with execve(). */
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
