/*
 * The parts of a node that an instance works with, and what it tells the agent. Owned by the agent;
 * an instance only borrows it.
 */
#ifndef AGENT_NODE_H
#define AGENT_NODE_H

#include "agent/checks.h"
#include "agent/links.h"
#include "agent/neighbour_io.h"
#include "agent/reconciler.h"
#include "agent/segment.h"
#include "lib/reason.h"

struct instance;

struct node {
    sd_event *event;
    struct links *links;
    struct checks *checks;
    struct reconciler *reconciler;
    struct neighbour_io *neighbours;
    struct segments *segments;

    /* The instance moved as a whole. */
    void (*on_transition)(void *userdata, struct instance *instance,
                          const struct transition *transition);
    /* It was stopped and holds nothing any more: it may be freed in a later turn of the loop. */
    void (*on_stopped)(void *userdata, struct instance *instance);
    /* True when any instance claims that address as a virtual one. */
    bool (*is_virtual)(void *userdata, const struct ip_address *address);
    void *userdata;
};

#endif
