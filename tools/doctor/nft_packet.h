/* The VRRP packet that a ruleset is asked about, and what it has in the places that expressions of
 * nftables name. */
#ifndef TOOLS_DOCTOR_NFT_PACKET_H
#define TOOLS_DOCTOR_NFT_PACKET_H

#include "lib/packet/address.h"

#include <jansson.h>

/* The packets asked about. Prefixes shorter than a host's mean "somebody in there". */
struct nft_packet {
    struct ip_prefix source;
    struct ip_prefix destination; /* of the same family; its address alone says multicast or not */
    bool outgoing;
    const char *interface; /* where it comes in or leaves */
};

enum nft_value_kind {
    NFT_VALUE_UNKNOWN = 0,
    NFT_VALUE_ABSENT, /* the packet has no such header: no match holds, not even "!=" */
    NFT_VALUE_NUMBER,
    NFT_VALUE_TEXT,
    NFT_VALUE_ADDRESS,
    NFT_VALUE_STATE, /* of connection tracking */
};

/* What a packet has in the place that an expression names. */
struct nft_value {
    enum nft_value_kind kind;
    unsigned number;
    const char *text; /* also the name of a number: "vrrp" */
    struct ip_prefix prefix;
};

/* What it has where the expression (a "left") looks. */
struct nft_value nft_packet_value(const struct nft_packet *packet, const json_t *expression);

bool nft_packet_is_multicast(const struct nft_packet *packet);

#endif
