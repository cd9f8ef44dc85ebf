/*
 * What a segment has of the kernel, opened, joined again or closed in one go by a worker: each of
 * these takes the RTNL lock, which anybody can keep us waiting for, or waits for all processors.
 * The loop says what is to be done and takes over what came of it; in between this is the thread's.
 */
#ifndef AGENT_WIRE_OPENING_H
#define AGENT_WIRE_OPENING_H

#include "agent/base/worker.h"
#include "agent/wire/advert_io.h"
#include "agent/wire/conflict.h"
#include "agent/wire/failures.h"
#include "agent/wire/frame_tap.h"
#include "agent/wire/memberships.h"

enum { OPENING_FAMILIES = 2 };

/* One family's advert socket. */
struct opening_io {
    struct advert_io_options options;
    bool open;                            /* to be opened */
    const struct advert_io *open_already; /* else; the loop goes on using it */
    struct memberships groups;            /* to be joined, left or renewed by either */
    struct advert_io *io;                 /* opened, or to be closed */
    int result;
    struct wire_problem problem;
};

struct opening {
    struct worker_task task; /* the first */
    char name[INTERFACE_NAME_SIZE];
    struct room *room; /* of the captures: the loop's */
    struct opening_io io[OPENING_FAMILIES];
    bool open_watch;
    bool open_tap;
    struct conflict_watch *watch; /* opened, or to be closed */
    struct frame_tap *tap;
    struct wire_problem watch_problem;
    struct wire_problem tap_problem;
    bool close; /* io, watch and tap are to be closed, nothing else */
};

/* For the task's run. */
void opening_run(struct worker_task *task);

/* Forgets what the last one was about, but for task and name. */
void opening_clear(struct opening *opening);

/* True when there is something to do. */
bool opening_wanted(const struct opening *opening);

/* Says what went wrong, each kind once for all links. */
void opening_log(const struct opening *opening, struct failures *failures);

#endif
