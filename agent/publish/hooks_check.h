/* Whether the hooks of a configuration can be run, told before it is in force. */
#ifndef AGENT_PUBLISH_HOOKS_CHECK_H
#define AGENT_PUBLISH_HOOKS_CHECK_H

#include "agent/base/config_box.h"

enum { HOOKS_MISSING_MAX = 32 };

/* Commands of hooks that are not there; they may come later. */
struct hooks_missing {
    struct {
        const struct config_instance *config; /* of the box that was looked through */
        enum hook hook;
        int error; /* an errno */
    } list[HOOKS_MISSING_MAX];
    size_t count;
};

/* Those that cannot be run; the first of them, if there are very many. A disk may be waited for. */
void hooks_missing_find(const struct config_box *box, struct hooks_missing *out);

/* Warns (log) of them; the box is still there. */
void hooks_missing_log(const struct hooks_missing *missing);

/*
 * Looks up the users that hooks and checks of `box` run as, unless `before` (the configuration so
 * far; NULL: none) knows them: nothing is looked up when a program is started. Adds a problem for a
 * hook's user who does not exist or whom this process could not become (`problems` is as
 * config_box_load() left it); a check of such a user fails instead. May be called from another
 * thread, and does not log. False: a problem, or out of memory.
 */
bool hooks_check(struct config_box *box, const struct config_box *before,
                 struct config_problems *problems);

#endif
