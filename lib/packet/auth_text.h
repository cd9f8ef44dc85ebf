/*
 * Why an advert is not taken for its signature, or for having none, and what mends it: one table
 * for the log, the history, the status and doctor. No key is in any of it.
 */
#ifndef VIP_PACKET_AUTH_TEXT_H
#define VIP_PACKET_AUTH_TEXT_H

#include "lib/packet/auth.h"

struct auth_text {
    const char *cause; /* goes on behind the sender's address: "signs with ..." */
    const char *mend;
};

/* Of a verdict about trailers; NULL: it is none of those. Static text. */
const struct auth_text *auth_text_of_drop(enum packet_verdict verdict);

/* What the status says of a sender by the outcome of its last advert; NULL: all is well. Static
 * text. */
const struct auth_text *auth_text_of_peer(const struct auth_policy *policy,
                                          enum auth_outcome outcome, bool is_signed);

#endif
