/*
 * What the world outside is told of instances: the log and the history (chronicle.h), state files,
 * hooks, the service manager's targets and its status line. None of it is done before the adverts
 * and addresses of a transition, and nothing in the loop waits for any of it.
 *
 * This owns state files, hooks and targets; instances are the registry's and the history the
 * chronicle's, both borrowed from the agent. Whoever listens at the control socket hears of a new
 * entry through the chronicle's on_entry: nothing of control/ is known here.
 */
#ifndef AGENT_PUBLISH_PUBLISH_H
#define AGENT_PUBLISH_PUBLISH_H

#include "agent/instances/registry.h"
#include "agent/publish/chronicle.h"

struct publish;

struct publish_options {
    sd_event *event;
    const struct registry *registry;
    struct chronicle *chronicle;
    struct worker *files; /* borrowed, closed after this: writes state files */
    const char *run_dir;  /* of the state files; NULL: that of control_path */
    const char *control_path;
};

/* 0 or a negative errno (logged). */
int publish_open(const struct publish_options *options, struct publish **out);

/* What still runs is ended; the state files go. NULL is allowed. */
void publish_close(struct publish *publish);

/* An instance has changed its state. */
void publish_transition(struct publish *publish, struct instance *instance,
                        const struct transition *transition);

/* An instance that is MASTER has heard this advert, which loses against its own. */
void publish_rival(struct publish *publish, struct instance *instance, const struct advert *advert);

/* An instance is new, or its configuration, its priority or what it waits for has changed. */
void publish_instance(struct publish *publish, struct instance *instance);

/* The kernel has answered for a claim of this one: what waited for that may go on. */
void publish_claimed(const struct publish *publish, struct instance *instance);

/* An instance takes part no more, and holds nothing. */
void publish_stopped(const struct publish *publish, struct instance *instance);

/* An instance is gone; another one of its name may be there already, or NULL. */
void publish_removed(struct publish *publish, const char *name, struct instance *successor);

/* Tells the service manager how things stand. */
void publish_status(const struct publish *publish);

/* Everything has stopped: ends the loop as soon as the last hook is over, or when it has had its
 * time. */
int publish_finish(struct publish *publish);

#endif
