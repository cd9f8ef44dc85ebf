/*
 * The status of all of many instances. Writing one instance's costs a tenth of a millisecond, so
 * all of it is written once for all who have asked before it was begun: nobody gets what is older
 * than his question, and a hundred who ask at once cost what one costs. Who asks while it is being
 * made gets the next one. The loop only notes how things stand; a thread writes and sends it
 * (delivery.h).
 *
 * It is made some instances in a turn, each as it is at that moment. At most
 * PRESS_DELIVERIES_MAX finished ones are kept for those who are still reading, beside the one that
 * is being made: with 4,000 instances each is some 16 MB.
 */
#ifndef AGENT_CONTROL_PRESS_H
#define AGENT_CONTROL_PRESS_H

#include "agent/control/delivery.h"
#include "agent/control/handlers.h"

enum {
    PRESS_DELIVERIES_MAX = 2,
    /* So few are made for each who asks, without all this. */
    PRESS_FEW = 16,
};

struct press;

struct press_options {
    sd_event *outer; /* where the thread tells that it has sent something, at `priority` */
    int64_t priority;
    sd_event *inner;                         /* where the text is made */
    const struct control_handlers *handlers; /* borrowed */
    void (*worked)(void *userdata);          /* a turn was given to it */
    void (*wake)(void *userdata);            /* `inner` has something to do */
    void *userdata;
};

/* 0 or a negative errno. */
int press_open(const struct press_options *options, struct press **out);

/* All who asked must have left. NULL is allowed. */
void press_close(struct press *press);

/* Asks for the status of all; see recipient_new(). NULL: it cannot be had in this way, with so few
 * instances, or no thread, or when it is too long. */
struct recipient *press_ask(struct press *press, int fd, struct byte_queue *before,
                            delivery_fn finished, void *userdata);

/* Who asked goes; the descriptor is closed by this. */
void press_leave(struct press *press, struct recipient *recipient);

/* Somebody waits for it, or for the thread. */
bool press_busy(const struct press *press);

#endif
