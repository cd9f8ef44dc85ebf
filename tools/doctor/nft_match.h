/* Whether one match of an nftables rule holds for a VRRP packet; used by nft_rules.c. */
#ifndef TOOLS_DOCTOR_NFT_MATCH_H
#define TOOLS_DOCTOR_NFT_MATCH_H

#include "tools/doctor/nft_packet.h"

enum nft_truth { NFT_NO = 0, NFT_MAYBE, NFT_YES };

/* Where named sets are looked up. */
struct nft_scope {
    const json_t *objects; /* the array under "nftables" */
    const char *family;
    const char *table;
    const struct nft_packet *packet;
};

/* A "match" statement: {"op", "left", "right"}. */
enum nft_truth nft_match(const struct nft_scope *scope, const json_t *match);

/* Whether an expression (a "left", the key of a map) has the value `right`. */
enum nft_truth nft_equals(const struct nft_scope *scope, const json_t *left, const json_t *right);

/* The elements of a set or map: inline {"set": [...]} or by name "@name". NULL: not to be found. */
const json_t *nft_elements(const struct nft_scope *scope, const json_t *set);

#endif
