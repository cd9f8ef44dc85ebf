/*
 * A rest from the most urgent work; see rest.h. Owner: the segments.
 * A deferred source behind everybody else tells that all had a turn. It alone would let others that
 * never run dry keep the work resting, so a timer before everybody ends the rest at the latest.
 */
#include "agent/wire/rest.h"

#include "agent/base/clock.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "lib/limits.h"

#include <errno.h>
#include <stdlib.h>

/* Shorter than the shortest advert interval, and a small part of the time. */
#define WAIT_MAX_NS (100 * NS_PER_MS)
#define REST_MAX_US 5000

struct rest {
    rest_fn fn;
    void *userdata;
    sd_event_source *behind_all;
    sd_event_source *limit;
    uint64_t since_ns; /* others may be waiting; DEADLINE_NEVER: nobody is */
    bool resting;
};

/* Neither can fail for a source that exists. */
static void set_enabled(sd_event_source *source, bool enabled)
{
    (void)source_set_enabled(source, enabled ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static void resume(struct rest *rest)
{
    if (!rest->resting)
        return;
    rest->resting = false;
    set_enabled(rest->limit, false);
    rest->fn(rest->userdata, false);
}

static int on_all_served(sd_event_source *source, void *userdata)
{
    struct rest *rest = userdata;

    (void)source;
    rest->since_ns = DEADLINE_NEVER;
    resume(rest);
    return 0;
}

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct rest *rest = userdata;

    (void)source;
    (void)usec;
    rest->since_ns = clock_boot_ns();
    resume(rest);
    return 0;
}

void rest_busy(struct rest *rest)
{
    uint64_t now_ns = clock_boot_ns();

    if (rest->resting)
        return;
    if (rest->since_ns == DEADLINE_NEVER) {
        rest->since_ns = now_ns;
        set_enabled(rest->behind_all, true);
    } else if (now_ns - rest->since_ns >= WAIT_MAX_NS) {
        rest->resting = true;
        (void)source_set_time(rest->limit, now_ns / NS_PER_US + REST_MAX_US);
        set_enabled(rest->limit, true);
        rest->fn(rest->userdata, true);
    }
}

int rest_open(sd_event *event, rest_fn fn, void *userdata, struct rest **out)
{
    struct rest *rest = calloc(1, sizeof(*rest));

    *out = NULL;
    if (rest == NULL)
        return -ENOMEM;
    *rest = (struct rest){.fn = fn, .userdata = userdata, .since_ns = DEADLINE_NEVER};
    int r = source_add_defer(event, &rest->behind_all, on_all_served, rest);
    if (r >= 0)
        r = source_set_enabled(rest->behind_all, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_source_set_priority(rest->behind_all, AGENT_PRIORITY_LAST);
    if (r >= 0)
        r = source_add_time(event, &rest->limit, CLOCK_BOOTTIME, UINT64_MAX, 1, on_limit, rest);
    if (r >= 0)
        r = source_set_enabled(rest->limit, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_source_set_priority(rest->limit, AGENT_PRIORITY_FIRST);
    if (r < 0) {
        rest_close(rest);
        return r;
    }
    *out = rest;
    return 0;
}

void rest_close(struct rest *rest)
{
    if (rest == NULL)
        return;
    sd_event_source_disable_unref(rest->behind_all);
    sd_event_source_disable_unref(rest->limit);
    free(rest);
}
