/*
 * The raised priority of a take: the highest one that is not the owner's, which makes any other
 * master yield (RFC 9568 6.4.3), until that one has been silent for a while; then the own priority
 * again. A peer of higher priority that preempts takes it back after that, as it is configured to.
 */
#ifndef VIP_ELECTION_RAISED_H
#define VIP_ELECTION_RAISED_H

#include "lib/election/router.h"

/* taking: adverts the raised priority from now on. deposed_ns: the deposed master's interval. */
void election_raise(struct election *e, uint64_t deposed_ns, uint64_t now);

/* Somebody adverts that priority while ours is raised. */
void election_raised_advert(struct election *e, uint8_t priority, uint64_t now);

/* Back to the own priority when it is time. */
void election_lower_due(struct election *e, uint64_t now, struct election_actions *out);

#endif
