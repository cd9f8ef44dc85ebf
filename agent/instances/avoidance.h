/* `avoid`: which instances give way here, because another one is MASTER on this node. */
#ifndef AGENT_INSTANCES_AVOIDANCE_H
#define AGENT_INSTANCES_AVOIDANCE_H

#include "agent/instances/state.h"

/* Whether any of them avoids another one, or did when it was last looked at. */
bool avoidance_any(struct instance *const *list, size_t count);

/* Whether the instance gives way otherwise than when it was last looked at; it is noted how. A
 * group gives way as one. */
bool avoidance_changed(struct instance *instance, struct instance *const *list, size_t count);

#endif
