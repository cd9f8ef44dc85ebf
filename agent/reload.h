/* A reload: the new configuration is parsed and checked as a whole, then only what differs is
 * applied. Whether the signal or the control socket asked for it makes no difference here. */
#ifndef AGENT_RELOAD_H
#define AGENT_RELOAD_H

#include "agent/parts.h"

/* 0, or -EINVAL with problems filled in (owned by the caller) and nothing changed but how the last
 * reload went. reply: gets what to answer a control client after a success; may be NULL. */
int reload_run(struct parts *parts, struct config_problems *problems, json_t **reply);

#endif
