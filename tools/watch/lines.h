/* `vipctl watch` where there is no terminal: a line for whatever changes. */
#ifndef TOOLS_WATCH_LINES_H
#define TOOLS_WATCH_LINES_H

#include "tools/watch/feed.h"

struct watch_lines;

/* NULL: out of memory. filter: as in watch_row_matches(), borrowed. */
struct watch_lines *watch_lines_new(const char *filter);
void watch_lines_free(struct watch_lines *lines);

/* Prints what is new since the last call. False: the output is gone. */
bool watch_lines_show(struct watch_lines *lines, const struct watch_feed *feed);

#endif
