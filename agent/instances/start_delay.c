/* The wait after a boot; see start_delay.h. CLOCK_BOOTTIME begins at 0 with the machine. */
#include "agent/instances/start_delay.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/instances/events.h"
#include "lib/config/duration.h"

#include <string.h>

enum { TIMER_ACCURACY_US = 1000 };

static int on_due(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    start_delay_look(userdata);
    return 0;
}

static int arm(struct instance *instance, uint64_t at_ns)
{
    const uint64_t at_us = (at_ns + NS_PER_US - 1) / NS_PER_US;
    int r = 0;

    if (instance->start_timer == NULL)
        r = source_add_time(instance->node->event, &instance->start_timer, CLOCK_BOOTTIME, at_us,
                            TIMER_ACCURACY_US, on_due, instance);
    if (r >= 0)
        r = sd_event_source_set_priority(instance->start_timer, AGENT_PRIORITY_LINKS);
    if (r >= 0)
        r = source_set_time(instance->start_timer, at_us);
    if (r >= 0)
        r = source_set_enabled(instance->start_timer, SD_EVENT_ONESHOT);
    return r;
}

void start_delay_look(struct instance *instance)
{
    const uint64_t until_ns = instance->box->config->start_delay_ns;
    const uint64_t now_ns = clock_boot_ns();
    char span[DURATION_TEXT_SIZE];
    int r = 0;

    if (now_ns >= until_ns) {
        instance_set_hold(instance, HOLD_START_DELAY, false);
        return;
    }
    if ((instance->elections[0].held_by & HOLD_START_DELAY) == 0 &&
        instance->elections[0].state != VRRP_INIT)
        return; /* it takes part already: a delay that a reload brings is for the next boot */
    r = arm(instance, until_ns);
    if (r < 0) {
        log_instance(LOG_ERR, instance->config->name, "cannot set the timer of start-delay: %s",
                     strerror(-r));
        return;
    }
    if ((instance->elections[0].held_by & HOLD_START_DELAY) == 0)
        log_instance(LOG_NOTICE, instance->config->name,
                     "takes no part for another %s (start-delay)",
                     duration_format_short(until_ns - now_ns, span, sizeof(span)));
    instance_set_hold(instance, HOLD_START_DELAY, true);
}

void start_delay_free(struct instance *instance)
{
    instance->start_timer = sd_event_source_disable_unref(instance->start_timer);
}
