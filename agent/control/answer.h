/*
 * Answering one client of the control socket. A long answer is made piece by piece, one instance or
 * history entry in a step, while the client reads: neither time in a step nor memory grows with its
 * length. The status of all of many instances is made for all who ask: press.h.
 */
#ifndef AGENT_CONTROL_ANSWER_H
#define AGENT_CONTROL_ANSWER_H

#include "agent/base/byte_queue.h"
#include "agent/control/handlers.h"
#include "agent/control/press.h"

/* What the answer being made consists of. */
enum answer_kind {
    ANSWER_NONE = 0,
    ANSWER_STATUS,  /* instances from `index` to before `index_end` */
    ANSWER_HISTORY, /* entries from `sequence` to before `sequence_end`, in one reply */
    ANSWER_LATER,   /* one that is still to come */
    ANSWER_FOLLOW,  /* entries from `sequence` on, one in each reply, for ever */
};

/* Owned and embedded by the client. All zero but `handlers`, `press`, `fd`, `uid`, `on_written` and
 * output.size_max to begin with. */
struct control_answer {
    const struct control_handlers *handlers; /* borrowed */
    struct press *press;                     /* borrowed */
    int fd;                                  /* of the client, borrowed */
    /* What was to come later is in the output now; the client is not to be freed in there. */
    void (*on_written)(struct control_answer *answer);
    struct control_later *later; /* what is still to come; NULL: nothing */
    struct recipient
        *recipient;           /* the same; a thread sends it, and what was in the output before */
    struct byte_queue output; /* what is to be sent; the client takes from it */
    enum answer_kind kind;
    uint32_t uid; /* of the client */
    bool failed;  /* no memory, or too much to send: the client has to go */
    bool first;   /* no element of the list was written yet */
    bool filtered;
    char filter[NAME_SIZE];
    size_t index;
    size_t index_end;
    uint64_t sequence;
    uint64_t sequence_end;
};

/* Acts on one message. permitted: methods that change something may be called. False: it is not a
 * message. */
bool control_answer_message(struct control_answer *answer, const char *text, size_t size,
                            bool permitted);

/* The client goes: nobody waits for what is still to come. True: its descriptor was taken over, and
 * is closed later. */
bool control_answer_leave(struct control_answer *answer);

/* True when control_answer_step() has something to write. */
bool control_answer_pending(const struct control_answer *answer);

/* Writes one more piece of the answer begun. */
void control_answer_step(struct control_answer *answer);

#endif
