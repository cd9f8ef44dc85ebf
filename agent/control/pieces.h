/*
 * Instances as text for the answers to status of all. Making one costs a tenth of a millisecond,
 * sending it a hundredth; where many ask at the same time, what was made for one of them is good
 * for all who had asked before it was made. So nobody gets what is older than the question, and a
 * hundred who ask at once cost little more than one.
 *
 * Texts are kept only while at least two answers are being made, and freed after the last one: who
 * asks alone costs no memory.
 */
#ifndef AGENT_CONTROL_PIECES_H
#define AGENT_CONTROL_PIECES_H

#include "agent/base/byte_queue.h"
#include "agent/control/handlers.h"

struct pieces;

enum piece_outcome {
    PIECE_NONE,   /* there is no such instance */
    PIECE_KEPT,   /* it was there already */
    PIECE_MADE,   /* it had to be made */
    PIECE_FAILED, /* no memory, or no room in the queue */
};

/* handlers are borrowed. NULL: out of memory. */
struct pieces *pieces_new(const struct control_handlers *handlers);

/* Nobody may be answered any more. NULL is allowed. */
void pieces_free(struct pieces *pieces);

/* An answer to status of all begins, and ends. Returns how long it is to wait: where others are
 * far with theirs more may come, and what is made a little later is good for all of them. */
uint64_t pieces_join(struct pieces *pieces);
void pieces_leave(struct pieces *pieces);

/* Appends the index-th instance, as it was at `since_ns` of the boot clock or later. */
enum piece_outcome pieces_append(struct pieces *pieces, size_t index, uint64_t since_ns,
                                 struct byte_queue *out);

#endif
