/*
 * RUN-DIR/state/INSTANCE: how each instance stands now, for scripts. Lines of name=value that a
 * shell can source; a file is replaced as a whole, and gone when the instance is. A worker writes
 * them, one at a time: whoever has more to write waits for on_ready(), and then writes what is
 * newest.
 */
#ifndef AGENT_PUBLISH_STATE_FILE_H
#define AGENT_PUBLISH_STATE_FILE_H

#include "agent/base/config_box.h"
#include "agent/base/worker.h"
#include "lib/election/reason.h"

struct state_files;

struct state_file {
    struct config_box *box; /* holds config, also while the file is written */
    const struct config_instance *config;
    const char *interface;         /* empty: not known */
    const struct transition *last; /* its `to` is the state */
    uint64_t since_wall_ns;
    unsigned priority; /* effective */
};

struct state_files_options {
    struct worker *worker;    /* borrowed; closed after the files */
    const char *run_dir;      /* NULL: the directory of control_path */
    const char *control_path; /* of the control socket */
    /* In the loop: one was written, another one can be. */
    void (*on_ready)(void *userdata);
    void *userdata;
};

/*
 * Makes the directory and removes what a predecessor left in it; for the start. A directory that
 * is a symbolic link, or somebody else's, is refused: we would write where they want.
 * NULL: cannot be had (logged); the functions below then do nothing.
 */
struct state_files *state_files_open(const struct state_files_options *options);

/* Removes the files too. NULL is allowed. */
void state_files_close(struct state_files *files);

/* Removes what a predecessor left, without making anything. */
void state_files_clear(const char *run_dir, const char *control_path);

/* Failures are logged once, until it works again. False: one is being written, come again. */
bool state_files_write(struct state_files *files, const struct state_file *file);

/* Before what is written later. */
void state_files_remove(struct state_files *files, const char *instance);

#endif
