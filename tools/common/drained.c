/* The time that is left of a drain, as exact as it matters. */
#include "tools/common/drained.h"

#include "tools/common/field.h"

#include <stdio.h>

static const struct {
    long long seconds;
    const char *unit;
} UNITS[] = {{86400, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}};

enum { UNITS_COUNT = sizeof(UNITS) / sizeof(UNITS[0]), BY_SIZE = 32 };

/* " (uid 1000)", or nothing. */
static const char *asker(const json_t *drained, char *buffer, size_t size)
{
    const json_t *uid = json_object_get(drained, "uid");

    buffer[0] = '\0';
    if (json_is_integer(uid) && json_integer_value(uid) == 0)
        snprintf(buffer, size, " (root)");
    else if (json_is_integer(uid))
        snprintf(buffer, size, " (uid %lld)", (long long)json_integer_value(uid));
    return buffer;
}

const char *drained_text(const json_t *instance, char *buffer, size_t size)
{
    const json_t *drained = json_object_get(instance, "drained");
    const json_t *left = json_object_get(drained, "left_ms");
    long long seconds = (json_integer_value(left) + 999) / 1000;
    char by[BY_SIZE];
    size_t u = 0;

    if (!json_is_object(drained))
        return NULL;
    if (!json_is_integer(left)) {
        snprintf(buffer, size, "drained until resumed%s", asker(drained, by, sizeof(by)));
        return buffer;
    }
    /* Two of a unit at least: "90 min" rather than "1 h". */
    while (u + 1 < UNITS_COUNT && seconds < 2 * UNITS[u].seconds)
        u++;
    snprintf(buffer, size, "drained, %lld %s left%s",
             (seconds + UNITS[u].seconds / 2) / UNITS[u].seconds, UNITS[u].unit,
             asker(drained, by, sizeof(by)));
    return buffer;
}
