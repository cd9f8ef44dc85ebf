/*
 * Talks to nf_tables: a transaction is taken as a whole or refused, and what is there is counted.
 * It may wait for the kernel's locks: for a worker's thread.
 */
#ifndef AGENT_KERNEL_NFT_SOCKET_H
#define AGENT_KERNEL_NFT_SOCKET_H

#include "agent/kernel/nft_batch.h"

struct nft_socket;

/* 0 or a negative errno (-EPROTONOSUPPORT: the kernel has no netfilter). */
int nft_socket_open(struct nft_socket **out);
void nft_socket_close(struct nft_socket *socket);

/* Under which messages of the kernel name it as the one who changed something. */
uint32_t nft_socket_port(const struct nft_socket *socket);

/* The sequence number to begin a batch with. */
uint32_t nft_socket_sequence(const struct nft_socket *socket);

/* Sends it and waits (1 s at most) for every acknowledgement. 0, or the first negative errno: then
 * nothing was changed. */
int nft_socket_send(struct nft_socket *socket, const struct nft_batch *batch);

/* How many objects of that kind (NFT_MSG_GETRULE, NFT_MSG_GETSETELEM) that part of an inet table
 * has: `part` is the chain or set, in an attribute of that type. -EINTR: it changed meanwhile. */
int nft_socket_count(struct nft_socket *socket, uint16_t type, const char *table,
                     uint16_t part_type, const char *part);

#endif
