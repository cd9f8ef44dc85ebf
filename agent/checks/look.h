/*
 * A look at a foreign file, by a thread of the check's own: a file system that hangs (a server that
 * is gone) holds up this check and nothing else. One look at a time.
 */
#ifndef AGENT_CHECKS_LOOK_H
#define AGENT_CHECKS_LOOK_H

#include "agent/checks/check.h"

enum { LOOK_TEXT_SIZE = 65 };

struct look;

struct look_options {
    const char *path;
    bool read;             /* its beginning is wanted, not only whether it is there */
    int inotify;           /* to watch the directory with; -1: it is not watched */
    const char *directory; /* has the file */
    uint32_t events;       /* of the directory: an inotify mask */
};

struct look_result {
    int error; /* an errno; 0: it is there (and was read) */
    char text[LOOK_TEXT_SIZE];
    int watch; /* inotify's number of the directory; -1: it is not watched */
};

/* In the loop, unless it was given up. */
typedef void (*look_fn)(struct check *check, const struct look_result *result);

/* Starts the thread. Texts are copied. 0 or a negative errno. */
int look_open(struct check *check, const struct look_options *options, look_fn done,
              struct look **out);

/* Ends it without waiting; done() is not called any more. NULL is allowed. */
void look_close(struct look *look);

/* watch: the directory is not watched yet. While another look is under way it follows that one. */
void look_start(struct look *look, bool watch);

/* One is under way and was given up, for it does not come back. */
bool look_hangs(const struct look *look);

/* One is under way. */
bool look_under_way(const struct look *look);

/* What is under way is not waited for any more: its result will be passed over. */
void look_give_up(struct look *look);

#endif
