/* The users of hooks; see hook_users.h. Owner of a list: the configuration it belongs to. */
#include "agent/base/hook_users.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct account *hook_users_find(const struct hook_user *list, const char *name)
{
    while (list != NULL && strcmp(list->name, name) != 0)
        list = list->next;
    return list != NULL ? &list->user : NULL;
}

int hook_users_add(struct hook_user **list, const struct hook_user *known, const char *name)
{
    const struct account *before = hook_users_find(known, name);
    struct hook_user *added;
    int r = 0;

    if (hook_users_find(*list, name) != NULL)
        return 0;
    added = calloc(1, sizeof(*added));
    if (added == NULL)
        return -ENOMEM;
    snprintf(added->name, sizeof(added->name), "%s", name);
    if (before != NULL)
        added->user = *before;
    else
        r = account_find(name, &added->user);
    if (r < 0) {
        free(added);
        return r;
    }
    added->next = *list;
    *list = added;
    return 0;
}

void hook_users_free(struct hook_user *list)
{
    while (list != NULL) {
        struct hook_user *next = list->next;

        free(list);
        list = next;
    }
}
