/*
 * Whether the link of an instance counts as up. What the kernel tells counts at once, or with
 * link-down-delay and link-up-delay when it has been so for long enough; with follow-link = no a
 * link that is down does not count at all. While one is down that still counts as up a MASTER goes
 * on and a BACKUP draws no conclusion from silence (ELECTION_DEAF).
 */
#ifndef AGENT_INSTANCES_LINK_BELIEF_H
#define AGENT_INSTANCES_LINK_BELIEF_H

#include "agent/instances/state.h"

/* Its interface is there, and so it is. To be called after every change of either, and of its
 * configuration. */
void link_belief_see(struct instance *instance, bool works);

/* Its interface is gone: the next one is believed at first sight. */
void link_belief_forget(struct instance *instance);

/* Frees what it keeps with the instance. */
void link_belief_free(struct instance *instance);

#endif
