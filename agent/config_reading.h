/*
 * Everything about a new configuration that takes the time of a disk or a name service: its files,
 * its users, the commands of its hooks. At start in the main thread, later in a worker's; so
 * nothing here logs or touches the loop.
 */
#ifndef AGENT_CONFIG_READING_H
#define AGENT_CONFIG_READING_H

#include "agent/base/config_box.h"
#include "agent/publish/hooks_check.h"

/* What came of it. */
struct config_reading {
    struct config_box *box; /* NULL: there is a problem, or no memory */
    struct config_problems problems;
    struct hooks_missing missing;   /* of the box, */
    struct config_problems exposed; /* likewise: files of keys and passwords that others can read */
};

/* users: they are looked up too, but for those that `before` (NULL: none) knows; else there are
 * none, and nobody can run a hook. */
void config_reading_run(const char *file, const char *directory, const struct config_box *before,
                        bool users, struct config_reading *out);

/* Logs what is not as it should be about a configuration that is put in force: of hooks, of files
 * of keys and passwords. In the main thread. */
void config_reading_warn(const struct config_reading *reading);

/* Ends what the caller has not taken out of it. */
void config_reading_free(struct config_reading *reading);

#endif
