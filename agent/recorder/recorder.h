/*
 * The flight recorder: for each interface a ring of the last advertisements, ARP and neighbour
 * discovery of the addresses watched there, and notes (link events, transitions). After an
 * unplanned transition it is written to a file, with what follows in a second.
 *
 * All memory of a ring is allocated when its interface is first used. Transitions on one interface
 * within that second share one recording.
 *
 * The recorder owns its links (link.h: ring, filter, capture) and the writer's thread
 * (recording_writer.h, recording_file.h); which transitions are worth it is policy.h. It uses wire/
 * for frames and hears of interfaces as an observer of the segments; it knows nothing of instances.
 */
#ifndef AGENT_RECORDER_RECORDER_H
#define AGENT_RECORDER_RECORDER_H

#include "agent/recorder/link.h"
#include "agent/wire/segment.h"
#include "lib/control/control.h"

struct recorder;

struct recorder_options {
    sd_event *event;
    const char *state_dir; /* recordings go to a directory in it */
    uint64_t keep_ns;
    unsigned files_max;
    /* A recording that was promised could not be written. */
    void (*on_failed)(void *userdata, const char *path);
    void *userdata;
};

/* 0 or a negative errno, logged. */
int recorder_open(const struct recorder_options *options, struct recorder **out);

/* Writes what is in the making, waiting for the disk only so long. All links are detached. NULL is
 * allowed, as in all of these. */
void recorder_close(struct recorder *recorder);

/* Records every segment opened from now on, until it closes; the segments come to an end before
 * the recorder does. Without a recorder nothing is recorded. */
void recorder_observe(struct recorder *recorder, struct segments *segments);

/* A link appeared or changed, or is gone: noted where it is recorded. */
void recorder_note_link(struct recorder *recorder, const struct link *link, bool present);

/* The link of that name, attached or not; NULL when nobody ever attached to it. */
struct recorder_link *recorder_find(const struct recorder *recorder, const char *ifname);

/* Has the link's ring written for this transition. Returns the path it will have, valid until the
 * next call, or NULL. */
const char *recorder_save(struct recorder *recorder, struct recorder_link *link,
                          const struct history_entry *entry);

struct status_recorder recorder_status(const struct recorder *recorder);

#endif
