/* What sd-event has to look at again; see source.h. */
#include "agent/base/source.h"

#include "agent/base/turns.h"
#include "lib/limits.h"

/* Saturates. */
static uint64_t from_now_us(clockid_t clock, uint64_t us)
{
    struct timespec now = {0};

    (void)clock_gettime(clock, &now);
    uint64_t now_us = (uint64_t)now.tv_sec * (NS_PER_SEC / NS_PER_US) +
                      ((uint64_t)now.tv_nsec + NS_PER_US - 1) / NS_PER_US;
    return us < UINT64_MAX - now_us ? now_us + us : UINT64_MAX;
}

int source_add_time(sd_event *event, sd_event_source **out, clockid_t clock, uint64_t us,
                    uint64_t accuracy_us, sd_event_time_handler_t fn, void *userdata)
{
    turns_stir(event);
    return sd_event_add_time(event, out, clock, us, accuracy_us, fn, userdata);
}

int source_add_time_relative(sd_event *event, sd_event_source **out, clockid_t clock, uint64_t us,
                             uint64_t accuracy_us, sd_event_time_handler_t fn, void *userdata)
{
    return source_add_time(event, out, clock, from_now_us(clock, us), accuracy_us, fn, userdata);
}

int source_add_defer(sd_event *event, sd_event_source **out, sd_event_handler_t fn, void *userdata)
{
    turns_stir(event);
    return sd_event_add_defer(event, out, fn, userdata);
}

int source_add_child(sd_event *event, sd_event_source **out, pid_t pid, int options,
                     sd_event_child_handler_t fn, void *userdata)
{
    turns_stir(event);
    return sd_event_add_child(event, out, pid, options, fn, userdata);
}

int source_set_time(sd_event_source *source, uint64_t us)
{
    turns_stir(sd_event_source_get_event(source));
    return sd_event_source_set_time(source, us);
}

int source_set_time_relative(sd_event_source *source, uint64_t us)
{
    clockid_t clock;
    int r = sd_event_source_get_time_clock(source, &clock);

    return r < 0 ? r : source_set_time(source, from_now_us(clock, us));
}

int source_set_enabled(sd_event_source *source, int enabled)
{
    /* What is switched off is not armed; it may still wake the loop, in vain. */
    if (enabled != SD_EVENT_OFF)
        turns_stir(sd_event_source_get_event(source));
    return sd_event_source_set_enabled(source, enabled);
}

int source_exit(sd_event *event, int code)
{
    turns_stir(event);
    return sd_event_exit(event, code);
}
