/* Which addresses we have added and not removed: by link, address and prefix length. The mark in
 * the kernel says the same, until somebody replaces the address (`ip addr replace`) and takes it
 * away. For the reconciler and its batch only. */
#ifndef AGENT_KERNEL_REMEMBERED_H
#define AGENT_KERNEL_REMEMBERED_H

#include "lib/packet/address.h"

/* All zero to begin with. */
struct remembered {
    struct remembered_address *slots; /* a hash table, open addressing */
    size_t room;                      /* a power of two, or 0 */
    size_t count;
};

bool remembered_has(const struct remembered *remembered, int ifindex,
                    const struct ip_prefix *prefix);

/* We have added it. Without memory it is not remembered: the mark alone must do then. */
void remembered_add(struct remembered *remembered, int ifindex, const struct ip_prefix *prefix);

/* We have removed it, or want it no more and it is gone. */
void remembered_forget(struct remembered *remembered, int ifindex, const struct ip_prefix *prefix);

/* Forgets each for which is_over() is true. */
void remembered_sweep(struct remembered *remembered,
                      bool (*is_over)(void *userdata, int ifindex, const struct ip_prefix *prefix),
                      void *userdata);

void remembered_free(struct remembered *remembered);

#endif
