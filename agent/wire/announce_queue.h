/*
 * Announcements with a pause between two addresses on one interface ([node] announce-pause), for
 * switches that throttle. What has to wait is kept here and sent by a timer; nobody waits for it,
 * adverts least of all. Each owner has one announcement an interface at most here: a new one takes
 * the place of the old, so there is never more than all owners announce once. Without a pause
 * everything is sent at once.
 */
#ifndef AGENT_WIRE_ANNOUNCE_QUEUE_H
#define AGENT_WIRE_ANNOUNCE_QUEUE_H

#include "agent/wire/neighbour_io.h"

#include <systemd/sd-event.h>

struct announce_queue;

/* io is borrowed and closed later. 0 or a negative errno. */
int announce_queue_open(sd_event *event, struct neighbour_io *io, struct announce_queue **out);

/* What waits is dropped. NULL is allowed. */
void announce_queue_close(struct announce_queue *queue);

/* The pause from now on; 0: none, and what waits is sent. */
void announce_queue_set_pause(struct announce_queue *queue, uint64_t pause_ns);

/* Sends the first address as soon as the pause allows (on an idle interface before it returns), the
 * others behind it; all of it is copied. 0, or the first negative errno of what was sent at once;
 * later ones are logged. */
int announce_queue_add(struct announce_queue *queue, const void *owner,
                       const struct announcement *what);

/* The owner does not hold its addresses any more, or is gone. */
void announce_queue_drop(struct announce_queue *queue, const void *owner);

#endif
