/*
 * What one virtual router remembers of the senders of adverts: a mark for each, which keys share,
 * and what became of its adverts. Room is for more than a cluster has; nobody without a key takes
 * the place of a sender whose tag was right.
 */
#ifndef VIP_PACKET_AUTH_PEERS_H
#define VIP_PACKET_AUTH_PEERS_H

#include "lib/packet/auth.h"

enum { AUTH_PEERS_MAX = 32 };

struct auth_peer {
    struct ip_address address; /* NONE: free */
    struct auth_mark mark;
    uint64_t by_outcome[AUTH_OUTCOMES];
    enum auth_outcome last;
    uint64_t last_utc_ns;
    uint8_t key_id;  /* of the last trailer; 0: it had none */
    int32_t ahead_s; /* its clock of ours, by the last one whose tag was right */
};

struct auth_peers {
    struct auth_peer list[AUTH_PEERS_MAX];
    struct auth_peer others; /* all without a place; address: the last one */
};

/* The place of that sender, or NULL. */
const struct auth_peer *auth_peers_find(const struct auth_peers *peers,
                                        const struct ip_address *address);

/* Gives a sender that mark: of before a restart. */
void auth_peers_set(struct auth_peers *peers, const struct ip_address *address, uint64_t sequence);

/*
 * Judges an advert that packet_receive() has read, counts it for its sender, and raises its mark
 * when both find nothing wrong. read: what packet_receive() said; where that is not PACKET_OK
 * nothing changes, and what comes back is what authentication alone says.
 */
enum auth_outcome auth_peers_receive(struct auth_peers *peers, const struct auth_policy *policy,
                                     const struct advert *advert, enum packet_verdict read,
                                     const struct auth_clock *now);

#endif
