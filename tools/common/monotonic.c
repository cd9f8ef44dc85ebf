/* The clock of tools that wait; see monotonic.h. */
#include "tools/common/monotonic.h"

#include "lib/limits.h"

#include <time.h>

uint64_t monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

int64_t monotonic_ms(void)
{
    return (int64_t)(monotonic_ns() / NS_PER_MS);
}
