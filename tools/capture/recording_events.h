/* The events of a flight recording: the text file beside the frames (see vipd(8)). */
#ifndef TOOLS_CAPTURE_RECORDING_EVENTS_H
#define TOOLS_CAPTURE_RECORDING_EVENTS_H

#include <stddef.h>
#include <stdint.h>

struct recording_event {
    uint64_t wall_ns;
    const char *text;
};

struct recording_events {
    char *content; /* owned; the texts are in it */
    struct recording_event *list;
    size_t count;
    size_t next; /* the first that was not taken yet */
};

/* Of the recording whose frames are in path. Nothing when there are none: any other capture. */
void recording_events_load(const char *path, struct recording_events *out);
void recording_events_free(struct recording_events *events);

/* The next one that is not after that time, or NULL. */
const struct recording_event *recording_events_until(struct recording_events *events,
                                                     uint64_t wall_ns);

#endif
