/* Telling the world outside. State files are handed out one a turn of the loop: a failover of
 * thousands of instances leaves room for packets between them. */
#include "agent/publish/publish.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/instances/counts.h"
#include "agent/instances/preparation.h"
#include "agent/publish/hooks.h"
#include "agent/publish/rivals.h"
#include "agent/publish/state_file.h"
#include "agent/publish/systemd_target.h"
#include "agent/publish/telling.h"
#include "lib/limits.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

enum {
    /* How long an agent that is stopped waits for its last hooks. */
    FINISH_MS = 20 * 1000,
};

struct publish {
    struct publish_options options;
    struct telling *telling; /* of transitions */
    struct rivals *rivals;
    struct unit_hooks *unit_hooks;
    struct hooks *hooks;
    struct systemd_targets *targets;
    struct state_files *state_files; /* NULL: none can be written */
    sd_event_source *writer;         /* writes state files behind everything urgent */
    sd_event_source *impatience;     /* ends the wait for the last hooks */
};

/* What a change of state, or what it waits for, has hooks run for. */
static struct hook_event event_of(const struct instance *instance,
                                  const struct transition *transition)
{
    struct hook_event event = {
        .box = instance->box,
        .config = instance->config,
        .transition = *transition,
        .priority = instance->elections[0].params.priority,
    };

    memcpy(event.interface, instance->interface, sizeof(event.interface));
    return event;
}

static struct state_file state_of(const struct instance *instance)
{
    return (struct state_file){
        .box = instance->box,
        .config = instance->config,
        .interface = instance->interface,
        .since_wall_ns = instance->since_wall_ns,
        .priority = instance->elections[0].params.priority,
    };
}

/* False: not now. */
static bool write_state(struct publish *publish, struct instance *instance)
{
    const struct transition beginning = {.reason = REASON_STARTED};
    const struct transition last = last_transition_get(&instance->last);
    struct state_file file = state_of(instance);

    file.last = instance->last_wall_ns == 0 ? &beginning : &last;
    /* While another one is written: on_ready() comes back. */
    instance->unpublished = !state_files_write(publish->state_files, &file);
    return !instance->unpublished;
}

/* A MASTER for whose claim the kernel has not answered: it may yet be none. */
static bool claim_is_open(const struct instance *instance)
{
    return instance->state == VRRP_MASTER && instance_claims(instance);
}

static void tell_target(const struct publish *publish, const struct instance *instance)
{
    const struct config_instance *config = instance->config;
    bool serves = instance->state == VRRP_MASTER && !instance_waits(instance);

    if (config->systemd_target)
        systemd_targets_want(publish->targets, config->name, serves);
    else
        systemd_targets_leave(publish->targets, config->name);
}

static void write_soon(const struct publish *publish)
{
    int r = source_set_enabled(publish->writer, SD_EVENT_ONESHOT);

    assert(r >= 0);
}

/* One of them; comes again for the next. */
static int on_write(sd_event_source *source, void *userdata)
{
    struct publish *publish = userdata;
    const struct registry *registry = publish->options.registry;

    (void)source;
    for (size_t i = 0; i < registry_count(registry); i++) {
        struct instance *instance = registry_at(registry, i);

        /* Whoever reads that this node is MASTER uses the addresses. */
        if (!instance->unpublished || instance_waits(instance) || claim_is_open(instance))
            continue;
        tell_target(publish, instance);
        if (write_state(publish, instance))
            write_soon(publish);
        break;
    }
    return 0;
}

static void on_ready(void *userdata)
{
    write_soon(userdata);
}

static bool finished(const struct publish *publish)
{
    return hooks_idle(publish->hooks) && systemd_targets_idle(publish->targets);
}

static void on_idle(void *userdata)
{
    struct publish *publish = userdata;

    if (registry_ended(publish->options.registry) && finished(publish))
        (void)source_exit(publish->options.event, 0);
}

/* A command for a MASTER may want to use its addresses, and is not to run before before-master. */
static bool may_start(void *userdata, const char *name)
{
    const struct publish *publish = userdata;
    const struct instance *instance = registry_find(publish->options.registry, name);

    return instance == NULL || !(instance_claims(instance) || instance_waits(instance));
}

/* What its status says of the hook. */
static void on_hook_end(void *userdata, const char *name, enum hook hook, int status,
                        const char *text)
{
    const struct publish *publish = userdata;
    struct instance *instance = registry_find(publish->options.registry, name);

    if (instance == NULL)
        return;
    instance_count_hook(instance, hook, status == 0);
    if (hook == HOOK_BEFORE)
        instance_prepared(instance, status == 0, text);
    if (instance->hook_results == NULL)
        instance->hook_results = calloc(HOOKS, sizeof(*instance->hook_results));
    if (instance->hook_results == NULL)
        return;
    struct hook_result *result = &instance->hook_results[hook];
    *result =
        (struct hook_result){.at_wall_ns = clock_wall_ns(), .good = status == 0, .status = status};
    snprintf(result->text, sizeof(result->text), "%s", text);
}

void publish_claimed(const struct publish *publish, struct instance *instance)
{
    if (instance->state == VRRP_MASTER && !instance_claims(instance))
        telling_end(publish->telling, instance);
    hooks_go_on(publish->hooks);
    write_soon(publish);
}

static int on_impatient(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct publish *publish = userdata;

    (void)source;
    (void)usec;
    return source_exit(publish->options.event, 0);
}

