/*
 * A libpcap capture for the flight recorder: advertisements, ARP and neighbour discovery on one
 * link, both directions. It has a handle of its own beside the conflict watch's, because
 *  - the watch is inbound only and must stay so, our own announcements are no claims of others, and
 *    a frame captured on Ethernet does not tell its direction;
 *  - a flood of advertisements must not push claims out of the watch's buffer;
 *  - it need not be prompt: the kernel collects frames for a tenth of a second and wakes us once.
 */
#ifndef AGENT_WIRE_FRAME_TAP_H
#define AGENT_WIRE_FRAME_TAP_H

#include "agent/wire/problem.h"

#include <pcap/pcap.h>
#include <systemd/sd-event.h>

struct frame_tap;

typedef void (*frame_fn)(void *userdata, const struct pcap_pkthdr *header, const u_char *octets);

/* Any thread (setting up the ring waits for the kernel): opens it on a link. 0, or a negative errno
 * and what it was about. */
int frame_tap_open(const char *ifname, struct frame_tap **out, struct wire_problem *problem);

/* Hands on what it captures, from now on. 0 or a negative errno. */
int frame_tap_listen(struct frame_tap *tap, sd_event *event, int64_t priority, frame_fn fn,
                     void *userdata);

/* Hands on nothing more. NULL is allowed. */
void frame_tap_silence(struct frame_tap *tap);

/* Any thread (the kernel waits for all its processors), once it is silent. NULL is allowed. */
void frame_tap_close(struct frame_tap *tap);

/* DLT_ of the frames. */
int frame_tap_datalink(const struct frame_tap *tap);

/* Hands on what the kernel has ready, in a bounded amount of work. */
void frame_tap_drain(struct frame_tap *tap);

/* Frames that the kernel had no room for, since it was opened. */
uint64_t frame_tap_dropped(struct frame_tap *tap);

#endif
