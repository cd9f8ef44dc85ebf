/* Whether the hooks of a configuration can be run, told before it is in force. */
#ifndef AGENT_PUBLISH_HOOKS_CHECK_H
#define AGENT_PUBLISH_HOOKS_CHECK_H

#include "agent/base/config_box.h"

/*
 * Looks up the users that hooks of `box` run as, unless `before` (the configuration so far; NULL:
 * none) knows them: nothing is looked up when a hook runs. Adds a problem for one that does not
 * exist or that this process could not become (`problems` is as config_box_load() left it). Warns
 * (log) of commands that are not there; they may come later. False: a problem, or out of memory.
 */
bool hooks_check(struct config_box *box, const struct config_box *before,
                 struct config_problems *problems);

#endif
