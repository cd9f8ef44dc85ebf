/*
 * Snapshots of the running node for the control socket: how it stands at this moment, as JSON.
 * Nothing here decides or changes anything.
 */
#ifndef AGENT_CONTROL_SNAPSHOT_H
#define AGENT_CONTROL_SNAPSHOT_H

#include "agent/base/realtime.h"
#include "agent/instances/registry.h"
#include "agent/recorder/recorder.h"

enum { SNAPSHOT_PROBLEM_SIZE = 512 };

/* What only the agent as a whole knows; it keeps this up to date. */
struct snapshot_facts {
    struct config_box *box; /* the configuration in force */
    struct realtime realtime;
    uint64_t started_wall_ns;
    uint64_t reloaded_wall_ns; /* 0: never */
    bool reload_failed;
    char reload_problem[SNAPSHOT_PROBLEM_SIZE]; /* the first one, when it failed */
};

/* Where the node is looked at. All borrowed. */
struct snapshot_sources {
    const struct snapshot_facts *facts;
    const struct registry *registry;
    const struct reconciler *reconciler;
    const struct recorder *recorder; /* NULL: off */
};

/* The node without its instances. A new reference, or NULL when out of memory; so below. */
json_t *snapshot_node(const struct snapshot_sources *sources);

json_t *snapshot_instance(const struct instance *instance);

/* The same, not written yet: control_instance_pack(). */
size_t snapshot_pack(const struct instance *instance, void *room, size_t size);

#endif
