/* What can be seen on the LAN that is odd, and whose it is: the types that those who find it, keep
 * it and word it share. */
#ifndef VIP_ELECTION_LAN_SIGHTING_H
#define VIP_ELECTION_LAN_SIGHTING_H

#include "lib/election/reason.h"
#include "lib/packet/neighbour_frame.h"
#include "lib/packet/packet.h"

enum lan_warning_kind {
    LAN_EQUAL_PRIORITY = 0,     /* two masters met, and have the same priority */
    LAN_SECOND_MASTER,          /* a lower priority goes on as master: it does not hear us */
    LAN_DUPLICATE_VRID,         /* our VRID for addresses none of which is ours */
    LAN_ADDRESS_LISTS_DIFFER,   /* a router of ours lists other addresses, in part */
    LAN_PEER_LISTS_OTHER,       /* a unicast peer sends to another address than we send from */
    LAN_LOOPED_PACKETS,         /* our own adverts come back to us */
    LAN_DUPLICATE_NODE_ADDRESS, /* another node sends from our own address */
    LAN_REFUSED_PEER,           /* a router that is not heard or not accepted; see refused_peer.h */
    LAN_OWN_INTERFACE,          /* another interface of this node answers for our address */
    LAN_WARNINGS,               /* how many kinds there are */
};

enum {
    LAN_WARNING_TEXT_SIZE = REASON_TEXT_SIZE, /* they go into the history too */
};

struct lan_sighting {
    enum lan_warning_kind kind;
    struct ip_address peer;
    uint8_t mac[MAC_SIZE];
    bool has_mac;
    uint8_t priority;            /* theirs */
    size_t address_count;        /* DUPLICATE_VRID, ADDRESS_LISTS_DIFFER: that only one side has,
                                    REFUSED_PEER: of ours that it holds */
    struct ip_address sample;    /* one of them; PEER_LISTS_OTHER: the one it sends to */
    bool missing_here;           /* and whether it is they who have it */
    enum packet_verdict verdict; /* REFUSED_PEER: of its adverts; PACKET_OK: they do not arrive */
    bool is_signed;              /* SECOND_MASTER: its adverts are */
    uint8_t version;             /* and their version */
    bool delivered;              /* and whether any was delivered here */
    char interface[INTERFACE_NAME_SIZE]; /* OWN_INTERFACE: which one */
};

/* Whose warnings they are, for the wording. */
struct lan_subject {
    const char *interface;
    uint8_t vrid;
    uint8_t priority;
    uint8_t version;
    bool unicast;
    bool signs; /* its adverts go out signed */
    struct ip_address source;
};

#endif
