/*
 * Which instances are drained, and until when: kept in `drained.json` of the state directory, so
 * that a restart of the agent does not bring a node back that the administrator sent away.
 *
 * The file is replaced by a worker a moment after a change, so that many changes are one: a disk
 * that stalls must not stall the adverts. One that fails is tried again, and said once. It holds
 * wall-clock times, because it has to mean something after a reboot; while the agent runs the time
 * is counted by CLOCK_BOOTTIME.
 */
#ifndef AGENT_INSTANCES_DRAINS_H
#define AGENT_INSTANCES_DRAINS_H

#include "agent/base/worker.h"
#include "lib/config/config.h"

#include <systemd/sd-event.h>

struct drains;

/* Who asked: a user, or (known false) time itself, when a drain is over. */
struct asker {
    bool known;
    uint32_t uid;
};

struct drained {
    char name[NAME_SIZE];
    uint64_t since_wall_ns;
    struct asker asker;     /* not known: of a list that an older vipd has left */
    uint64_t until_boot_ns; /* DEADLINE_NEVER: until resumed */
};

enum drains_saved {
    DRAINS_SAVED = 0,
    DRAINS_NOT_SAVED, /* it failed */
    DRAINS_SAVING,    /* it takes long: the disk does not answer */
};

struct drains_options {
    sd_event *event;
    struct worker *worker; /* borrowed; closed after the drains */
    const char *state_dir; /* borrowed */
    /* Called from the event loop for each instance whose time is up, after it was taken off the
     * list. */
    void (*expired)(void *userdata, const char *name);
    /* Called from the event loop some time after a change: whether the list is on the disk. */
    void (*saved)(void *userdata, enum drains_saved saved);
    void *userdata;
};

/*
 * Reads the file. One that cannot be read or understood is reported and counts as empty; entries
 * whose time is up and those of instances that `config` does not have are dropped.
 * 0 or a negative errno (out of memory, no timer).
 */
int drains_open(const struct drains_options *options, const struct config *config,
                struct drains **out);

/* What is not saved yet becomes the worker's last task of it. NULL is allowed. */
void drains_close(struct drains *drains);

/* The entry of that instance, or NULL. */
const struct drained *drains_find(const struct drains *drains, const char *name);

/* Adds it, or changes its time and who asked; options.saved() tells whether that is kept. False:
 * out of memory, it is not on the list. */
bool drains_add(struct drains *drains, const char *name, uint64_t until_boot_ns,
                const struct asker *asker);

/* Takes it off the list, if it is on it. */
void drains_remove(struct drains *drains, const char *name);

#endif
