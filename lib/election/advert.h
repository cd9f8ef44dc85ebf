/* What a received advert does to a virtual router. For election.c only. */
#ifndef VIP_ELECTION_ADVERT_H
#define VIP_ELECTION_ADVERT_H

#include "lib/election/router.h"

/* A validated advert, in any state (RFC 9568 6.4). */
void election_advert(struct election *e, const struct election_event *event, uint64_t now,
                     struct election_actions *out);

#endif
