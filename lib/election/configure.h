/* New parameters for a virtual router that runs. For election.c only. */
#ifndef VIP_ELECTION_CONFIGURE_H
#define VIP_ELECTION_CONFIGURE_H

#include "lib/election/router.h"

/* Takes over new parameters in any state. */
void election_configure(struct election *e, const struct election_params *params, uint64_t now,
                        struct election_actions *out);

#endif
