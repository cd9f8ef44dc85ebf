/* Transitions, told or kept back; see telling.h. */
#include "agent/publish/telling.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/instances/preparation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    TIMER_ACCURACY_US = 100 * 1000,
    TOLD_PER_TURN = 16, /* what refused them may have refused all instances */
};

struct telling {
    const struct registry *registry;
    struct chronicle *chronicle;
    sd_event_source *timer; /* looks at what is kept back; on while anything is */
};

static void tell(const struct telling *telling, struct instance *instance,
                 const struct moved *moved)
{
    log_transition(instance->config->name, &moved->transition);
    chronicle_transition(telling->chronicle, instance, moved);
}

void telling_end(struct telling *telling, struct instance *instance)
{
    struct refusals *refusals = instance->refusals;
    char text[REFUSALS_TEXT_SIZE];

    if (refusals == NULL)
        return;
    instance->refusals = NULL;
    /* One alone has been told of. */
    if (refusals->times > 1) {
        refusals_text(refusals, text, sizeof(text));
        log_instance(LOG_NOTICE, instance->config->name, "%s", text);
        chronicle_notice(telling->chronicle, instance, "refused",
                         &refusals->last.transition.evidence, text);
    }
    for (unsigned i = 0; i < refusals->count; i++)
        tell(telling, instance, &refusals->kept[i]);
    free(refusals);
}

/* What it is that was kept back is an attempt for so long; a BACKUP after that stays one. */
static uint64_t attempt_ends_ns(const struct instance *instance)
{
    const struct refusals *refusals = instance->refusals;

    return refusals->kept[refusals->count - 1].boot_ns + chronicle_settle_ns(instance);
}

/* The kernel, or a command, has still to answer. */
static bool is_open(const struct instance *instance)
{
    return instance->state == VRRP_MASTER &&
           (instance_claims(instance) || instance_waits(instance));
}

static void look_at(struct telling *telling, uint64_t at_ns)
{
    int r = source_set_time(telling->timer, at_ns / NS_PER_US + 1);

    if (r >= 0)
        r = source_set_enabled(telling->timer, SD_EVENT_ONESHOT);
    if (r < 0)
        log_msg(LOG_ERR, "cannot set the timer of refused claims: %s", strerror(-r));
}

/* Ends some of those whose time is up, and comes again for the next. */
static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct telling *telling = userdata;
    uint64_t now_ns = clock_boot_ns();
    uint64_t next_ns = UINT64_MAX;
    unsigned told = 0;

    (void)source;
    (void)usec;
    for (size_t i = 0; i < registry_count(telling->registry); i++) {
        struct instance *instance = registry_at(telling->registry, i);
        uint64_t ends_ns;

        if (instance->refusals == NULL || instance->refusals->count == 0)
            continue;
        ends_ns = attempt_ends_ns(instance);
        if (ends_ns <= now_ns && is_open(instance))
            ends_ns = now_ns + NS_PER_SEC;
        if (ends_ns <= now_ns && told < TOLD_PER_TURN) {
            telling_end(telling, instance);
            told++;
        } else if (ends_ns < next_ns) {
            next_ns = ends_ns;
        }
    }
    if (next_ns != UINT64_MAX)
        look_at(telling, next_ns);
    return 0;
}

void telling_transition(struct telling *telling, struct instance *instance,
                        const struct transition *transition)
{
    const struct moved now = {
        .transition = *transition, .wall_ns = clock_wall_ns(), .boot_ns = clock_boot_ns()};
    uint64_t at_us = 0;
    int enabled = SD_EVENT_OFF;

    if (!refusals_keep(instance->refusals, &now)) {
        telling_end(telling, instance);
        tell(telling, instance, &now);
        instance->refusals = refusals_begin(&now);
        return;
    }
    if (instance->refusals->count == 0)
        return;
    /* Others may be due before. */
    (void)sd_event_source_get_enabled(telling->timer, &enabled);
    (void)sd_event_source_get_time(telling->timer, &at_us);
    if (enabled == SD_EVENT_OFF || at_us * NS_PER_US > attempt_ends_ns(instance))
        look_at(telling, attempt_ends_ns(instance));
}

int telling_open(sd_event *event, const struct registry *registry, struct chronicle *chronicle,
                 struct telling **out)
{
    struct telling *telling = calloc(1, sizeof(*telling));
    int r = -ENOMEM;

    *out = telling;
    if (telling == NULL)
        return r;
    *telling = (struct telling){.registry = registry, .chronicle = chronicle};
    r = source_add_time(event, &telling->timer, CLOCK_BOOTTIME, 0, TIMER_ACCURACY_US, on_time,
                        telling);
    if (r >= 0)
        r = sd_event_source_set_priority(telling->timer, AGENT_PRIORITY_STATE);
    if (r >= 0)
        r = source_set_enabled(telling->timer, SD_EVENT_OFF);
    return r;
}

void telling_close(struct telling *telling)
{
    if (telling == NULL)
        return;
    sd_event_source_disable_unref(telling->timer);
    free(telling);
}
