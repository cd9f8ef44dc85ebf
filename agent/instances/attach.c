/* Tries again to put instances on their links; see attach.h. What stands in the way is most
 * often told of (another instance leaves, a link goes or is renamed), and if not, time tells. */
#include "agent/instances/attach.h"

#include "agent/base/clock.h"
#include "agent/base/priorities.h"

enum {
    TIMER_ACCURACY_US = 1000,
    LINK_EVENTS_PER_BACKOFF = 10,
};

#define BACKOFF_MIN_NS (1 * NS_PER_SEC)
#define BACKOFF_MAX_NS (30 * NS_PER_SEC)

static void arm(struct agent *agent, uint64_t at_ns)
{
    /* Neither can fail for a source that exists. */
    (void)sd_event_source_set_time(agent->attacher, at_ns / NS_PER_US);
    (void)sd_event_source_set_enabled(agent->attacher, SD_EVENT_ONESHOT);
}

static bool any_waits(const struct agent *agent)
{
    for (size_t i = 0; i < agent->instance_count; i++)
        if (agent->instances[i]->unattached)
            return true;
    return false;
}

void agent_attach_failed(struct agent *agent)
{
    int enabled = SD_EVENT_OFF;

    (void)sd_event_source_get_enabled(agent->attacher, &enabled);
    if (enabled == SD_EVENT_OFF)
        arm(agent, clock_boot_ns() + agent->attach_backoff_ns);
}

void agent_attach_freed(struct agent *agent)
{
    if (any_waits(agent))
        arm(agent, clock_boot_ns());
}

/* Not at once: a failing attempt may itself make and delete a link. */
void agent_attach_link_changed(struct agent *agent)
{
    if (any_waits(agent))
        arm(agent, agent->attach_tried_ns + agent->attach_backoff_ns / LINK_EVENTS_PER_BACKOFF);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct agent *agent = userdata;
    uint64_t next_ns = agent->attach_backoff_ns * 2;

    (void)source;
    (void)usec;
    agent->attach_tried_ns = clock_boot_ns();
    agent->attach_backoff_ns = next_ns < BACKOFF_MAX_NS ? next_ns : BACKOFF_MAX_NS;
    for (size_t i = 0; i < agent->instance_count; i++)
        if (agent->instances[i]->unattached)
            instance_refresh(agent->instances[i]);
    if (!any_waits(agent))
        agent->attach_backoff_ns = BACKOFF_MIN_NS;
    return 0;
}

int agent_attach_open(struct agent *agent)
{
    int r = sd_event_add_time(agent->node.event, &agent->attacher, CLOCK_BOOTTIME, UINT64_MAX,
                              TIMER_ACCURACY_US, on_timer, agent);

    agent->attach_backoff_ns = BACKOFF_MIN_NS;
    if (r >= 0)
        r = sd_event_source_set_priority(agent->attacher, AGENT_PRIORITY_LINKS);
    if (r >= 0)
        r = sd_event_source_set_enabled(agent->attacher, SD_EVENT_OFF);
    return r;
}

void agent_attach_close(struct agent *agent)
{
    agent->attacher = sd_event_source_disable_unref(agent->attacher);
}
