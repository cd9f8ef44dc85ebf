/*
 * Who the hooks and checks of a configuration run as, looked up when it is read: a directory
 * service may take long to answer just when the network fails and hooks are to be run.
 */
#ifndef AGENT_BASE_HOOK_USERS_H
#define AGENT_BASE_HOOK_USERS_H

#include "agent/base/account.h"
#include "lib/limits.h"

struct hook_user {
    char name[NAME_SIZE];
    struct account user;
    int error; /* 0; else a negative errno: why there is none */
    struct hook_user *next;
};

/* What was found for that name, or NULL: hook_users_error() says why. */
const struct account *hook_users_find(const struct hook_user *list, const char *name);

/* Why there is no such account: a negative errno; 0: there is. */
int hook_users_error(const struct hook_user *list, const char *name);

/*
 * Puts it on the list unless it is there, found or not: from `known` (NULL: none), else looked up,
 * which may take as long as a name service likes. 0, or a negative errno (-ENOENT: there is no such
 * user; -ENOMEM: it is not on the list).
 */
int hook_users_add(struct hook_user **list, const struct hook_user *known, const char *name);

/* NULL is allowed. */
void hook_users_free(struct hook_user *list);

#endif
