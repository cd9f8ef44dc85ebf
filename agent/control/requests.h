/* Drain, Resume and Take of the control socket: which instances are meant, and what to answer. */
#ifndef AGENT_CONTROL_REQUESTS_H
#define AGENT_CONTROL_REQUESTS_H

#include "agent/agent.h"

/* Opens the list of what is drained. Before the first instance. 0 or a negative errno. */
int agent_handover_open(struct agent *agent);

/* One of the three requests. A new reference, or NULL when out of memory. */
json_t *agent_handover_request(struct agent *agent, const struct control_request *request);

/* A new instance that is on the list begins drained. Before instance_start(). */
void agent_handover_restore(struct agent *agent, struct instance *instance);

#endif
