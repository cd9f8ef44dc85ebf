/*
 * The targets: what is wanted of each, what the service manager was told last, and the call under
 * way. Calls are made from a deferred source, behind everything urgent. A bus that goes away is
 * noticed when it is used, and connected to again.
 */
#include "agent/publish/systemd_target.h"

#include "agent/base/log.h"
#include "agent/base/message_ids.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/publish/manager_bus.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"

enum {
    RETRY_FIRST_MS = 1000,
    RETRY_MAX_MS = 60 * 1000,
    RELEASE_TIMEOUT_MS = 2000,
};

enum told {
    TOLD_NOTHING = 0,
    TOLD_START,
    TOLD_STOP,
};

struct target {
    struct systemd_targets *targets;
    char instance[NAME_SIZE];
    bool wanted;
    bool failing; /* tried again when the timer says so */
    bool said;    /* that it fails */
    enum told told;
    enum told calling; /* what the call under way will have told */
    sd_bus_slot *call; /* NULL: none is under way */
    struct target *next;
};

struct systemd_targets {
    sd_event *event;
    struct manager_bus manager;
    sd_event_source *caller;
    sd_event_source *retry;
    uint64_t retry_ms;
    bool bus_missing; /* and said so */
    struct target *list;
    void (*on_idle)(void *userdata);
    void *userdata;
};

const char *systemd_target_name(const char *instance, char buffer[SYSTEMD_TARGET_SIZE])
{
    size_t used = (size_t)snprintf(buffer, SYSTEMD_TARGET_SIZE, "vipd-master@");

    for (size_t i = 0; instance[i] != '\0'; i++) {
        unsigned char c = (unsigned char)instance[i];
        bool plain = isalnum(c) != 0 || c == '_' || c == ':' || (c == '.' && i > 0);

        used += (size_t)snprintf(buffer + used, SYSTEMD_TARGET_SIZE - used,
                                 plain ? "%c" : "\\x%02x", c);
    }
    snprintf(buffer + used, SYSTEMD_TARGET_SIZE - used, ".target");
    return buffer;
}

static enum told needed(const struct target *target)
{
    return target->wanted ? TOLD_START : TOLD_STOP;
}

static bool is_due(const struct target *target)
{
    return target->call == NULL && !target->failing && target->told != needed(target);
}

bool systemd_targets_idle(const struct systemd_targets *targets)
{
    for (const struct target *target = targets->list; target != NULL; target = target->next)
        if (target->call != NULL || is_due(target))
            return false;
    return true;
}

static void call_soon(struct systemd_targets *targets)
{
    int r = source_set_enabled(targets->caller, SD_EVENT_ONESHOT);

    assert(r >= 0);
}

static void retry_later(struct systemd_targets *targets)
{
    int on = SD_EVENT_OFF;

    if (sd_event_source_get_enabled(targets->retry, &on) > 0)
        return;
    (void)source_set_time_relative(targets->retry, targets->retry_ms * (NS_PER_MS / NS_PER_US));
    (void)source_set_enabled(targets->retry, SD_EVENT_ONESHOT);
    targets->retry_ms = targets->retry_ms * 2 < RETRY_MAX_MS ? targets->retry_ms * 2 : RETRY_MAX_MS;
}

static void note_failure(struct target *target, const char *what)
{
    char name[SYSTEMD_TARGET_SIZE];

    if (!target->said)
        log_event(LOG_WARNING, MESSAGE_ID_TARGET_FAILED, target->instance,
                  "%s cannot be %s: %s; trying again", systemd_target_name(target->instance, name),
                  target->wanted ? "started" : "stopped", what);
    target->failing = true;
    target->said = true;
    retry_later(target->targets);
}

static void note_success(struct target *target)
{
    char name[SYSTEMD_TARGET_SIZE];

    log_instance(LOG_INFO, target->instance, "%s is told to %s",
                 systemd_target_name(target->instance, name),
                 target->told == TOLD_START ? "start" : "stop");
    target->said = false;
    target->targets->retry_ms = RETRY_FIRST_MS;
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *unused)
{
    struct target *target = userdata;
    struct systemd_targets *targets = target->targets;
    const sd_bus_error *error = sd_bus_message_get_error(reply);

    (void)unused;
    target->call = sd_bus_slot_unref(target->call);
    /* What is not loaded does not run. */
    if (error == NULL ||
        (target->calling == TOLD_STOP && sd_bus_error_has_name(error, NO_SUCH_UNIT) > 0)) {
        target->told = target->calling;
        note_success(target);
    } else {
        note_failure(target, error->message != NULL ? error->message : error->name);
    }
    call_soon(targets);
    return 0;
}

static void call(struct target *target)
{
    char name[SYSTEMD_TARGET_SIZE];
    int r = sd_bus_call_method_async(target->targets->manager.bus, &target->call, MANAGER_NAME,
                                     MANAGER_PATH, MANAGER_INTERFACE,
                                     target->wanted ? "StartUnit" : "StopUnit", on_reply, target,
                                     "ss", systemd_target_name(target->instance, name), "replace");

    target->calling = needed(target);
    if (r < 0)
        note_failure(target, strerror(-r));
}

