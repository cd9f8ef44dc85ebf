/*
 * A segment and all of them, shared by the files that make it work: segment.h (who is on it, what
 * is opened and heard) and segment_send.h. For those only.
 */
#ifndef AGENT_WIRE_SEGMENT_STATE_H
#define AGENT_WIRE_SEGMENT_STATE_H

#include "agent/base/worker.h"
#include "agent/kernel/links.h"
#include "agent/wire/failures.h"
#include "agent/wire/opening.h"
#include "agent/wire/rest.h"
#include "agent/wire/roster.h"
#include "agent/wire/segment_client.h"
#include "agent/wire/segment_filter.h"
#include "agent/wire/segment_observer.h"

enum { FAMILY_SLOTS = OPENING_FAMILIES };

struct segment {
    struct opening opening; /* the first; submitted: the worker is at it */
    struct segment *next;
    struct segments *owner;
    int ifindex;
    struct advert_io *io[FAMILY_SLOTS];
    int error[FAMILY_SLOTS]; /* why there is none */
    struct conflict_watch *watch;
    struct frame_tap *tap; /* the observer's while there is one */
    void *observed;        /* the observer's; NULL: not observed */
    bool captures_due;
    struct memberships groups[FAMILY_SLOTS];
    bool renewal_due[FAMILY_SLOTS];
    bool watch_due;
    bool posted; /* something waits in an outbox */
    bool left;   /* by the last client: off the list, silent, to be closed */
    struct segment_client *clients;
    unsigned count[FAMILY_SLOTS]; /* of them */
    struct roster roster;
    struct segment_filter filter[FAMILY_SLOTS]; /* what is nobody's */
};

struct segments {
    sd_event *event;
    struct links *links;
    void (*on_busy)(void *userdata);
    void *userdata;
    void (*on_pass)(void *userdata); /* NULL: nobody wants to know */
    void *on_pass_userdata;
    struct segment_observer observer; /* all NULL: nobody */
    struct rest *rest;
    struct room *room;          /* what all their sockets are read into */
    struct outbox_shelf *shelf; /* what waits to be sent by them */
    struct worker *worker;      /* NULL: none yet */
    struct failures failures;
    bool holds;
    bool put_off; /* what is watched: until segments_watch_due() */
    struct segment *list;
};

/* Adverts were sent or received, as far as they were due: tells whoever goes along with them. */
void segments_passed(struct segments *segments);

#endif
