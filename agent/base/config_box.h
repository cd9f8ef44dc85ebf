/*
 * A configuration shared by the instances made from it: after a reload an instance that is still
 * handing over keeps the old one alive until it is done.
 */
#ifndef AGENT_BASE_CONFIG_BOX_H
#define AGENT_BASE_CONFIG_BOX_H

#include "agent/base/hook_users.h"
#include "lib/config/config.h"

struct config_box {
    struct config *config;
    struct hook_user *hook_users; /* of its hook-user keys; NULL before hooks_check() */
    unsigned references;
};

/* Takes ownership of config; one reference for the caller. NULL when out of memory. */
struct config_box *config_box_new(struct config *config);
struct config_box *config_box_ref(struct config_box *box);
void config_box_unref(struct config_box *box);

/* Reads `file` and, when not NULL, the *.conf files of `directory` in name order, and parses them
 * as one. Returns NULL with problems filled in (an unreadable file is one of them). A directory
 * that does not exist is empty. */
struct config_box *config_box_load(const char *file, const char *directory,
                                   struct config_problems *problems);

#endif
