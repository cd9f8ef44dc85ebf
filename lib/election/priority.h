/*
 * The effective priority of an instance: the configured one and what its checks add or take away,
 * kept within 1..254 (RFC 9568 5.2.4). 255 is the owner's and is not changed by checks.
 */
#ifndef VIP_ELECTION_PRIORITY_H
#define VIP_ELECTION_PRIORITY_H

#include <stddef.h>
#include <stdint.h>

/* What one check contributes. */
struct priority_term {
    const char *name; /* borrowed */
    int delta;        /* 0: nothing, is not shown */
};

enum { PRIORITY_TEXT_SIZE = 160 };

/* 1..254, or 255 when `base` is. */
uint8_t priority_effective(uint8_t base, const struct priority_term *terms, size_t count);

/* The arithmetic: "150", "150 - 60 (haproxy) = 90", "100 - 120 (a) = -20, taken as 1". Cut with
 * "..." where it does not fit; the result is always there. Returns buffer.
 * size: PRIORITY_TEXT_SIZE is enough for a few terms. */
const char *priority_text(uint8_t base, const struct priority_term *terms, size_t count,
                          char *buffer, size_t size);

#endif
