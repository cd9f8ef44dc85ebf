/* Accounts; see account.h. */
#include "agent/base/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/syscall.h>
#include <unistd.h>

int account_find(const char *name, struct account *out)
{
    char buffer[4096];
    struct passwd entry;
    struct passwd *found = NULL;

    *out = (struct account){0};
    int r = getpwnam_r(name, &entry, buffer, sizeof(buffer), &found);
    if (found == NULL)
        return r != 0 ? -r : -ENOENT;
    out->other = found->pw_uid != geteuid();
    out->root = found->pw_uid == 0;
    out->uid = found->pw_uid;
    out->gid = found->pw_gid;
    out->group_count = ACCOUNT_GROUPS_MAX;
    if (getgrouplist(name, found->pw_gid, out->groups, &out->group_count) < 0)
        return -E2BIG;
    return 0;
}

/* The functions of libc would tell other threads of it, which there are none of after a fork. */
bool account_become(const struct account *account)
{
    if (!account->other)
        return true;
    return syscall(SYS_setgroups, (size_t)account->group_count, account->groups) == 0 &&
           syscall(SYS_setresgid, account->gid, account->gid, account->gid) == 0 &&
           syscall(SYS_setresuid, account->uid, account->uid, account->uid) == 0;
}
