/*
 * An event for an instance, from its beginning to its end: the bundle is stepped, the actions of
 * all that move are carried out, then each instance tells what became of it, the deadline is set,
 * and what was asked for meanwhile is looked at. Nothing else in the room steps a bundle.
 */
#ifndef AGENT_INSTANCES_EVENTS_H
#define AGENT_INSTANCES_EVENTS_H

#include "agent/instances/state.h"

/* One event for one router; carries out what comes of it and sets the deadline. */
void instance_event(struct instance *instance, size_t target, const struct election_event *event);

/* Sets or clears a HOLD_* bit on all routers, where that is a change. */
void instance_set_hold(struct instance *instance, enum election_hold hold, bool want);

/* A check that it follows counts otherwise, or other checks are followed. */
void instance_checks_changed(struct instance *instance);

/* The parameters of the election of that router, by its configuration and checks as they are. */
struct election_params instance_params(const struct instance *instance, size_t index);

/* It was stopped, and its last word may just have been said. */
void instance_look_if_stopped(struct instance *instance);

/* How it stands, for handover.h. last: room for its newest transition, which the view shows. */
struct handover_view instance_handover_view(const struct instance *instance,
                                            struct transition *last);

/* Opens the deadlines of a node that has its loop and its segments. 0 or a negative errno. */
int node_open_deadlines(struct node *node);

/* Puts the deadline of the bundle among the node's. 0 or a negative errno. */
int instance_open_deadline(const struct node *node, struct bundle *bundle);

#endif
