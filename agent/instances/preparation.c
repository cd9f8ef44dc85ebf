/* The wait for before-master; see preparation.h. */
#include "agent/instances/preparation.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/instances/events.h"
#include "lib/config/duration.h"
#include "lib/config/hook_unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMER_ACCURACY_US = 1000 };

#define BACKOFF_MIN_NS (1 * NS_PER_SEC)
#define BACKOFF_MAX_NS (300 * NS_PER_SEC)

bool instance_waits(const struct instance *instance)
{
    for (size_t i = 0; i < instance->router_count; i++)
        if (election_preparing(&instance->elections[i]))
            return true;
    return false;
}

bool instance_may_prepare(const struct instance *instance)
{
    return instance->preparation != NULL && instance->preparation->since_ns != 0;
}

const char *instance_preparation_name(const struct instance *instance, char *buffer, size_t size)
{
    char *const *argv = instance->config->hooks[HOOK_BEFORE];
    const char *program = argv != NULL ? hook_unit_program(argv) : NULL;

    if (argv == NULL) {
        snprintf(buffer, size, "before-master");
    } else if (program != NULL) {
        snprintf(buffer, size, HOOK_UNIT_WORD " %s", program);
    } else {
        const char *slash = strrchr(argv[0], '/');

        snprintf(buffer, size, "%s", slash != NULL ? slash + 1 : argv[0]);
    }
    return buffer;
}

static void tell(struct instance *instance, int level, const char *text)
{
    const struct evidence evidence = {.own_priority = instance->elections[0].params.priority};

    log_instance(level, instance->config->name, "%s", text);
    instance->node->on_event(instance->node->userdata, instance, "before-master", &evidence, text);
}

/* Which of the elections was first to give up makes no difference: the event is for all. */
static void unhold(struct instance *instance)
{
    const struct election_event event = {.type = ELECTION_UNHOLD, .hold = HOLD_NOT_PREPARED};

    instance_event(instance, 0, &event);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    unhold(userdata);
    return 0;
}

static void try_later(struct instance *instance)
{
    struct preparation *preparation = instance->preparation;
    uint64_t next_ns = preparation->backoff_ns == 0 ? BACKOFF_MIN_NS : 2 * preparation->backoff_ns;
    int r = 0;

    preparation->backoff_ns = next_ns < BACKOFF_MAX_NS ? next_ns : BACKOFF_MAX_NS;
    uint64_t at_us = (clock_boot_ns() + preparation->backoff_ns) / NS_PER_US;
    if (preparation->retry == NULL)
        r = source_add_time(instance->node->event, &preparation->retry, CLOCK_BOOTTIME, at_us,
                            TIMER_ACCURACY_US, on_retry, instance);
    if (r >= 0)
        r = sd_event_source_set_priority(preparation->retry, AGENT_PRIORITY_LINKS);
    if (r >= 0)
        r = source_set_time(preparation->retry, at_us);
    if (r >= 0)
        r = source_set_enabled(preparation->retry, SD_EVENT_ONESHOT);
    if (r < 0)
        log_instance(LOG_ERR, instance->config->name,
                     "cannot set the timer of the next before-master: %s", strerror(-r));
}

static bool gave_up(const struct instance *instance)
{
    for (size_t i = 0; i < instance->router_count; i++)
        if ((instance->elections[i].held_by & HOLD_NOT_PREPARED) != 0)
            return true;
    return false;
}

static void over(struct instance *instance, uint64_t took_ns)
{
    struct preparation *preparation = instance->preparation;
    char took[DURATION_TEXT_SIZE];
    char name[NAME_SIZE + 16];
    char text[REASON_TEXT_SIZE];

    duration_format_short(took_ns, took, sizeof(took));
    instance_preparation_name(instance, name, sizeof(name));
    if (gave_up(instance)) {
        try_later(instance);
        log_instance(LOG_WARNING, instance->config->name,
                     "before-master (%s) failed: tried again in %s at the earliest", name,
                     duration_format_short(preparation->backoff_ns, took, sizeof(took)));
        return;
    }
    if (instance->state != VRRP_MASTER) {
        snprintf(text, sizeof(text), "before-master (%s) is not waited for any more after %s", name,
                 took);
        tell(instance, LOG_NOTICE, text);
        return;
    }
    if (instance->config->hooks[HOOK_BEFORE] == NULL)
        snprintf(text, sizeof(text), "%s was taken out after %s: addresses claimed", name, took);
    else if (preparation->ended_well)
        snprintf(text, sizeof(text), "before-master (%s) ended well after %s: addresses claimed",
                 name, took);
    else
        snprintf(text, sizeof(text),
                 "before-master (%.60s) after %s: %.80s; addresses claimed all the same", name,
                 took, preparation->text != NULL ? preparation->text : "");
    preparation->backoff_ns = preparation->ended_well ? 0 : preparation->backoff_ns;
    tell(instance, preparation->ended_well ? LOG_NOTICE : LOG_WARNING, text);
}

/* How it ended, or ends unless something else is said of it. */
static void note(struct preparation *preparation, const char *text)
{
    free(preparation->text);
    preparation->text = strndup(text, PREPARATION_TEXT_SIZE - 1);
}

bool preparation_changed(struct instance *instance)
{
    struct preparation *preparation = instance->preparation;
    char limit[DURATION_TEXT_SIZE];
    char text[PREPARATION_TEXT_SIZE];

    if (preparation == NULL || preparation->since_ns == preparation->told_ns)
        return false;
    uint64_t since_ns = preparation->since_ns;
    uint64_t before_ns = preparation->told_ns;
    preparation->told_ns = since_ns;
    if (before_ns != 0)
        over(instance, clock_boot_ns() - before_ns);
    if (since_ns == 0)
        return true;
    preparation->ended_well = false;
    snprintf(text, sizeof(text), "not ended within %s",
             duration_format_short(instance->config->before_timeout_ns, limit, sizeof(limit)));
    note(preparation, text);
    return true;
}

void instance_prepared(struct instance *instance, bool well, const char *text)
{
    struct preparation *preparation = instance->preparation;
    const struct election_event event = {.type = ELECTION_PREPARED, .force = well};

    if (!instance_may_prepare(instance))
        return;
    preparation->ended_well = well;
    note(preparation, text);
    instance_event(instance, 0, &event);
}

void preparation_retry(struct instance *instance)
{
    if (instance->preparation != NULL)
        instance->preparation->backoff_ns = 0;
    unhold(instance);
}

void preparation_free(struct instance *instance)
{
    if (instance->preparation == NULL)
        return;
    sd_event_source_disable_unref(instance->preparation->retry);
    free(instance->preparation->text);
    free(instance->preparation);
    instance->preparation = NULL;
}
