/*
 * When a descriptor is read: as soon as there is something, while that is now and then. To be woken
 * for each message of a flood costs several times what reading it does, so a flood is looked at
 * every two milliseconds instead, and read many at a time. Deadlines that what waits may concern
 * are not served before it was read (segments_receive()), whoever looks.
 */
#ifndef AGENT_WIRE_PACE_H
#define AGENT_WIRE_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

enum {
    /* So many times within PACE_WINDOW_MS the loop is woken; after that it looks. */
    PACE_WOKEN_MAX = 100,
    PACE_WINDOW_MS = 100,
    PACE_LOOK_MS = 2,
    /* Fewer messages than that within the window are no flood: 255 masters send 255 at 100 ms, and
     * come together in a few wake-ups. */
    PACE_FLOOD_MIN = 400,
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
