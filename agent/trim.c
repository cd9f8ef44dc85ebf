/* See trim.h. */
#include "agent/trim.h"

enum {
    /* Fewer are not worth it. */
    FREED_MIN = 256,
};

#define INTERVAL_MIN_NS (200 * NS_PER_MS)

void trim_freed(struct parts *parts, size_t count)
{
    const struct config *config = parts->facts.box->config;

    parts->freed += count;
    if (parts->freed < FREED_MIN)
        return;
    parts->freed = 0;
    for (size_t i = 0; i < config->instance_count; i++)
        if (config->instances[i].advert_interval_ns < INTERVAL_MIN_NS)
            return;
    memory_trim_later(parts->trim, parts->facts.realtime.memory_locked);
}

void trim_on_rest(void *userdata)
{
    trim_freed(userdata, 1);
}
