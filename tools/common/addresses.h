/* The virtual addresses of an instance, in as few words as a table has room for. */
#ifndef TOOLS_COMMON_ADDRESSES_H
#define TOOLS_COMMON_ADDRESSES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What counts: a link-local address beside others is there for the protocol only. */
struct address_sum {
    const char *first; /* "-": there is none. Lives as long as the instance. */
    size_t count;
    size_t held;
    bool amiss; /* a MASTER that lacks one, or another that has one; not while handing over */
};

/* instance: an element of the status's instances. */
struct address_sum address_sum(const json_t *instance);

/* "10.0.0.10/24 +2", and how many are held where that is amiss. Returns buffer. */
const char *address_sum_text(const struct address_sum *sum, char *buffer, size_t size);

#endif
