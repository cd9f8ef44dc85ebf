/* The part of the agent that tells the world outside how instances stand: log, history, state
 * files, hooks, targets. None of it is done before the adverts and addresses of a transition. */
#ifndef AGENT_PUBLISH_PUBLISH_H
#define AGENT_PUBLISH_PUBLISH_H

#include "agent/agent.h"

/* 0 or a negative errno (logged). */
int agent_publish_open(struct agent *agent);

/* What is still owed is written; what still runs is ended. */
void agent_publish_close(struct agent *agent);

/* An instance has changed its state. */
void agent_publish_transition(struct agent *agent, struct instance *instance,
                              const struct transition *transition);

/* An instance is new, or its configuration or priority has changed. */
void agent_publish_instance(struct agent *agent, struct instance *instance);

/* An instance is gone. */
void agent_publish_removed(struct agent *agent, const char *name);

/* Everything has stopped: ends the loop as soon as the last hook is over, or when it has had its
 * time. */
int agent_publish_finish(struct agent *agent);

#endif
