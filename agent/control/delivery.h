/*
 * One long text for many readers, sent by a thread: what it costs to copy it into their sockets is
 * not the loop's time. The text is written first, by the loop, and not changed any more once it is
 * on its way; there is one of it, however many it is for.
 *
 * A reader is dropped that takes nothing for CONTROL_SILENCE_MS_MAX, and, once others wait for the
 * memory of the text, whoever has not taken all of it by then.
 */
#ifndef AGENT_CONTROL_DELIVERY_H
#define AGENT_CONTROL_DELIVERY_H

#include "agent/base/byte_queue.h"
#include "agent/base/worker.h"

struct block;

enum delivery_outcome {
    DELIVERY_WHOLE,  /* it has all of it */
    DELIVERY_FAILED, /* it did not read it, or there was no memory */
    DELIVERY_UNMADE, /* the text is too long to be kept */
};

/* Called in the loop, once. What was to be sent before is in `before`, which may be taken. */
typedef void (*delivery_fn)(void *userdata, enum delivery_outcome outcome,
                            struct byte_queue *before);

/* Who gets it. Made by recipient_new(), freed by the delivery after finished() or by
 * recipient_leave(). */
struct recipient {
    struct recipient *next;
    delivery_fn finished; /* NULL: nobody asks any more */
    void *userdata;
    int fd;
    bool leaving; /* the descriptor is ours to close */
    /* The thread's while it is on its way. */
    struct byte_queue before; /* what is to be sent to it first */
    const struct block *block;
    size_t offset;
    uint64_t moved_ns; /* boot clock; when it took something last */
    bool ended;
    bool whole;
};

struct recipients {
    struct recipient *first;
    struct recipient **end; /* where the next one goes; NULL: at first */
    size_t count;
};

/* A delivery's life: written, on its way, over. */
struct delivery {
    struct worker_task task; /* the first */
    struct worker *worker;   /* borrowed */
    struct recipients recipients;
    struct block *first;
    struct block *last;
    size_t length;
    uint64_t sent_from_ns; /* boot clock */
    bool wanted;           /* others wait for its memory, */
    bool hurried;          /* and its readers have had their time; changes between two runs */
    /* All have it, or are gone; frees the delivery. */
    void (*over)(struct delivery *delivery);
    void *userdata;
};

/* fd is borrowed until it has finished, and written to by nobody else; what is in `before` is taken
 * out of it. NULL: out of memory. */
struct recipient *recipient_new(int fd, struct byte_queue *before, delivery_fn finished,
                                void *userdata);

/* Who asked goes: it is shut down, and closed later. */
void recipient_leave(struct recipient *recipient);

void recipients_add(struct recipients *list, struct recipient *recipient);

void recipients_move(struct recipients *from, struct recipients *to);

/* Frees those that left. Not of a delivery on its way. */
void recipients_sweep(struct recipients *list);

/* finished() for each of them, and they are freed. */
void recipients_finish(struct recipients *list, enum delivery_outcome outcome);

/* NULL: out of memory. */
struct delivery *delivery_new(struct worker *worker, void (*over)(struct delivery *delivery),
                              void *userdata);

/* By one thread at a time. False: out of memory. */
bool delivery_write(struct delivery *delivery, const char *text, size_t length);

/* What was written is void. */
void delivery_clear(struct delivery *delivery);

/* It goes to its recipients; over() follows in a later turn. False: it cannot, and is to be freed.
 */
bool delivery_send(struct delivery *delivery);

/* Others wait for its memory: whoever has had CONTROL_SILENCE_MS_MAX for it has had his time. */
void delivery_hurry(struct delivery *delivery);

/* Not while it is on its way. NULL is allowed. */
void delivery_free(struct delivery *delivery);

#endif
