/* The link as it is believed to be; see link_belief.h. */
#include "agent/instances/link_belief.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/instances/actions.h"
#include "agent/instances/events.h"
#include "lib/config/duration.h"

#include <string.h>

enum { TIMER_ACCURACY_US = 1000 };

static void set_deaf(struct instance *instance, bool deaf)
{
    const struct election_event event = {.type = ELECTION_DEAF, .force = deaf};

    for (size_t i = 0; i < instance->router_count; i++)
        if (instance->elections[i].deaf != deaf)
            instance_event(instance, i, &event);
}

/* Hold first, or a BACKUP would believe for a moment that it can hear. */
static void apply(struct instance *instance)
{
    const struct link_belief *belief = &instance->link;
    const bool follow = instance->config->follow_link;

    instance_set_hold(instance, HOLD_LINK_DOWN, follow && !belief->works);
    set_deaf(instance, follow && belief->works && !belief->seen);
}

static void settle(struct instance *instance);

static int on_due(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    settle(userdata);
    return 0;
}

static void arm(struct instance *instance, uint64_t at_ns)
{
    struct link_belief *belief = &instance->link;
    const uint64_t at_us = (at_ns + NS_PER_US - 1) / NS_PER_US;
    int r = 0;

    if (belief->timer == NULL)
        r = source_add_time(instance->node->event, &belief->timer, CLOCK_BOOTTIME, at_us,
                            TIMER_ACCURACY_US, on_due, instance);
    if (r >= 0)
        r = sd_event_source_set_priority(belief->timer, AGENT_PRIORITY_LINKS);
    if (r >= 0)
        r = source_set_time(belief->timer, at_us);
    if (r >= 0)
        r = source_set_enabled(belief->timer, SD_EVENT_ONESHOT);
    if (r >= 0)
        return;
    log_instance(LOG_ERR, instance->config->name, "cannot set the timer of the link's delay: %s",
                 strerror(-r));
    belief->works = belief->seen;
}

static uint64_t delay_ns(const struct instance *instance)
{
    return instance->link.seen ? instance->config->link_up_delay_ns
                               : instance->config->link_down_delay_ns;
}

/* Believes what was seen if it has been so for long enough. */
static void settle(struct instance *instance)
{
    struct link_belief *belief = &instance->link;
    const uint64_t due_ns = belief->since_ns + delay_ns(instance);

    if (belief->works == belief->seen) {
        if (belief->timer != NULL)
            (void)source_set_enabled(belief->timer, SD_EVENT_OFF);
    } else if (clock_boot_ns() >= due_ns) {
        belief->works = belief->seen;
    } else {
        arm(instance, due_ns);
    }
    apply(instance);
}

/* Membership can die with the link (some drivers forget it on down/up), and a switch that has just
 * come up has heard no report yet; nor does it know any more where the addresses are. */
static void came_back(struct instance *instance)
{
    const struct election_actions announce = {.list = {{.type = ACTION_ANNOUNCE}}, .count = 1};

    for (size_t i = 0; i < instance->router_count; i++) {
        segment_rejoin(&instance->routers[i].client);
        if (instance->elections[i].state == VRRP_MASTER)
            router_execute(&instance->routers[i], &announce);
    }
}

/* One that blinks is told of once in a while: the log has its own bound. */
static void say(const struct instance *instance)
{
    char span[DURATION_TEXT_SIZE];

    if (delay_ns(instance) == 0 || !instance->config->follow_link)
        return;
    log_instance(LOG_INFO, instance->config->name, "%s is %s, which counts when it is so for %s",
                 instance->interface, instance->link.seen ? "up again" : "down",
                 duration_format_short(delay_ns(instance), span, sizeof(span)));
}

void link_belief_see(struct instance *instance, bool works)
{
    struct link_belief *belief = &instance->link;
    const bool changed = belief->known && works != belief->seen;

    if (!belief->known)
        belief->works = works;
    belief->known = true;
    belief->seen = works;
    if (changed) {
        belief->since_ns = clock_boot_ns();
        say(instance);
        if (works)
            came_back(instance);
    }
    settle(instance);
}

void link_belief_forget(struct instance *instance)
{
    struct link_belief *belief = &instance->link;

    belief->known = false;
    if (belief->timer != NULL)
        (void)source_set_enabled(belief->timer, SD_EVENT_OFF);
    instance_set_hold(instance, HOLD_LINK_DOWN, false);
    set_deaf(instance, false);
}

void link_belief_free(struct instance *instance)
{
    instance->link.timer = sd_event_source_disable_unref(instance->link.timer);
}
