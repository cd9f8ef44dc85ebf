/* Tries again to put instances on their links; see attach.h. */
#include "agent/instances/attach.h"

#include "agent/base/clock.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"

#include <errno.h>
#include <stdlib.h>

enum {
    TIMER_ACCURACY_US = 1000,
    LINK_EVENTS_PER_BACKOFF = 10,
};

#define BACKOFF_MIN_NS (1 * NS_PER_SEC)
#define BACKOFF_MAX_NS (30 * NS_PER_SEC)

struct attach {
    struct registry *registry;
    sd_event_source *timer;
    uint64_t backoff_ns;
    uint64_t tried_ns; /* boot time of the last attempt */
};

static void arm(struct attach *attach, uint64_t at_ns)
{
    /* Neither can fail for a source that exists. */
    (void)source_set_time(attach->timer, at_ns / NS_PER_US);
    (void)source_set_enabled(attach->timer, SD_EVENT_ONESHOT);
}

static bool any_waits(const struct attach *attach)
{
    int enabled = SD_EVENT_OFF;

    /* Each that waits has armed it. Thousands may be freed one by one, and nobody wait for that. */
    (void)sd_event_source_get_enabled(attach->timer, &enabled);
    for (size_t i = 0; enabled != SD_EVENT_OFF && i < registry_count(attach->registry); i++)
        if (registry_at(attach->registry, i)->unattached)
            return true;
    return false;
}

void attach_failed(struct attach *attach)
{
    int enabled = SD_EVENT_OFF;

    (void)sd_event_source_get_enabled(attach->timer, &enabled);
    if (enabled == SD_EVENT_OFF)
        arm(attach, clock_boot_ns() + attach->backoff_ns);
}

void attach_freed(struct attach *attach)
{
    if (any_waits(attach))
        arm(attach, clock_boot_ns());
}

/* Not at once: a failing attempt may itself make and delete a link. */
void attach_link_changed(struct attach *attach)
{
    if (any_waits(attach))
        arm(attach, attach->tried_ns + attach->backoff_ns / LINK_EVENTS_PER_BACKOFF);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct attach *attach = userdata;
    uint64_t next_ns = attach->backoff_ns * 2;

    (void)source;
    (void)usec;
    attach->tried_ns = clock_boot_ns();
    attach->backoff_ns = next_ns < BACKOFF_MAX_NS ? next_ns : BACKOFF_MAX_NS;
    for (size_t i = 0; i < registry_count(attach->registry); i++)
        if (registry_at(attach->registry, i)->unattached)
            instance_refresh(registry_at(attach->registry, i));
    if (!any_waits(attach))
        attach->backoff_ns = BACKOFF_MIN_NS;
    return 0;
}

int attach_open(sd_event *event, struct registry *registry, struct attach **out)
{
    struct attach *attach = calloc(1, sizeof(*attach));

    *out = NULL;
    if (attach == NULL)
        return -ENOMEM;
    attach->registry = registry;
    attach->backoff_ns = BACKOFF_MIN_NS;
    int r = source_add_time(event, &attach->timer, CLOCK_BOOTTIME, UINT64_MAX, TIMER_ACCURACY_US,
                            on_timer, attach);
    if (r >= 0)
        r = sd_event_source_set_priority(attach->timer, AGENT_PRIORITY_LINKS);
    if (r >= 0)
        r = source_set_enabled(attach->timer, SD_EVENT_OFF);
    if (r < 0) {
        attach_close(attach);
        return r;
    }
    *out = attach;
    return 0;
}

void attach_close(struct attach *attach)
{
    if (attach == NULL)
        return;
    sd_event_source_disable_unref(attach->timer);
    free(attach);
}
