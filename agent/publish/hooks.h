/*
 * Commands that the configuration has run when an instance changes its state. For each instance
 * one runs at a time; when it is over the newest state is next, and states between are passed over.
 * Everything happens behind adverts, deadlines and control: a hook can be late, an advert not.
 */
#ifndef AGENT_PUBLISH_HOOKS_H
#define AGENT_PUBLISH_HOOKS_H

#include "agent/base/config_box.h"
#include "lib/election/reason.h"

#include <systemd/sd-event.h>

enum {
    /* Of all instances together; more wait for their turn. */
    HOOKS_RUNNING_MAX = 64,
    /* Octets of VIPD_ADDRESSES; the kernel refuses a variable of 128 KiB. */
    HOOKS_ADDRESSES_SIZE = 64 * 1024,
};

/* A change of state and the configuration in force at that moment. */
struct hook_event {
    struct config_box *box; /* holds config; borrowed */
    const struct config_instance *config;
    struct transition transition;
    unsigned priority; /* effective */
};

struct hooks;

/* on_idle: the last one is over. 0 or a negative errno. */
int hooks_open(sd_event *event, void (*on_idle)(void *userdata), void *userdata,
               struct hooks **out);

/* Ends what still runs. NULL is allowed. */
void hooks_close(struct hooks *hooks);

/* To be called for every change of state, whether or not it has a hook: it may make an older one
 * that waits obsolete. */
void hooks_transition(struct hooks *hooks, const struct hook_event *event);

/* Nothing runs, nothing waits. */
bool hooks_idle(const struct hooks *hooks);

/*
 * Looks up the users that hooks of `box` run as, unless `before` (the configuration so far; NULL:
 * none) knows them: nothing is looked up when a hook runs. Adds a problem for one that does not
 * exist or that this process could not become (`problems` is as config_box_load() left it). Warns
 * (log) of commands that are not there; they may come later. False: a problem, or out of memory.
 */
bool hooks_check(struct config_box *box, const struct config_box *before,
                 struct config_problems *problems);

#endif
