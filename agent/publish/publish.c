/* Telling the world outside. State files are written one a turn of the loop: a failover of
 * thousands of instances leaves room for packets between them. */
#include "agent/publish/publish.h"

#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/control/snapshot.h"
#include "lib/limits.h"

#include <assert.h>
#include <string.h>

enum {
    /* How long an agent that is stopped waits for its last hooks. */
    FINISH_MS = 20 * 1000,
};

static struct state_file state_of(const struct instance *instance)
{
    return (struct state_file){
        .config = instance->config,
        .last = &instance->last,
        .since_wall_ns = instance->since_wall_ns,
        .priority = instance->elections[0].params.priority,
    };
}

static void write_state(struct agent *agent, struct instance *instance)
{
    const struct transition beginning = {.reason = REASON_STARTED};
    struct state_file file = state_of(instance);

    if (instance->last_wall_ns == 0)
        file.last = &beginning;
    instance->unpublished = false;
    state_files_write(agent->state_files, &file);
}

static void publish_soon(struct agent *agent)
{
    int r = sd_event_source_set_enabled(agent->publisher, SD_EVENT_ONESHOT);

    assert(r >= 0);
}

/* One of them; comes again for the next. */
static int on_publish(sd_event_source *source, void *userdata)
{
    struct agent *agent = userdata;

    (void)source;
    for (size_t i = 0; i < agent->instance_count; i++) {
        if (!agent->instances[i]->unpublished)
            continue;
        write_state(agent, agent->instances[i]);
        publish_soon(agent);
        break;
    }
    return 0;
}

static bool finished(const struct agent *agent)
{
    return hooks_idle(agent->hooks) && systemd_targets_idle(agent->targets);
}

static void on_idle(void *userdata)
{
    struct agent *agent = userdata;

    if (agent->stopping && agent->instance_count == 0 && finished(agent))
        (void)sd_event_exit(agent->node.event, 0);
}

static int on_impatient(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct agent *agent = userdata;

    (void)source;
    (void)usec;
    return sd_event_exit(agent->node.event, 0);
}

int agent_publish_finish(struct agent *agent)
{
    if (finished(agent))
        return sd_event_exit(agent->node.event, 0);
    if (agent->impatience != NULL)
        return 0;
    log_msg(LOG_NOTICE, "waiting for the last hooks, at most %d s", FINISH_MS / 1000);
    return sd_event_add_time_relative(agent->node.event, &agent->impatience, CLOCK_BOOTTIME,
                                      FINISH_MS * (NS_PER_MS / NS_PER_US), 0, on_impatient, agent);
}

int agent_publish_open(struct agent *agent)
{
    sd_event *event = agent->node.event;
    int r = hooks_open(event, on_idle, agent, &agent->hooks);

    if (r >= 0)
        r = systemd_targets_open(event, on_idle, agent, &agent->targets);
    if (r >= 0)
        r = sd_event_add_defer(event, &agent->publisher, on_publish, agent);
    if (r >= 0)
        r = sd_event_source_set_priority(agent->publisher, AGENT_PRIORITY_STATE);
    if (r >= 0)
        r = sd_event_source_set_enabled(agent->publisher, SD_EVENT_OFF);
    if (r < 0)
        log_msg(LOG_ERR, "cannot prepare hooks and state files: %s", strerror(-r));
    /* Without them the node works. */
    agent->state_files = state_files_open(agent->options.run_dir, agent->options.control_path);
    return r;
}

void agent_publish_close(struct agent *agent)
{
    sd_event_source_disable_unref(agent->impatience);
    sd_event_source_disable_unref(agent->publisher);
    hooks_close(agent->hooks);
    systemd_targets_close(agent->targets);
    state_files_close(agent->state_files);
}

void agent_publish_transition(struct agent *agent, struct instance *instance,
                              const struct transition *transition)
{
    const struct hook_event event = {
        .box = instance->box,
        .config = instance->config,
        .transition = *transition,
        .priority = instance->elections[0].params.priority,
    };

    log_transition(instance->config->name, transition);
    agent_control_transition(agent, instance, transition);
    hooks_transition(agent->hooks, &event);
    agent_publish_instance(agent, instance);
}

void agent_publish_instance(struct agent *agent, struct instance *instance)
{
    const struct config_instance *config = instance->config;

    instance->unpublished = true;
    publish_soon(agent);
    if (config->systemd_target)
        systemd_targets_want(agent->targets, config->name, instance->state == VRRP_MASTER);
    else
        systemd_targets_leave(agent->targets, config->name);
}

void agent_publish_removed(struct agent *agent, const char *name)
{
    struct instance *successor = agent_find(agent, name);

    state_files_remove(agent->state_files, name);
    /* Added again by a reload while the old one was still handing over. */
    if (successor != NULL)
        agent_publish_instance(agent, successor);
}
