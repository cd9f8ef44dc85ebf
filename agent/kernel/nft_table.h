/*
 * Our table of nf_tables, `table inet vipd`: it drops packets to virtual addresses of routers with
 * accept = no (RFC 9568 6.1, Accept_Mode), but for the neighbour solicitations and advertisements
 * that IPv6 lives by. ARP does not come to it. It is ours alone and always made anew as a whole, in
 * one transaction: there is no moment without it. For a worker's thread.
 */
#ifndef AGENT_KERNEL_NFT_TABLE_H
#define AGENT_KERNEL_NFT_TABLE_H

#include "agent/kernel/nft_socket.h"
#include "lib/packet/address.h"

/* What packets are dropped to: an address, or a link-local one on that link. */
struct nft_element {
    int ifindex; /* 0: whatever link they come from */
    struct ip_address address;
};

/* Makes the kernel's table that: no element twice. count 0: there is to be no table. 0 or a
 * negative errno. */
int nft_table_write(struct nft_socket *socket, const struct nft_element *elements, size_t count);

/* Whether the kernel would take such a table: nothing is changed. 0 or a negative errno. */
int nft_table_try(struct nft_socket *socket);

/* 1: the table is as it was written with so many elements; 0: somebody has changed it, or taken it
 * away; or a negative errno. */
int nft_table_intact(struct nft_socket *socket, const struct nft_element *elements, size_t count);

/* True when the kernel has no nf_tables, as that negative errno tells. */
bool nft_table_unknown(int error);

/* What that errno means for somebody who wanted such a table. Static text. */
const char *nft_table_problem(int error);

#endif
