/* What is the matter with a router whose adverts are refused or do not arrive, in words. */
#ifndef VIP_ELECTION_REFUSED_PEER_H
#define VIP_ELECTION_REFUSED_PEER_H

#include "lib/election/lan_sighting.h"
#include "lib/election/peer_macs.h"

/* Makes a sighting of LAN_REFUSED_PEER of it. held_for_ns: a claim of our address that is not older
 * counts as still standing. */
void refused_peer_sighting(const struct peer_mac *peer, uint64_t held_for_ns, uint64_t now,
                           struct lan_sighting *out);

/* The sentence. Returns buffer. size: LAN_WARNING_TEXT_SIZE is enough. */
const char *refused_peer_text(const struct lan_sighting *sighting,
                              const struct lan_subject *subject, char *buffer, size_t size);

#endif
