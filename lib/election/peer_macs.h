/*
 * Who on the LAN speaks VRRP with our VRID, and from which machine: peers, former peers, and
 * senders whose adverts are refused. A machine that is known here and claims our address is no
 * stranger: what is wrong is that the two routers do not hear or do not accept each other.
 *
 * A plain value for one virtual router: what was heard and the time go in. Adverts come without
 * the sender's MAC; frames that have it are captured for one sender at a time, until it is known.
 * Bounded: of more senders those that were never accepted and are silent for longest are forgotten.
 * The room for them is the owner's.
 */
#ifndef VIP_ELECTION_PEER_MACS_H
#define VIP_ELECTION_PEER_MACS_H

#include "lib/limits.h"
#include "lib/packet/neighbour_frame.h"
#include "lib/packet/packet.h"

enum {
    PEER_MACS = 6,
    /* Between those of the sender that is genuine one of the other will be. */
    PEER_MAC_LOOKS = 32,
};

/* One that was found so long ago is looked for anew. */
#define PEER_MAC_KNOWN_NS (60 * NS_PER_SEC)

struct peer_mac {
    struct ip_address source; /* NONE: free */
    uint8_t mac[MAC_SIZE];
    bool has_mac;
    /* Whose frames from that address are refused for their signature or password: of somebody who
     * only pretends to be there it is not the one above. */
    uint8_t refused_mac[MAC_SIZE];
    bool has_refused_mac;
    uint64_t refused_at; /* when it was seen last */
    unsigned looks;      /* frames that are still to be captured to find it */
    bool delivered;      /* its adverts reach the socket; else only the capture has seen them */
    bool accepted;       /* one was, at some time */
    uint8_t verdict;     /* enum packet_verdict of the last one */
    uint8_t version;     /* of the last one; 0: not read */
    uint64_t heard_at;   /* delivered or captured */
    struct ip_address claimed; /* the address of ours that it claimed last; NONE: none */
    uint64_t claimed_at;
};

/* All zero: nobody was heard, and there is room for nobody. */
struct peer_macs {
    struct peer_mac *list; /* the owner's; what is free is all zero */
    size_t room;           /* up to PEER_MACS */
};

/* For how many there should be room, now that this one is heard: most hear one other node in all
 * their life. Not less than there is. */
size_t peer_macs_room(const struct peer_macs *peers, const struct ip_address *source);

/* True for a verdict that tells of a router of this cluster with another configuration: its adverts
 * are refused for what they say, not because they are damaged or somebody else's. */
bool peer_macs_tells(enum packet_verdict verdict);

/* An advert with our VRID that reached us, and what became of it. version: as it says, 0: unknown.
 * Nothing is noted of verdicts that tell nothing. */
void peer_macs_hear(struct peer_macs *peers, const struct ip_address *source,
                    enum packet_verdict verdict, uint8_t version, uint64_t now);

/* A frame with an advert of our VRID was captured; refused: one that is refused for its signature
 * or password. */
void peer_macs_frame(struct peer_macs *peers, const struct ip_address *source,
                     const uint8_t mac[MAC_SIZE], bool refused, uint64_t now);

/* The machine claims an address of ours. NULL: it is not known. */
struct peer_mac *peer_macs_claim(struct peer_macs *peers, const uint8_t mac[MAC_SIZE],
                                 const struct ip_address *address, uint64_t now);

/* The one whose frames have that MAC. NULL: there is none. */
const struct peer_mac *peer_macs_machine(const struct peer_macs *peers,
                                         const uint8_t mac[MAC_SIZE]);

/* The one with that address. NULL: there is none. */
const struct peer_mac *peer_macs_source(const struct peer_macs *peers,
                                        const struct ip_address *source);

/* Whose frames are to be captured, because the MAC is not known, or whose are refused is not; NULL:
 * nobody's. */
const struct ip_address *peer_macs_unknown(const struct peer_macs *peers);

#endif
