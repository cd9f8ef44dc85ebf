/*
 * RUN-DIR/state/INSTANCE: how each instance stands now, for scripts. Lines of name=value that a
 * shell can source; a file is replaced as a whole, and gone when the instance is.
 */
#ifndef AGENT_PUBLISH_STATE_FILE_H
#define AGENT_PUBLISH_STATE_FILE_H

#include "lib/config/config.h"
#include "lib/election/reason.h"

struct state_files;

struct state_file {
    const struct config_instance *config;
    const struct transition *last; /* its `to` is the state */
    uint64_t since_wall_ns;
    unsigned priority; /* effective */
};

/*
 * Makes the directory and removes what a predecessor left in it.
 * run_dir: NULL for the directory of control_path. NULL: cannot be had (logged); the functions
 * below then do nothing.
 */
struct state_files *state_files_open(const char *run_dir, const char *control_path);

/* Removes the files too. NULL is allowed. */
void state_files_close(struct state_files *files);

/* Removes what a predecessor left, without making anything. */
void state_files_clear(const char *run_dir, const char *control_path);

/* Failures are logged once, until it works again. */
void state_files_write(struct state_files *files, const struct state_file *file);
void state_files_remove(struct state_files *files, const char *instance);

#endif
