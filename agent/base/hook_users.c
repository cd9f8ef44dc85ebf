/* The users of hooks; see hook_users.h. Owner of a list: the configuration it belongs to. */
#include "agent/base/hook_users.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hook_user *find(const struct hook_user *list, const char *name)
{
    while (list != NULL && strcmp(list->name, name) != 0)
        list = list->next;
    return list;
}

const struct account *hook_users_find(const struct hook_user *list, const char *name)
{
    const struct hook_user *found = find(list, name);

    return found != NULL && found->error == 0 ? &found->user : NULL;
}

int hook_users_error(const struct hook_user *list, const char *name)
{
    const struct hook_user *found = find(list, name);

    return found != NULL ? found->error : -ENOENT;
}

int hook_users_add(struct hook_user **list, const struct hook_user *known, const char *name)
{
    const struct account *before = hook_users_find(known, name);
    const struct hook_user *there = find(*list, name);
    struct hook_user *added;

    if (there != NULL)
        return there->error;
    added = calloc(1, sizeof(*added));
    if (added == NULL)
        return -ENOMEM;
    snprintf(added->name, sizeof(added->name), "%s", name);
    if (before != NULL)
        added->user = *before;
    else
        added->error = account_find(name, &added->user);
    added->next = *list;
    *list = added;
    return added->error;
}

void hook_users_free(struct hook_user *list)
{
    while (list != NULL) {
        struct hook_user *next = list->next;

        free(list);
        list = next;
    }
}
