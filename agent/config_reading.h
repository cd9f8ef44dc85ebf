/*
 * Everything about a new configuration that takes the time of a disk or a name service: its files,
 * its users, the commands of its hooks. At start in the main thread, later in a worker's; so
 * nothing here logs or touches the loop.
 */
#ifndef AGENT_CONFIG_READING_H
#define AGENT_CONFIG_READING_H

#include "agent/base/config_box.h"
#include "agent/publish/hooks_check.h"
#include "lib/config/diff.h"

/* What came of it. */
struct config_reading {
    struct config_box *box; /* NULL: there is a problem, or no memory */
    struct config_problems problems;
    struct hooks_missing missing;   /* of the box, */
    struct config_problems exposed; /* likewise: files of keys and passwords that others can read */
    /* config_reading_compare()'s. */
    struct config_diff diff;
    char *reply;   /* what whoever asked for it is answered when it is put in force, */
    char *preview; /* or when it is only looked at; NULL: nobody wants it, or no memory */
};

/* users: they are looked up too, but for those that `before` (NULL: none) knows; else there are
 * none, and nobody can run a hook. */
void config_reading_run(const char *file, const char *directory, const struct config_box *before,
                        bool users, struct config_reading *out);

/* What it changes of `before`, which must not go before the reading does, and the answers about
 * that: with thousands of instances too much for a loop that others wait for. Without memory the
 * box is taken out of the reading. Nothing is done when there is no box. */
void config_reading_compare(const struct config_box *before, bool reply, bool preview,
                            struct config_reading *reading);

/* Logs what is not as it should be about a configuration that is put in force: of hooks, of files
 * of keys and passwords. In the main thread. */
void config_reading_warn(const struct config_reading *reading);

/* Ends what the caller has not taken out of it. */
void config_reading_free(struct config_reading *reading);

#endif
