/*
 * An account of this system: who a program runs as. Found by its name beforehand, as that may ask a
 * directory service; become by bare system calls, in the new process.
 */
#ifndef AGENT_BASE_ACCOUNT_H
#define AGENT_BASE_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

enum {
    ACCOUNT_GROUPS_MAX = 64,
};

/* All zero: our own. */
struct account {
    bool other; /* than vipd's own */
    bool root;  /* named: its programs have what root has */
    uid_t uid;
    gid_t gid;
    gid_t groups[ACCOUNT_GROUPS_MAX];
    int group_count;
};

/* Looks it up; not while adverts are due in moments. 0, or a negative errno (-ENOENT: there is no
 * such user; -E2BIG: of too many groups). */
int account_find(const char *name, struct account *out);

/* In a new process, between fork() and execve(): becomes that user. False: errno says why. */
bool account_become(const struct account *account);

#endif
