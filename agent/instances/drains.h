/*
 * Which instances are drained, and until when: kept in `drained.json` of the state directory, so
 * that a restart of the agent does not bring a node back that the administrator sent away.
 *
 * The file is replaced by rename() a moment after a change, so that many changes are one, and not
 * synced: a disk that stalls must not stall the adverts. It holds wall-clock times, because it has
 * to mean something after a reboot; while the agent runs the time is counted by CLOCK_BOOTTIME.
 */
#ifndef AGENT_INSTANCES_DRAINS_H
#define AGENT_INSTANCES_DRAINS_H

#include "lib/config/config.h"

#include <systemd/sd-event.h>

struct drains;

struct drained {
    char name[NAME_SIZE];
    uint64_t since_wall_ns;
    uint64_t until_boot_ns; /* DEADLINE_NEVER: until resumed */
};

/* Called from the event loop for each instance whose time is up, after it was taken off the list.
 */
typedef void (*drains_expired_fn)(void *userdata, const char *name);

/*
 * Reads the file. One that cannot be read or understood is reported and counts as empty; entries
 * whose time is up and those of instances that `config` does not have are dropped.
 * 0 or a negative errno (out of memory, no timer).
 */
int drains_open(sd_event *event, const char *state_dir, const struct config *config,
                drains_expired_fn expired, void *userdata, struct drains **out);

/* Saves what is not saved yet. NULL is allowed. */
void drains_close(struct drains *drains);

/* The entry of that instance, or NULL. */
const struct drained *drains_find(const struct drains *drains, const char *name);

/* Adds it, or changes its time. False when it is known that it cannot be saved (that is logged
 * when saving fails); it is on the list all the same. */
bool drains_add(struct drains *drains, const char *name, uint64_t until_boot_ns);

/* Takes it off the list, if it is on it. */
void drains_remove(struct drains *drains, const char *name);

#endif
