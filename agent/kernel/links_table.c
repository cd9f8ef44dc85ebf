/* The tables of links and addresses; see links_table.h. Owner: links. */
#include "agent/kernel/links_table.h"

#include <stdlib.h>
#include <string.h>

enum {
    POOL_ENTRIES = 256,
};

struct address_pool {
    struct address_pool *next;
    struct address_entry entries[POOL_ENTRIES];
};

void links_table_free(struct links_table *table)
{
    while (table->links != NULL) {
        struct link_entry *next = table->links->next;
        free(table->links);
        table->links = next;
    }
    while (table->pools != NULL) {
        struct address_pool *next = table->pools->next;
        free(table->pools);
        table->pools = next;
    }
}

struct link_entry *links_table_link(const struct links_table *table, int ifindex)
{
    for (struct link_entry *e = table->links; e != NULL; e = e->next)
        if (e->link.ifindex == ifindex)
            return e;
    return NULL;
}

struct link_entry *links_table_add_link(struct links_table *table, int ifindex)
{
    struct link_entry *entry = links_table_link(table, ifindex);

    if (entry != NULL)
        return entry;
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    entry->link.ifindex = ifindex;
    entry->next = table->links;
    table->links = entry;
    return entry;
}

void links_table_remove_link(struct links_table *table, struct link_entry *entry)
{
    struct link_entry **at = &table->links;
    struct address_entry *next;

    for (struct address_entry *a = table->first; a != NULL; a = next) {
        next = a->next;
        if (a->address.ifindex == entry->link.ifindex)
            links_table_remove_address(table, a);
    }
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    free(entry);
}

/* FNV-1a over what identifies an address on a link. */
static size_t bucket_of(int ifindex, const struct ip_address *address)
{
    uint32_t hash = 2166136261u ^ (uint32_t)ifindex;

    for (size_t i = 0; i < sizeof(address->octets); i++)
        hash = (hash ^ address->octets[i]) * 16777619u;
    return (hash ^ hash >> 16) % ADDRESS_BUCKETS;
}

struct address_entry *links_table_address(const struct links_table *table, int ifindex,
                                          const struct ip_prefix *prefix, bool any_length)
{
    struct address_entry *e = table->buckets[bucket_of(ifindex, &prefix->address)];

    for (; e != NULL; e = e->hash_next)
        if (e->address.ifindex == ifindex &&
            ip_address_equal(&e->address.prefix.address, &prefix->address) &&
            (any_length || e->address.prefix.length == prefix->length))
            return e;
    return NULL;
}

static bool grow(struct links_table *table)
{
    struct address_pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL)
        return false;
    pool->next = table->pools;
    table->pools = pool;
    for (size_t i = 0; i < POOL_ENTRIES; i++) {
        pool->entries[i].next = table->unused;
        table->unused = &pool->entries[i];
    }
    return true;
}

struct address_entry *links_table_add_address(struct links_table *table,
                                              const struct observed_address *address)
{
    struct address_entry **bucket =
        &table->buckets[bucket_of(address->ifindex, &address->prefix.address)];

    if (table->unused == NULL && !grow(table))
        return NULL;
    struct address_entry *entry = table->unused;
    table->unused = entry->next;
    *entry = (struct address_entry){.address = *address, .prev = table->last, .hash_next = *bucket};
    *bucket = entry;
    if (table->last != NULL)
        table->last->next = entry;
    else
        table->first = entry;
    table->last = entry;
    return entry;
}

void links_table_remove_address(struct links_table *table, struct address_entry *entry)
{
    struct address_entry **at =
        &table->buckets[bucket_of(entry->address.ifindex, &entry->address.prefix.address)];

    while (*at != entry)
        at = &(*at)->hash_next;
    *at = entry->hash_next;
    if (entry->prev != NULL)
        entry->prev->next = entry->next;
    else
        table->first = entry->next;
    if (entry->next != NULL)
        entry->next->prev = entry->prev;
    else
        table->last = entry->prev;
    entry->next = table->unused;
    table->unused = entry;
}