static void note_bus(struct systemd_targets *targets, int error)
{
    if (error < 0 && !targets->bus_missing)
        log_event(LOG_WARNING, MESSAGE_ID_TARGET_FAILED, NULL,
                  "no D-Bus system bus (%s): systemd-target has no effect until there is one",
                  strerror(-error));
    else if (error >= 0 && targets->bus_missing)
        log_msg(LOG_NOTICE, "there is a D-Bus system bus now");
    targets->bus_missing = error < 0;
}

static struct target *find_due(const struct systemd_targets *targets)
{
    struct target *target = targets->list;

    while (target != NULL && !is_due(target))
        target = target->next;
    return target;
}

/* One call a turn. */
static int on_call(sd_event_source *source, void *userdata)
{
    struct systemd_targets *targets = userdata;
    struct target *target = find_due(targets);

    (void)source;
    if (target == NULL) {
        if (systemd_targets_idle(targets))
            targets->on_idle(targets->userdata);
        return 0;
    }
    int r = manager_bus_connect(&targets->manager, targets->event);
    note_bus(targets, r);
    if (r >= 0) {
        call(target);
    } else {
        target->failing = true;
        retry_later(targets);
    }
    call_soon(targets);
    return 0;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct systemd_targets *targets = userdata;

    (void)source;
    (void)usec;
    for (struct target *target = targets->list; target != NULL; target = target->next)
        target->failing = false;
    call_soon(targets);
    return 0;
}

int systemd_targets_open(sd_event *event, void (*on_idle)(void *userdata), void *userdata,
                         struct systemd_targets **out)
{
    struct systemd_targets *targets = calloc(1, sizeof(*targets));
    int r = -ENOMEM;

    *out = targets;
    if (targets == NULL)
        return r;
    targets->event = event;
    targets->retry_ms = RETRY_FIRST_MS;
    targets->on_idle = on_idle;
    targets->userdata = userdata;
    r = source_add_defer(event, &targets->caller, on_call, targets);
    if (r >= 0)
        r = sd_event_source_set_priority(targets->caller, AGENT_PRIORITY_HOOKS);
    if (r >= 0)
        r = source_set_enabled(targets->caller, SD_EVENT_OFF);
    if (r >= 0)
        r = source_add_time(event, &targets->retry, CLOCK_BOOTTIME, UINT64_MAX, 0, on_retry,
                            targets);
    if (r >= 0)
        r = sd_event_source_set_priority(targets->retry, AGENT_PRIORITY_HOOKS);
    if (r >= 0)
        r = source_set_enabled(targets->retry, SD_EVENT_OFF);
    return r;
}

void systemd_targets_close(struct systemd_targets *targets)
{
    if (targets == NULL)
        return;
    while (targets->list != NULL) {
        struct target *target = targets->list;

        targets->list = target->next;
        sd_bus_slot_unref(target->call);
        free(target);
    }
    manager_bus_close(&targets->manager);
    sd_event_source_disable_unref(targets->caller);
    sd_event_source_disable_unref(targets->retry);
    free(targets);
}

static struct target *find(const struct systemd_targets *targets, const char *instance)
{
    struct target *target = targets->list;

    while (target != NULL && strcmp(target->instance, instance) != 0)
        target = target->next;
    return target;
}

static struct target *find_or_add(struct systemd_targets *targets, const char *instance)
{
    struct target *target = find(targets, instance);

    if (target != NULL)
        return target;
    target = calloc(1, sizeof(*target));
    if (target == NULL)
        return NULL;
    target->targets = targets;
    snprintf(target->instance, sizeof(target->instance), "%s", instance);
    target->next = targets->list;
    targets->list = target;
    return target;
}

void systemd_targets_want(struct systemd_targets *targets, const char *instance, bool active)
{
    struct target *target = find_or_add(targets, instance);

    if (target == NULL) {
        log_instance(LOG_ERR, instance, "out of memory, its target is not %s",
                     active ? "started" : "stopped");
        return;
    }
    target->wanted = active;
    if (is_due(target))
        call_soon(targets);
}

void systemd_targets_leave(struct systemd_targets *targets, const char *instance)
{
    if (find(targets, instance) != NULL)
        systemd_targets_want(targets, instance, false);
}

static int stop_now(sd_bus *bus, const char *instance)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    char name[SYSTEMD_TARGET_SIZE];
    int r = sd_bus_call_method(bus, MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE, "StopUnit",
                               &error, NULL, "ss", systemd_target_name(instance, name), "replace");

    if (r < 0 && sd_bus_error_has_name(&error, NO_SUCH_UNIT) > 0)
        r = 0;
    if (r < 0)
        log_event(LOG_WARNING, MESSAGE_ID_TARGET_FAILED, instance, "%s cannot be stopped: %s", name,
                  error.message != NULL ? error.message : strerror(-r));
    sd_bus_error_free(&error);
    return r;
}

void systemd_targets_stop_all(const struct config *config)
{
    sd_bus *bus = NULL;
    int r = 0;

    for (size_t i = 0; i < config->instance_count && r >= 0; i++) {
        const struct config_instance *instance = &config->instances[i];

        if (!instance->systemd_target)
            continue;
        if (bus == NULL) {
            r = sd_bus_open_system(&bus);
            if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus,
                                                   RELEASE_TIMEOUT_MS * (NS_PER_MS / NS_PER_US));
            if (r < 0)
                log_msg(LOG_WARNING, "no D-Bus system bus: %s", strerror(-r));
        }
        if (r >= 0)
            r = stop_now(bus, instance->name);
    }
    sd_bus_flush_close_unref(bus);
}
