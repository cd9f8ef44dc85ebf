/*
 * Somebody who looks at frames beside a segment (segment.h) for as long as it is open: the flight
 * recorder.
 */
#ifndef AGENT_WIRE_SEGMENT_OBSERVER_H
#define AGENT_WIRE_SEGMENT_OBSERVER_H

#include "agent/wire/frame_tap.h"
#include "lib/packet/address.h"

#include <stdbool.h>
#include <stddef.h>

struct segment_observer {
    /* Whether it would take a capture of that link, which is then opened for it. Asked once, and
     * again when the link comes back. */
    bool (*wants)(void *userdata, const char *ifname);
    /* Here it is, silent: the observer's until detach(). Returns what it is called by below, or
     * NULL when it does not want it any more. */
    void *(*attach)(void *userdata, const char *ifname, struct frame_tap *tap);
    /* The addresses that the segment's routers share; copied by the callee. */
    void (*watch)(void *observed, const struct ip_address *addresses, size_t count);
    /* Adverts have been sent or received on some link, and the loop is awake by that. */
    void (*passed)(void *observed, uint64_t now_ns);
    /* The segment closes. Returns the capture, silent. */
    struct frame_tap *(*detach)(void *observed);
    void *userdata;
};

#endif
