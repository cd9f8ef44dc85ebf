/*
 * When a descriptor is read: as soon as there is something, while that is now and then. To be woken
 * for each message of a flood costs several times what reading it does, so a flood is looked at
 * every two milliseconds instead, and read many at a time. Where there is less, but whoever is
 * woken finds a few at a time (255 masters at 100 ms, whose adverts come in trains), it is looked
 * at every five: what comes is heard up to six milliseconds later then, resignations too, by who
 * hears 2,000 messages a second and more. Fewer are never waited for, nor are those that come in
 * heaps.
 *
 * Deadlines that what waits may concern are not served before it was read (segments_receive()),
 * whoever looks.
 */
#ifndef AGENT_WIRE_PACE_H
#define AGENT_WIRE_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

enum {
    PACE_WINDOW_MS = 100,
    /* Woken more often than that within the window, it looks: as for a flood... */
    PACE_WOKEN_MAX = 100,
    PACE_LOOK_MS = 2,
    PACE_FLOOD_MIN = 400, /* which one of fewer messages within the window is no longer */
    /* ...or as for crumbs, of at least so many messages. */
    PACE_CRUMBS_WOKEN_MAX = 20,
    PACE_CRUMBS_ENTER = 200,
    PACE_CRUMBS_LOOK_MS = 5,
    PACE_CRUMBS_MIN = 150,
    PACE_CRUMBS_MAX = 1000,   /* more are a flood */
    PACE_CRUMBS_WINDOWS = 20, /* then it is seen whether it is still woken so often */
};

struct pace;

struct pace_options {
    int fd;
    int64_t priority;
    /* Reads what waits and returns how many messages that were. May close the pace. */
    size_t (*read)(void *userdata);
    size_t full; /* as many: more may wait, which is read in the next turn */
    void *userdata;
};

/* Reads from now on. 0 or a negative errno. */
int pace_open(sd_event *event, const struct pace_options *options, struct pace **out);

/* Reads no more. NULL is allowed. */
void pace_close(struct pace *pace);

/* Reads nothing for now, or again. NULL is allowed. */
void pace_rest(struct pace *pace, bool resting);

/* Whether it looks instead of being woken. */
bool pace_looks(const struct pace *pace);

#endif
