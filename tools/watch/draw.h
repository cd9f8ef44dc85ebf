/* Draws the full screen on the terminal that ncurses has. */
#ifndef TOOLS_WATCH_DRAW_H
#define TOOLS_WATCH_DRAW_H

#include "tools/watch/view.h"

/* All of it, from the top to the line of keys. Scrolling is kept within the table. feed: for what
 * is shown even when paused: trouble, and a restart. now_ns: CLOCK_MONOTONIC. */
void watch_draw(struct watch_view *view, const struct watch_feed *feed, uint64_t now_ns);

#endif
