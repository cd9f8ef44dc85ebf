/*
 * Transitions on their way to the log and the history: each as it happens, but for those of claims
 * that are refused again and again (instances/refusals.h). What is kept back of these is told as
 * soon as the claim is good, the instance goes another way, or it has waited as BACKUP for longer
 * than an attempt takes.
 */
#ifndef AGENT_PUBLISH_TELLING_H
#define AGENT_PUBLISH_TELLING_H

#include "agent/instances/registry.h"
#include "agent/publish/chronicle.h"

struct telling;

/* 0 or a negative errno. Both are borrowed. */
int telling_open(sd_event *event, const struct registry *registry, struct chronicle *chronicle,
                 struct telling **out);

/* NULL is allowed. */
void telling_close(struct telling *telling);

/* An instance has changed its state. */
void telling_transition(struct telling *telling, struct instance *instance,
                        const struct transition *transition);

/* It has its addresses, or goes: tells what was kept back. */
void telling_end(struct telling *telling, struct instance *instance);

#endif
