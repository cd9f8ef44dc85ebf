/*
 * The deadlines of everything that adverts: a heap, and one timer of the event loop for the first
 * of them. So a node with many instances costs a wake-up for all that is due at a time, not one for
 * each, and what they send meanwhile can leave together (`before` and `after`).
 *
 * Putting a deadline off costs a comparison: an advert every 100 ms puts off the one in 360 ms for
 * which it is never reached. Its place in the heap stays, and is looked at again when its time
 * comes. Times are boot time in ns. Nothing is allocated but by deadlines_add().
 */
#ifndef AGENT_BASE_DEADLINES_H
#define AGENT_BASE_DEADLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct deadlines;

/* Its owner's, who fills in what is above `at_ns`, and lets it alone from deadlines_add() to
 * deadlines_remove(). */
struct deadline {
    void (*fn)(void *userdata); /* it is due, and not set any more */
    void *userdata;
    uint64_t at_ns;     /* DEADLINE_NEVER: not set */
    uint64_t looked_ns; /* when the heap looks at it; not later than at_ns */
    size_t place;       /* in the heap; 0: not added */
};

struct deadlines_options {
    int64_t priority;
    /* Around a turn in which something is due; the first may put it off, or remove it. NULL:
     * nothing. */
    void (*before)(void *userdata);
    void (*after)(void *userdata);
    void *userdata;
};

/* 0 or a negative errno. */
int deadlines_open(sd_event *event, const struct deadlines_options *options,
                   struct deadlines **out);

/* All have been removed. NULL is allowed. */
void deadlines_close(struct deadlines *deadlines);

/* Makes room for it, not set. 0 or -ENOMEM. */
int deadlines_add(struct deadlines *deadlines, struct deadline *deadline);

/* Harmless when it was not added. Also from its own fn. */
void deadlines_remove(struct deadlines *deadlines, struct deadline *deadline);

/* Sets it, or with DEADLINE_NEVER unsets it: then it may still cost one wake-up. */
void deadline_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t at_ns);

/* The loop is awake for something else, which may have put much off: sees to it that it is not
 * woken for what has been put off for long. */
void deadlines_look_ahead(struct deadlines *deadlines);

/* True between turns of it: more was due than one serves. */
bool deadlines_behind(const struct deadlines *deadlines);

/* Serves all that is due now, each once, in its order. The timer does so, a bounded number a turn;
 * this is for whoever keeps the loop waiting. Harmless from a deadline's own fn. */
void deadlines_serve(struct deadlines *deadlines);

#endif
