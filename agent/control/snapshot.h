/* What the agent tells over the control socket, and what it lets be asked of it. */
#ifndef AGENT_CONTROL_SNAPSHOT_H
#define AGENT_CONTROL_SNAPSHOT_H

#include "agent/agent.h"

/* Opens the history and the control socket. 0 or a negative errno, logged. */
int agent_control_open(struct agent *agent);
void agent_control_close(struct agent *agent);

/* Records an event of vipd itself and tells those who follow. */
void agent_control_event(struct agent *agent, enum history_event event, const char *text);

/* Records a transition of an instance and tells those who follow. */
void agent_control_transition(struct agent *agent, struct instance *instance,
                              const struct transition *transition);

/* Adds something to the history that is no transition of the instance. */
void agent_control_notice(struct agent *agent, const struct instance *instance, const char *notice,
                          const struct evidence *evidence, const char *text);

#endif
