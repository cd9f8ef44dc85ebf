/*
 * The tables behind links.h: links in a list, addresses in a list in the kernel's order with a hash
 * over it. Entries come from a pool that only grows, so that claiming allocates nothing once the
 * pool has seen the most it needs.
 */
#ifndef AGENT_KERNEL_LINKS_TABLE_H
#define AGENT_KERNEL_LINKS_TABLE_H

#include "agent/kernel/observed.h"

enum {
    ADDRESS_BUCKETS = 4096,
};

struct link_entry {
    struct link_entry *next;
    struct link link;
    unsigned generation;
    bool untold; /* changed in a dump that is not over */
};

struct address_entry {
    struct address_entry *next; /* kernel's order */
    struct address_entry *prev;
    struct address_entry *hash_next;
    struct observed_address address;
    unsigned generation;
    bool untold;
};

struct address_pool;

/* All zero to begin with. */
struct links_table {
    struct link_entry *links;
    struct address_entry *first;
    struct address_entry *last;
    struct address_entry *buckets[ADDRESS_BUCKETS];
    struct address_entry *unused;
    struct address_pool *pools;
};

void links_table_free(struct links_table *table);

struct link_entry *links_table_link(const struct links_table *table, int ifindex);

/* Finds or makes the entry. NULL: out of memory. */
struct link_entry *links_table_add_link(struct links_table *table, int ifindex);

/* Takes the link and all its addresses out. */
void links_table_remove_link(struct links_table *table, struct link_entry *entry);

/* The entry of exactly that prefix; with any_length of that address. NULL: none. */
struct address_entry *links_table_address(const struct links_table *table, int ifindex,
                                          const struct ip_prefix *prefix, bool any_length);

/* A new last entry. NULL: out of memory. */
struct address_entry *links_table_add_address(struct links_table *table,
                                              const struct observed_address *address);

void links_table_remove_address(struct links_table *table, struct address_entry *entry);

#endif
