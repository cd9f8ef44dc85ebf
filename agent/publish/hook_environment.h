/* What a hook finds in its environment. */
#ifndef AGENT_PUBLISH_HOOK_ENVIRONMENT_H
#define AGENT_PUBLISH_HOOK_ENVIRONMENT_H

#include "agent/publish/hook_event.h"

enum {
    /* Octets of VIPD_ADDRESSES; the kernel refuses a variable of 128 KiB. */
    HOOKS_ADDRESSES_SIZE = 64 * 1024,
};

/* The name of the key that the command was given with: "on-master". Static text. */
const char *hook_name(enum hook hook);

/* A NULL-terminated list in allocated memory, or NULL when there is none. */
char **hook_environment_new(const struct hook_event *event, enum hook hook);

/* NULL is allowed. */
void hook_environment_free(char **environment);

#endif
