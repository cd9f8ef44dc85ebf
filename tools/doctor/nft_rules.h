/*
 * What an nftables ruleset does with VRRP packets: a walk over the JSON of `nft -j list ruleset`.
 * Pure. A match that it does not know, or that hangs on what cannot be known beforehand, may or may
 * not hold: both ways are followed, and the judgement says that it is not certain.
 */
#ifndef TOOLS_DOCTOR_NFT_RULES_H
#define TOOLS_DOCTOR_NFT_RULES_H

#include "tools/doctor/nft_packet.h"

enum nft_verdict {
    NFT_ACCEPTED = 0,
    NFT_MAY_BE_DROPPED,
    NFT_DROPPED,
};

enum { NFT_NAME_SIZE = 128 };

/* Which base chain is to blame, and what in it, when the packet is not accepted. */
struct nft_judgement {
    enum nft_verdict verdict;
    char family[8];
    char table[NFT_NAME_SIZE];
    char base_chain[NFT_NAME_SIZE];
    char chain[NFT_NAME_SIZE]; /* of the rule: the base chain, or one that it jumps to */
    long long handle;          /* of the rule; 0: the policy of the base chain */
};

/* ruleset: the whole document, {"nftables": [...]}. Follows all hooks that the packet passes on its
 * way to or from a local socket; the worst chain decides. */
struct nft_judgement nft_judge(const json_t *ruleset, const struct nft_packet *packet);

#endif
