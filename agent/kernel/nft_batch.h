/*
 * One transaction of nf_tables: messages between a begin and an end, of which the kernel takes all
 * or none, and the expressions that rules are made of (libmnl). What a message says is
 * nft_table.h's business, sending it nft_socket.h's.
 */
#ifndef AGENT_KERNEL_NFT_BATCH_H
#define AGENT_KERNEL_NFT_BATCH_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The memory is the caller's: its octets are enough for all that is put in. */
struct nft_batch {
    char *octets;
    size_t size;
    size_t used;       /* without the last message, which may still grow */
    uint32_t sequence; /* of the first message */
    unsigned count;
};

/* Begins in that memory (of 8 octets' alignment), with these sequence numbers on. */
void nft_batch_begin(struct nft_batch *batch, char *octets, size_t size, uint32_t sequence);

/* A message for nf_tables (NFT_MSG_*) about the family inet; each is acknowledged. The caller adds
 * its attributes before the next one. */
struct nlmsghdr *nft_batch_message(struct nft_batch *batch, uint16_t type, uint16_t flags);

/* Ends it. Without that the kernel only says whether it would do it. */
void nft_batch_end(struct nft_batch *batch);

/* All that is to be sent. */
size_t nft_batch_size(const struct nft_batch *batch);

/* A number as nf_tables has it, in network byte order. */
void nft_put_number(struct nlmsghdr *message, uint16_t type, uint32_t value);

/* An open list of a rule's expressions, and its end. */
struct nlattr *nft_expressions(struct nlmsghdr *message);

/* Each is one expression, into the open list. Registers are NFT_REG_*, the other words those of
 * linux/netfilter/nf_tables.h. */
void nft_put_meta(struct nlmsghdr *message, uint32_t key, uint32_t to);
void nft_put_payload(struct nlmsghdr *message, uint32_t base, uint32_t offset, uint32_t length,
                     uint32_t to);
void nft_put_compare(struct nlmsghdr *message, uint32_t operation, uint8_t octet);
void nft_put_lookup(struct nlmsghdr *message, const char *set, uint32_t set_id);
void nft_put_counter(struct nlmsghdr *message);
void nft_put_verdict(struct nlmsghdr *message, uint32_t verdict);

#endif
