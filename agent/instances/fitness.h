/*
 * Whether the interface of an instance can do what the instance asks of it. One that cannot is not
 * taken: the instance is held in INIT (HOLD_UNUSABLE), and says why in log, history and status, for
 * no transition tells it. What is known before anything is tried is lib/config/interface_fit.h;
 * what the kernel refuses is found out by trying.
 */
#ifndef AGENT_INSTANCES_FITNESS_H
#define AGENT_INSTANCES_FITNESS_H

#include "agent/instances/state.h"

/* Judges the link. False: it is not to be used, and the instance is held by that now. */
bool fitness_look(struct instance *instance, const struct link *link);

/* It was tried, with that result: 0, or a negative errno. Holds the instance or lets it go. */
void fitness_tried(struct instance *instance, const struct link *link, int result);

/* Its interface is gone, and what was wrong with it. */
void fitness_forget(struct instance *instance);

/* The instance begins to take part: says what is wrong, if anything is. Before that nobody is told
 * (vipd --release). */
void fitness_say(struct instance *instance);

/* Frees what it keeps with the instance. */
void fitness_free(struct instance *instance);

#endif
