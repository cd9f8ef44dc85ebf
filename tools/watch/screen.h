/* `vipctl watch` on a terminal. */
#ifndef TOOLS_WATCH_SCREEN_H
#define TOOLS_WATCH_SCREEN_H

#include "tools/watch/feed.h"

struct watch_screen;

/* Takes the terminal on stdin and stdout. filter: to begin with; copied. NULL: it is none that can
 * be drawn on, or out of memory. */
struct watch_screen *watch_screen_open(const char *filter, bool colour);

/* Gives it back as it was. NULL is allowed. */
void watch_screen_close(struct watch_screen *screen);

/* Does what the keys say that were pressed. False: quit. */
bool watch_screen_keys(struct watch_screen *screen);

/* Takes the news and draws it all. now_ns: CLOCK_MONOTONIC. */
void watch_screen_draw(struct watch_screen *screen, const struct watch_feed *feed, uint64_t now_ns);

#endif
