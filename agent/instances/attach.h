/*
 * Instances whose link is there but could not be used: tried again until it can. What stands in the
 * way is most often told of (another instance leaves, a link goes or is renamed), and if not, time
 * tells. Owner: the agent, which passes on what is told; the instances are the registry's.
 */
#ifndef AGENT_INSTANCES_ATTACH_H
#define AGENT_INSTANCES_ATTACH_H

#include "agent/instances/registry.h"

struct attach;

/* registry is borrowed. 0 or a negative errno. */
int attach_open(sd_event *event, struct registry *registry, struct attach **out);

/* NULL is allowed. */
void attach_close(struct attach *attach);

/* An attempt failed: another one follows after a while. */
void attach_failed(struct attach *attach);

/* What they wait for is free now: they are tried in the next turn of the loop. */
void attach_freed(struct attach *attach);

/* A link changed, which may be what they wait for: tried soon. */
void attach_link_changed(struct attach *attach);

#endif
