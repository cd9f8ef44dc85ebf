/*
 * An answer that is given later: whoever asked waits for it at the control socket without holding
 * up anything, and may be gone when it comes. Made by the asker; the answerer must answer once, at
 * once or in a later turn of the loop.
 */
#ifndef AGENT_CONTROL_LATER_H
#define AGENT_CONTROL_LATER_H

#include <jansson.h>

struct control_later;

/* answer() gets the reply as a text of that length, which it borrows; NULL: out of memory. NULL:
 * out of memory. */
struct control_later *
control_later_new(void (*answer)(void *userdata, const char *text, size_t length), void *userdata);

/* The asker is gone: nobody hears the answer. NULL is allowed. */
void control_later_forget(struct control_later *later);

/* Hands the reply over and ends it all. Steals reply. NULL is allowed: nobody asked. */
void control_later_answer(struct control_later *later, json_t *reply);

/* The same with a reply that is text already: a long one is made where that holds nobody up.
 * Borrows it. */
void control_later_answer_text(struct control_later *later, const char *text, size_t length);

/* The text of a reply, owned by the caller. Steals reply. NULL: out of memory. */
char *control_later_text(json_t *reply);

#endif
