/* What hooks are run for. */
#ifndef AGENT_PUBLISH_HOOK_EVENT_H
#define AGENT_PUBLISH_HOOK_EVENT_H

#include "agent/base/config_box.h"
#include "lib/election/reason.h"

/* A change of state, or (HOOK_RIVAL) a state and what was heard in it as evidence, and the
 * configuration in force at that moment. */
struct hook_event {
    struct config_box *box; /* holds config; borrowed */
    const struct config_instance *config;
    char interface[INTERFACE_NAME_SIZE]; /* empty: not known */
    struct transition transition;
    unsigned priority; /* effective */
};

#endif
