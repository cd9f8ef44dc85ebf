/*
 * A rest from the most urgent work. What the event loop serves first and what never runs dry (a
 * flood of packets) keeps everybody else from a turn: links, signals, the administrator. So it
 * rests now and then, until all others had a turn or for a few milliseconds.
 */
#ifndef AGENT_WIRE_REST_H
#define AGENT_WIRE_REST_H

#include <stdbool.h>
#include <systemd/sd-event.h>

struct rest;

/* Stops (true) or resumes the work. */
typedef void (*rest_fn)(void *userdata, bool resting);

/* 0 or a negative errno. */
int rest_open(sd_event *event, rest_fn fn, void *userdata, struct rest **out);
void rest_close(struct rest *rest);

/* A turn of the work did not finish it: calls fn when others have waited for long. */
void rest_busy(struct rest *rest);

#endif
