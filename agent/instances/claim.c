/* The outcomes of claims; see claim.h. */
#include "agent/instances/claim.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/instances/actions.h"
#include "agent/instances/counts.h"
#include "agent/instances/devices.h"
#include "agent/instances/events.h"

#include <errno.h>
#include <string.h>

enum { TIMER_ACCURACY_US = 1000 };

#define BACKOFF_MIN_NS (1 * NS_PER_SEC)
#define BACKOFF_MAX_NS (30 * NS_PER_SEC)

static size_t held(const struct router *router)
{
    return reconciler_count_held(router->node->reconciler, &router->desired);
}

/* The kernel has refused all there was to refuse. A link that is gone is told otherwise. */
static bool got_none(const struct instance *instance)
{
    bool refused = false;

    for (size_t i = 0; i < instance->router_count; i++) {
        const struct router *router = &instance->routers[i];
        const struct desired_set *set = &router->desired;

        if (!set->linked || !reconciler_settled(set) || held(router) > 0)
            return false;
        refused = refused || (set->failed > 0 && set->error != -ENODEV);
    }
    return refused;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    instance_set_hold(userdata, HOLD_CANNOT_CLAIM, false);
    return 0;
}

static void try_later(struct instance *instance)
{
    struct claim_retry *retry = &instance->claim;
    uint64_t next_ns = retry->backoff_ns * 2;
    int r = 0;

    if (retry->backoff_ns == 0)
        next_ns = BACKOFF_MIN_NS;
    retry->backoff_ns = next_ns < BACKOFF_MAX_NS ? next_ns : BACKOFF_MAX_NS;
    uint64_t at_us = (clock_boot_ns() + retry->backoff_ns) / NS_PER_US;
    if (retry->timer == NULL)
        r = source_add_time(instance->node->event, &retry->timer, CLOCK_BOOTTIME, at_us,
                            TIMER_ACCURACY_US, on_retry, instance);
    if (r >= 0)
        r = sd_event_source_set_priority(retry->timer, AGENT_PRIORITY_LINKS);
    if (r >= 0)
        r = source_set_time(retry->timer, at_us);
    if (r >= 0)
        r = source_set_enabled(retry->timer, SD_EVENT_ONESHOT);
    if (r < 0)
        log_instance(LOG_ERR, instance->config->name, "cannot set the timer of the next claim: %s",
                     strerror(-r));
}

static void say_refused(struct router *router)
{
    const struct desired_set *set = &router->desired;
    char name[NAME_SIZE + 16];

    log_instance(LOG_ERR, router_name(router, name, sizeof(name)),
                 "%u of %zu addresses could not be claimed on %s: %s", set->failed, set->count,
                 set->elsewhere ? "their devices" : router->interface, strerror(-set->error));
}

static bool refused_all(const struct desired_set *set)
{
    return set->failed > 0 && set->failed == set->count;
}

/* Of a claim that is tried again it is said once that all of it was refused; of one of two
 * families that stays so, when the other has what it wants. */
static void say_what_failed(struct router *router)
{
    struct instance *instance = router->instance;
    const struct desired_set *set = &router->desired;
    bool again = instance->claim.backoff_ns > 0;

    if (set->failed > 0 && !(again && refused_all(set)))
        say_refused(router);
    if (set->failed > 0)
        return;
    instance->claim.backoff_ns = 0;
    for (size_t i = 0; again && i < instance->router_count; i++)
        if (reconciler_settled(&instance->routers[i].desired) &&
            refused_all(&instance->routers[i].desired))
            say_refused(&instance->routers[i]);
}

static void on_settled(struct desired_set *set)
{
    struct router *router = set->userdata;
    struct instance *instance = router->instance;

    say_what_failed(router);
    router_devices_tell(router);
    instance_count_claimed(instance);
    if (got_none(instance)) {
        instance->claim.error = set->error;
        instance_set_hold(instance, HOLD_CANNOT_CLAIM, true);
        try_later(instance);
    } else {
        router_claim_routes(router);
        router_go_on(router);
    }
    router->node->on_claimed(router->node->userdata, instance);
}

static void on_landed(struct desired_set *set)
{
    router_landed(set->userdata);
}

static void on_routes_settled(struct route_set *set)
{
    router_go_on(set->userdata);
}

void claim_prepare(struct router *router)
{
    if (router->routes != NULL) {
        router->routes->on_settled = on_routes_settled;
        router->routes->userdata = router;
    }
    router->desired.on_settled = on_settled;
    router->desired.on_landed = on_landed;
    router->desired.userdata = router;
}

void claim_retry(struct instance *instance)
{
    instance->claim.backoff_ns = 0;
    instance_set_hold(instance, HOLD_CANNOT_CLAIM, false);
}

void claim_free(struct instance *instance)
{
    instance->claim.timer = sd_event_source_disable_unref(instance->claim.timer);
}
