/* What the keys change and the drawing shows: the state of a full screen, without a terminal. */
#ifndef TOOLS_WATCH_VIEW_H
#define TOOLS_WATCH_VIEW_H

#include "tools/watch/feed.h"

#include <stddef.h>

enum { WATCH_FILTER_SIZE = 64, WATCH_IDENTITY_SIZE = 96 };

struct watch_view {
    char filter[WATCH_FILTER_SIZE];
    char typed[WATCH_FILTER_SIZE]; /* the filter while it is typed */
    bool typing;
    bool help;
    bool paused;
    bool colour;
    size_t scrolled; /* rows above the first one shown */
    /* What is shown: the last answers, or those when it was paused. */
    json_t *status;
    json_t *history;
    char identity[WATCH_IDENTITY_SIZE]; /* of the vipd seen last */
    bool restarted;
    uint64_t restarted_ns;
};

/* Takes the last answers, unless paused, and notices a restart of vipd. */
void watch_view_take(struct watch_view *view, const struct watch_feed *feed, uint64_t now_ns);

/* Drops what it holds. */
void watch_view_end(struct watch_view *view);

#endif
