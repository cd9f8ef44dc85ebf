/* The flight recorder's part in the agent: what it is told, and which transitions it records. */
#ifndef AGENT_PUBLISH_RECORDING_H
#define AGENT_PUBLISH_RECORDING_H

#include "agent/agent.h"

/* Opens the recorder if the configuration wants one; the agent works without it. Needs the event
 * loop, before the first instance starts. */
void agent_recorder_open(struct agent *agent);

/* After the last segment is gone, before the history is. */
void agent_recorder_close(struct agent *agent);

/* A link appeared or changed, or is gone. */
void agent_recorder_link(struct agent *agent, const struct link *link, bool present);

/* Notes the transition, and fills in entry->recording when it is to be recorded. entry is complete
 * but for that. */
void agent_recorder_transition(struct agent *agent, struct instance *instance,
                               struct history_entry *entry);

#endif
