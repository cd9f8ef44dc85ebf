/*
 * Who the hooks of a configuration run as, looked up when it is read: a directory service may take
 * long to answer just when the network fails and hooks are to be run.
 */
#ifndef AGENT_BASE_HOOK_USERS_H
#define AGENT_BASE_HOOK_USERS_H

#include "agent/base/account.h"
#include "lib/limits.h"

struct hook_user {
    char name[NAME_SIZE];
    struct account user;
    struct hook_user *next;
};

/* What was found for that name, or NULL. */
const struct account *hook_users_find(const struct hook_user *list, const char *name);

/*
 * Puts it on the list unless it is there: from `known` (NULL: none), else looked up, which may take
 * as long as a name service likes. 0, or a negative errno (-ENOENT: there is no such user).
 */
int hook_users_add(struct hook_user **list, const struct hook_user *known, const char *name);

/* NULL is allowed. */
void hook_users_free(struct hook_user *list);

#endif
