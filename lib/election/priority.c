/* Base and weights to an effective priority, and the sum as people write it. */
#include "lib/election/priority.h"

#include "lib/packet/packet.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOWEST = 1,
    HIGHEST = PRIORITY_OWNER - 1,
    /* " ... = -16192, taken as 1": kept free while terms are written. */
    RESULT_SIZE = 32,
};

static int sum_of(uint8_t base, const struct priority_term *terms, size_t count)
{
    int sum = base;

    for (size_t i = 0; i < count; i++)
        sum += terms[i].delta;
    return sum;
}

uint8_t priority_effective(uint8_t base, const struct priority_term *terms, size_t count)
{
    int sum = sum_of(base, terms, count);

    if (base == PRIORITY_OWNER)
        return base;
    if (sum < LOWEST)
        return LOWEST;
    return sum > HIGHEST ? HIGHEST : (uint8_t)sum;
}

const char *priority_text(uint8_t base, const struct priority_term *terms, size_t count,
                          char *buffer, size_t size)
{
    uint8_t effective = priority_effective(base, terms, count);
    int sum = sum_of(base, terms, count);
    size_t used = 0;
    size_t shown = 0;

    assert(size >= 2 * RESULT_SIZE);
    used += (size_t)snprintf(buffer, size, "%u", base);
    if (base == PRIORITY_OWNER)
        return buffer;
    for (size_t i = 0; i < count; i++) {
        const struct priority_term *term = &terms[i];

        if (term->delta == 0)
            continue;
        shown++;
        int n = snprintf(buffer + used, size - used - RESULT_SIZE, " %c %d (%s)",
                         term->delta < 0 ? '-' : '+', abs(term->delta), term->name);
        if (n < 0 || (size_t)n >= size - used - RESULT_SIZE) {
            used += (size_t)snprintf(buffer + used, size - used, " ...");
            break;
        }
        used += (size_t)n;
    }
    if (shown == 0)
        return buffer;
    used += (size_t)snprintf(buffer + used, size - used, " = %d", sum);
    if (effective != sum)
        snprintf(buffer + used, size - used, ", taken as %u", effective);
    return buffer;
}
