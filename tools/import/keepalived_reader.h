/*
 * The files of a keepalived configuration as plain lines: includes followed, comments gone,
 * conditional lines decided, definitions and sequences written out.
 */
#ifndef TOOLS_IMPORT_KEEPALIVED_READER_H
#define TOOLS_IMPORT_KEEPALIVED_READER_H

#include "tools/import/arena.h"

#include <stdbool.h>

/* Where something is written. file: of the arena. */
struct keepalived_place {
    const char *file;
    unsigned line;
};

/* Why nothing can be made of it: "found ..., expected ...". line 0: the file as a whole. */
struct keepalived_error {
    const char *file;
    unsigned line;
    const char *text;
};

struct keepalived_events {
    void *user;
    /* A line with something in it. False: *error of keepalived_read() was filled in, stop. */
    bool (*line)(void *user, const struct keepalived_place *place, const char *text);
    /* Something that was left out, and why. lost: keepalived itself may have used it. */
    void (*left_out)(void *user, const struct keepalived_place *place, const char *text, bool lost,
                     const char *why);
};

/* Reads `path` and what it includes. config_id: of the lines that begin with '@'. Texts of events
 * last for the call only. False: *error says why, its texts are of the arena. */
bool keepalived_read(struct arena *arena, const char *path, const char *config_id,
                     const struct keepalived_events *events, struct keepalived_error *error);

#endif
