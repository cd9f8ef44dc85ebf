/* The clock that waiting is measured by (CLOCK_MONOTONIC). */
#ifndef TOOLS_COMMON_MONOTONIC_H
#define TOOLS_COMMON_MONOTONIC_H

#include <stdint.h>

uint64_t monotonic_ns(void);
int64_t monotonic_ms(void);

#endif
