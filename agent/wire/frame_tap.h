/*
 * The flight recorder's capture: advertisements, ARP and neighbour discovery on one link, both
 * directions. It has a socket of its own beside the conflict watch's, because
 *  - the watch is inbound only and must stay so, our own announcements are no claims of others, and
 *    a frame captured on Ethernet does not tell its direction;
 *  - a flood of advertisements must not push claims out of the watch's buffer;
 *  - it need not be prompt: nothing wakes the loop for a frame; they are collected when it is awake
 *    for adverts.
 */
#ifndef AGENT_WIRE_FRAME_TAP_H
#define AGENT_WIRE_FRAME_TAP_H

#include "agent/wire/frame_socket.h"

#include <systemd/sd-event.h>

struct frame_tap;

/* Any thread (the kernel may wait for its processors): opens it on a link. What is captured is read
 * into the room, which outlives it. 0, or a negative errno and what it was about. */
int frame_tap_open(const char *ifname, struct room *room, struct frame_tap **out,
                   struct wire_problem *problem);

/* Hands on what it captures, from now on. 0 or a negative errno. */
int frame_tap_listen(struct frame_tap *tap, sd_event *event, int64_t priority, frame_seen_fn fn,
                     void *userdata);

/* Adverts have passed, and the loop is awake by that: hands on what has been captured, unless that
 * was done a moment ago. */
void frame_tap_collect(struct frame_tap *tap, uint64_t now_ns);

/* Hands on nothing more. NULL is allowed. */
void frame_tap_silence(struct frame_tap *tap);

/* Any thread (the kernel waits for all its processors), once it is silent. NULL is allowed. */
void frame_tap_close(struct frame_tap *tap);

/* DLT_ of the frames: of libpcap. */
int frame_tap_datalink(const struct frame_tap *tap);

/* Hands on what waits in the kernel, in a bounded amount of work. */
void frame_tap_drain(struct frame_tap *tap);

/* Frames that the kernel had no room for, since it was opened. */
uint64_t frame_tap_dropped(struct frame_tap *tap);

#endif
