/*
 * The interface of an instance whose configuration names none: the one that its unicast peers are
 * reached by (agent/kernel/peer_routes). What becomes of the instance there is instance.c's.
 */
#ifndef AGENT_INSTANCES_WAY_H
#define AGENT_INSTANCES_WAY_H

#include "agent/instances/state.h"

/* Fills in instance->interface, or has the way to the peers followed: changed(instance) is called
 * when it is another one. False: out of memory. */
bool instance_find_way(struct instance *instance, void (*changed)(void *instance));

/* Stops following. */
void instance_forget_way(struct instance *instance);

/* The configuration is another one; its peers may be. */
void instance_change_way(struct instance *instance);

/* False: it is asked for, changed() follows. */
bool instance_way_known(const struct instance *instance);

/* The link of the instance, of either kind. NULL: there is none. */
const struct link *instance_link(struct instance *instance);

/* Says when not all peers are reached by it, once. */
void instance_tell_astray(struct instance *instance);

/* What that is, for a person: fills in buffer. False: they all are, or none is. */
bool instance_astray_text(const struct instance *instance, char *buffer, size_t size);

#endif
