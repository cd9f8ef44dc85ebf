/*
 * What the administrator asks of an instance: drain, take, resume. They concern all that moves with
 * it: its whole group. How it goes is written down in `handover` of each.
 */
#ifndef AGENT_INSTANCES_REQUESTS_H
#define AGENT_INSTANCES_REQUESTS_H

#include "agent/instances/state.h"

/* Gives mastership away and stays away, until that boot time. force: even if nobody takes over. */
void instance_drain(struct instance *instance, uint64_t id, const struct asker *asker,
                    uint64_t until_boot_ns, bool force);

/* Asks for mastership, once. */
void instance_take(struct instance *instance, uint64_t id, const struct asker *asker);

/* Back into the election: somebody asks, or the time of the drain is over. True when it was drained
 * (or about to be). */
bool instance_resume(struct instance *instance, const struct asker *asker);

/* Before it starts: it was drained when the agent ended, and stays so. */
void instance_stay_drained(struct instance *instance);

#endif
