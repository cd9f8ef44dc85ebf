/* Messages and expressions of nf_tables; see nft_batch.h. */
#include "agent/kernel/nft_batch.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

enum { HEADERS_BYTES = 64 };

/* Where the next message goes, now that the last one is complete. */
static struct nlmsghdr *next_header(struct nft_batch *batch)
{
    const struct nlmsghdr *last =
        (const struct nlmsghdr *)(const void *)&batch->octets[batch->used];

    if (batch->count > 0)
        batch->used += NLMSG_ALIGN(last->nlmsg_len);
    assert(batch->used + HEADERS_BYTES <= batch->size);
    return mnl_nlmsg_put_header(&batch->octets[batch->used]);
}

static struct nlmsghdr *put(struct nft_batch *batch, uint16_t type, uint16_t flags, uint8_t family,
                            uint16_t resource)
{
    struct nlmsghdr *header = next_header(batch);
    struct nfgenmsg *general = mnl_nlmsg_put_extra_header(header, sizeof(*general));

    header->nlmsg_type = type;
    header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    header->nlmsg_seq = batch->sequence + batch->count++;
    *general = (struct nfgenmsg){
        .nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)};
    return header;
}

void nft_batch_begin(struct nft_batch *batch, char *octets, size_t size, uint32_t sequence)
{
    *batch = (struct nft_batch){.octets = octets, .size = size, .sequence = sequence};
    (void)put(batch, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

struct nlmsghdr *nft_batch_message(struct nft_batch *batch, uint16_t type, uint16_t flags)
{
    return put(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), (uint16_t)(NLM_F_ACK | flags),
               NFPROTO_INET, 0);
}

void nft_batch_end(struct nft_batch *batch)
{
    (void)put(batch, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

size_t nft_batch_size(const struct nft_batch *batch)
{
    const struct nlmsghdr *last =
        (const struct nlmsghdr *)(const void *)&batch->octets[batch->used];

    return batch->used + NLMSG_ALIGN(last->nlmsg_len);
}

void nft_put_number(struct nlmsghdr *message, uint16_t type, uint32_t value)
{
    mnl_attr_put_u32(message, type, htonl(value));
}

struct nlattr *nft_expressions(struct nlmsghdr *message)
{
    return mnl_attr_nest_start(message, NFTA_RULE_EXPRESSIONS);
}

/* An expression and its open data. */
struct expression {
    struct nlattr *element;
    struct nlattr *data;
};

static struct expression begin(struct nlmsghdr *message, const char *name)
{
    struct expression e = {.element = mnl_attr_nest_start(message, NFTA_LIST_ELEM)};

    mnl_attr_put_strz(message, NFTA_EXPR_NAME, name);
    e.data = mnl_attr_nest_start(message, NFTA_EXPR_DATA);
    return e;
}

static void end(struct nlmsghdr *message, const struct expression *e)
{
    mnl_attr_nest_end(message, e->data);
    mnl_attr_nest_end(message, e->element);
}

void nft_put_meta(struct nlmsghdr *message, uint32_t key, uint32_t to)
{
    const struct expression e = begin(message, "meta");

    nft_put_number(message, NFTA_META_DREG, to);
    nft_put_number(message, NFTA_META_KEY, key);
    end(message, &e);
}

void nft_put_payload(struct nlmsghdr *message, uint32_t base, uint32_t offset, uint32_t length,
                     uint32_t to)
{
    const struct expression e = begin(message, "payload");

    nft_put_number(message, NFTA_PAYLOAD_DREG, to);
    nft_put_number(message, NFTA_PAYLOAD_BASE, base);
    nft_put_number(message, NFTA_PAYLOAD_OFFSET, offset);
    nft_put_number(message, NFTA_PAYLOAD_LEN, length);
    end(message, &e);
}

void nft_put_compare(struct nlmsghdr *message, uint32_t operation, uint8_t octet)
{
    const struct expression e = begin(message, "cmp");

    nft_put_number(message, NFTA_CMP_SREG, NFT_REG_1);
    nft_put_number(message, NFTA_CMP_OP, operation);
    struct nlattr *data = mnl_attr_nest_start(message, NFTA_CMP_DATA);
    mnl_attr_put_u8(message, NFTA_DATA_VALUE, octet);
    mnl_attr_nest_end(message, data);
    end(message, &e);
}

void nft_put_lookup(struct nlmsghdr *message, const char *set, uint32_t set_id)
{
    const struct expression e = begin(message, "lookup");

    mnl_attr_put_strz(message, NFTA_LOOKUP_SET, set);
    nft_put_number(message, NFTA_LOOKUP_SREG, NFT_REG_1);
    nft_put_number(message, NFTA_LOOKUP_SET_ID, set_id);
    end(message, &e);
}

void nft_put_counter(struct nlmsghdr *message)
{
    const struct expression e = begin(message, "counter");

    end(message, &e);
}

void nft_put_verdict(struct nlmsghdr *message, uint32_t verdict)
{
    const struct expression e = begin(message, "immediate");

    nft_put_number(message, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    struct nlattr *data = mnl_attr_nest_start(message, NFTA_IMMEDIATE_DATA);
    struct nlattr *inner = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);
    nft_put_number(message, NFTA_VERDICT_CODE, verdict);
    mnl_attr_nest_end(message, inner);
    mnl_attr_nest_end(message, data);
    end(message, &e);
}
