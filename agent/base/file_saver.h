/*
 * One small file that is replaced as a whole, by a worker's thread: what is newest is written, and
 * what it makes obsolete before its turn comes is not. The new text is written beside the file and
 * renamed, and not synced unless that is asked for. Nobody waits for the disk.
 */
#ifndef AGENT_BASE_FILE_SAVER_H
#define AGENT_BASE_FILE_SAVER_H

#include "agent/base/worker.h"

struct file_saver;

struct file_saver_options {
    struct worker *worker; /* borrowed; closed after the saver */
    const char *directory; /* made if it is missing, its parents are not */
    const char *name;      /* of the file in it */
    unsigned directory_mode;
    unsigned file_mode;
    bool synced; /* it is to outlive a loss of power */
    /* In the loop, when nothing newer waits: whether it was written, 0 or a negative errno. */
    void (*saved)(void *userdata, int error);
    void *userdata;
};

/* Texts are copied. 0 or -ENOMEM. */
int file_saver_open(const struct file_saver_options *options, struct file_saver **out);

/* Takes the text over (from malloc()). False: no memory, or the worker has too much to do; the text
 * is freed and saved() is not called. */
bool file_saver_put(struct file_saver *saver, char *text);

/* What waits becomes the worker's; saved() is not called any more. NULL is allowed. */
void file_saver_close(struct file_saver *saver);

#endif