int publish_finish(struct publish *publish)
{
    sd_event *event = publish->options.event;

    if (finished(publish))
        return source_exit(event, 0);
    if (publish->impatience != NULL)
        return 0;
    log_msg(LOG_NOTICE, "waiting for the last hooks, at most %d s", FINISH_MS / 1000);
    return source_add_time_relative(event, &publish->impatience, CLOCK_BOOTTIME,
                                    FINISH_MS * (NS_PER_MS / NS_PER_US), 0, on_impatient, publish);
}

static int open_parts(struct publish *publish)
{
    sd_event *event = publish->options.event;
    const struct unit_hooks_options units = {.event = event,
                                             .files = publish->options.files,
                                             .run_dir = publish->options.run_dir,
                                             .control_path = publish->options.control_path};
    int r = telling_open(event, publish->options.registry, publish->options.chronicle,
                         &publish->telling);

    if (r >= 0)
        r = rivals_open(event, publish->options.registry, publish->options.chronicle,
                        &publish->rivals);
    if (r >= 0)
        r = unit_hooks_open(&units, &publish->unit_hooks);
    if (r >= 0)
        r = hooks_open(event, publish->unit_hooks, on_idle, publish, &publish->hooks);
    if (r >= 0)
        hooks_ask(publish->hooks, may_start);
    if (r >= 0)
        hooks_on_end(publish->hooks, on_hook_end);
    if (r >= 0)
        r = systemd_targets_open(event, on_idle, publish, &publish->targets);
    if (r >= 0)
        r = source_add_defer(event, &publish->writer, on_write, publish);
    if (r >= 0)
        r = sd_event_source_set_priority(publish->writer, AGENT_PRIORITY_STATE);
    if (r >= 0)
        r = source_set_enabled(publish->writer, SD_EVENT_OFF);
    return r;
}

int publish_open(const struct publish_options *options, struct publish **out)
{
    struct publish *publish = calloc(1, sizeof(*publish));
    int r = -ENOMEM;

    *out = NULL;
    if (publish != NULL) {
        publish->options = *options;
        r = open_parts(publish);
    }
    if (r < 0) {
        log_msg(LOG_ERR, "cannot prepare hooks and state files: %s", strerror(-r));
        publish_close(publish);
        return r;
    }
    /* Without them the node works. */
    const struct state_files_options files = {
        .worker = options->files,
        .run_dir = options->run_dir,
        .control_path = options->control_path,
        .on_ready = on_ready,
        .userdata = publish,
    };
    publish->state_files = state_files_open(&files);
    *out = publish;
    return 0;
}

void publish_close(struct publish *publish)
{
    if (publish == NULL)
        return;
    sd_event_source_disable_unref(publish->impatience);
    sd_event_source_disable_unref(publish->writer);
    hooks_close(publish->hooks);
    unit_hooks_close(publish->unit_hooks);
    systemd_targets_close(publish->targets);
    state_files_close(publish->state_files);
    telling_close(publish->telling);
    rivals_close(publish->rivals);
    free(publish);
}

/* Unlike the log, sd_notify() may wait: for PID 1, whose watchdog needs our answers anyway. */
void publish_status(const struct publish *publish)
{
    const struct registry *registry = publish->options.registry;
    size_t count = registry_count(registry);
    size_t masters = 0;

    for (size_t i = 0; i < count; i++)
        masters += registry_at(registry, i)->state == VRRP_MASTER;
    sd_notifyf(0, "STATUS=%zu instance%s, MASTER of %zu", count, count == 1 ? "" : "s", masters);
}

/* Its command is started, or ended; what waited for its end may go on. */
static void follow_preparation(const struct publish *publish, struct instance *instance)
{
    if (!preparation_changed(instance))
        return;
    const struct transition last = last_transition_get(&instance->last);
    const struct hook_event event = event_of(instance, &last);
    if (instance_may_prepare(instance))
        hooks_prepare(publish->hooks, &event);
    else
        hooks_prepared(publish->hooks, instance->config->name);
}

void publish_transition(struct publish *publish, struct instance *instance,
                        const struct transition *transition)
{
    const struct hook_event event = event_of(instance, transition);

    rivals_moved(publish->rivals, instance);
    telling_transition(publish->telling, instance, transition);
    hooks_transition(publish->hooks, &event);
    publish_instance(publish, instance);
    publish_status(publish);
}

void publish_rival(struct publish *publish, struct instance *instance, const struct advert *advert)
{
    const uint8_t own = instance->elections[0].params.priority;
    const struct hook_event event = {
        .box = instance->box,
        .config = instance->config,
        .transition = {.from = instance->state,
                       .to = instance->state,
                       .evidence = {.peer = advert->ip.source,
                                    .peer_priority = advert->priority,
                                    .own_priority = own}},
        .priority = own,
    };

    if (rivals_heard(publish->rivals, instance, advert))
        hooks_rival(publish->hooks, &event);
}

void publish_instance(struct publish *publish, struct instance *instance)
{
    follow_preparation(publish, instance);
    instance->unpublished = true;
    write_soon(publish);
    if (!claim_is_open(instance))
        tell_target(publish, instance);
}

void publish_stopped(const struct publish *publish, struct instance *instance)
{
    telling_end(publish->telling, instance);
}

void publish_removed(struct publish *publish, const char *name, struct instance *successor)
{
    state_files_remove(publish->state_files, name);
    if (successor != NULL)
        publish_instance(publish, successor);
}
