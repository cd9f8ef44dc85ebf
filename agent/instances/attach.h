/* Instances whose link is there but could not be used: tried again until it can. For agent.c only.
 */
#ifndef AGENT_INSTANCES_ATTACH_H
#define AGENT_INSTANCES_ATTACH_H

#include "agent/agent.h"

/* 0 or a negative errno. */
int agent_attach_open(struct agent *agent);
void agent_attach_close(struct agent *agent);

/* An attempt failed: another one follows after a while. */
void agent_attach_failed(struct agent *agent);

/* What they wait for is free now: they are tried in the next turn of the loop. */
void agent_attach_freed(struct agent *agent);

/* A link changed, which may be what they wait for: tried soon. */
void agent_attach_link_changed(struct agent *agent);

#endif
