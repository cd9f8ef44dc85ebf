/*
 * What moves together on this node: the elections of one instance, or of all instances of a
 * [group], side by side as lib/election/group wants them, with the one deadline they share. Made by
 * the first instance that needs it, kept by references; an instance of the group that is not there
 * (yet) counts as stopped, so the others wait for it.
 */
#ifndef AGENT_INSTANCES_BUNDLE_H
#define AGENT_INSTANCES_BUNDLE_H

#include "agent/base/config_box.h"
#include "agent/base/deadlines.h"
#include "lib/election/group.h"

struct instance;

/* One instance's share: its elections are `first` .. `first + count - 1`. */
struct bundle_share {
    const char *name; /* the bundle's */
    size_t first;
    size_t count;
    struct instance *instance; /* NULL: not there */
};

/* One block: the elections stand behind it, and then the shares and their names. */
struct bundle {
    unsigned references;
    struct election *elections;
    size_t count;
    struct bundle_share *shares; /* in the order that all nodes agree on */
    size_t share_count;
    struct election_actions *actions; /* one for each election; NULL: few enough for the stack */
    struct deadlines *deadlines;      /* NULL: `deadline` is not among them yet */
    struct deadline deadline;         /* of all elections, the first one */
};

enum { BUNDLE_STACK_ELECTIONS = 2 };

/* The `linger` of an instance. In a group all keep answering until the slowest of them can have a
 * successor: the peer takes over as a whole too. 0: the election's own default. */
uint64_t bundle_linger_ns(const struct config *config, const struct config_instance *instance);

/* For the instance and all that are in its group. NULL when out of memory. */
struct bundle *bundle_new(const struct config *config, const struct config_instance *instance);

struct bundle *bundle_ref(struct bundle *bundle);
void bundle_unref(struct bundle *bundle);

/* The share of the instance of that name, or NULL. */
struct bundle_share *bundle_share(struct bundle *bundle, const char *name);

/* Gives the event to the share, or to the whole bundle where it is for all. actions: one list for
 * each election. */
void bundle_step(struct bundle *bundle, const struct bundle_share *share, size_t target,
                 const struct election_event *event, uint64_t now,
                 struct election_actions *actions);

/* True while any of them keeps addresses for a successor. */
bool bundle_lingering(const struct bundle *bundle);

#endif
