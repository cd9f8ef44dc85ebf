/*
 * The flight recorder of one interface: its ring, the capture that fills it, and the recording that
 * is being put together. It outlives the interface, which may come and go.
 *
 * A recording is the ring as it is right after the transition, and then piece by piece what follows
 * for a little more than a second: with much traffic the ring holds less than that, and the
 * takeover would push out what led to it.
 */
#ifndef AGENT_RECORDER_LINK_H
#define AGENT_RECORDER_LINK_H

#include "agent/recorder/recording_file.h"
#include "agent/wire/frame_tap.h"

#include <systemd/sd-event.h>

struct recorder_link;

struct recorder_link_options {
    sd_event *event;
    const char *ifname;
    uint64_t keep_ns;
    /* A recording is complete, and the callee's; NULL: there was no memory for it. */
    void (*on_complete)(void *userdata, const char *path, struct recording *recording);
    void *userdata;
};

/* Allocates the ring; captures nothing yet. 0 or a negative errno. */
int recorder_link_new(const struct recorder_link_options *options, struct recorder_link **out);
void recorder_link_free(struct recorder_link *link);

const char *recorder_link_name(const struct recorder_link *link);

/* True while it has a capture. */
bool recorder_link_attached(const struct recorder_link *link);

/* Takes the capture and records what it finds. 0 or a negative errno, logged: not taken. */
int recorder_link_attach(struct recorder_link *link, struct frame_tap *tap);

/* Adverts have passed there: takes in what was captured, unless that was done a moment ago. */
void recorder_link_collect(struct recorder_link *link, uint64_t now_ns);

/* Gives it back, read to its end and silent. */
struct frame_tap *recorder_link_detach(struct recorder_link *link);

/* The addresses whose ARP and ND are kept; copied. NULL is allowed. */
void recorder_link_watch(struct recorder_link *link, const struct ip_address *addresses,
                         size_t count);

/* One line of text into the ring. */
void recorder_link_note(struct recorder_link *link, uint64_t wall_ns, const char *text);

/* Notes the link's state, in words (static text), when it is another than before. */
void recorder_link_state(struct recorder_link *link, uint64_t wall_ns, const char *state);

/* The path of the recording in the making, or NULL. */
const char *recorder_link_recording(const struct recorder_link *link);

/* Begins a recording, in a later turn of the loop. None may be in the making. 0 or a negative
 * errno. */
int recorder_link_record(struct recorder_link *link, const char *path, const char *about);

/* Completes the recording in the making now. */
void recorder_link_flush(struct recorder_link *link);

#endif
