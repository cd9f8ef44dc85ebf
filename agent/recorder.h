/*
 * The flight recorder: for each interface a ring of the last advertisements, ARP and neighbour
 * discovery of the addresses watched there, and notes (link events, transitions). It is copied and
 * written to a file shortly after an unplanned transition, so that the takeover itself is in it.
 *
 * All memory of a ring is allocated when its interface is first used; the ring outlives the
 * interface, which may come and go. Transitions on one interface within that short time share one
 * recording.
 */
#ifndef AGENT_RECORDER_H
#define AGENT_RECORDER_H

#include "lib/control.h"

#include <systemd/sd-event.h>

struct recorder;
struct recorder_link;

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

/* Writes what is due, waiting for the disk only so long. NULL is allowed, as in all of these. */
void recorder_close(struct recorder *recorder);

/* Begins to capture on an interface. NULL: no recorder, or it cannot be done (logged). Ends with
 * recorder_detach(), before recorder_close(). */
struct recorder_link *recorder_attach(struct recorder *recorder, const char *ifname);
void recorder_detach(struct recorder_link *link);

/* The addresses whose ARP and ND are kept; copied. */
void recorder_watch(struct recorder_link *link, const struct ip_address *addresses, size_t count);

/* One line about an interface; forgotten when nobody ever attached to it. */
void recorder_note(struct recorder *recorder, const char *ifname, uint64_t wall_ns,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The state of the link, in words; noted when it is another than before. state: static text. */
void recorder_note_link(struct recorder *recorder, const char *ifname, uint64_t wall_ns,
                        const char *state);

/* Has the interface's ring written for this transition. Returns the path it will have, valid until
 * the next call, or NULL. */
const char *recorder_save(struct recorder *recorder, const char *ifname,
                          const struct history_entry *entry);

struct status_recorder recorder_status(const struct recorder *recorder);

#endif
