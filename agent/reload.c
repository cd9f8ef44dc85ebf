/* A reload: parse everything first, then apply only the difference. */
#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/message_ids.h"
#include "agent/control/snapshot.h"
#include "agent/publish/publish.h"
#include "lib/config/diff.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

enum { PROBLEM_TEXT_SIZE = 1024 };

static void replace(struct instance *instance, struct config_box *box,
                    const struct config_instance *after)
{
    instance->next_config = after;
    instance->next_box = config_box_ref(box);
    instance_stop(instance);
}

static void apply(struct agent *agent, struct config_box *box, const struct config_change *change)
{
    const char *name = change->before != NULL ? change->before->name : change->after->name;
    struct instance *instance = agent_find(agent, name);

    switch (change->kind) {
    case CONFIG_ADDED:
        log_instance(LOG_NOTICE, name, "added by the reload");
        (void)agent_add(agent, box, change->after);
        break;
    case CONFIG_REMOVED:
        log_instance(LOG_NOTICE, name, "removed by the reload");
        if (instance != NULL)
            instance_stop(instance);
        drains_remove(agent->node.drains, name);
        break;
    case CONFIG_REPLACED:
        log_instance(LOG_NOTICE, name,
                     "is another virtual router now: handing over, then restarting");
        if (instance != NULL)
            replace(instance, box, change->after);
        break;
    case CONFIG_UPDATED:
        log_instance(LOG_NOTICE, name, "changed by the reload");
        if (instance != NULL)
            instance_update(instance, box, change->after, true);
        if (instance != NULL)
            agent_publish_instance(agent, instance);
        break;
    case CONFIG_UNCHANGED:
        if (instance != NULL)
            instance_update(instance, box, change->after, false);
        break;
    }
}

/* An instance that still hands over for a reload before this one: what comes after it has changed.
 */
static void retarget_waiting(struct agent *agent, struct config_box *box)
{
    for (size_t i = 0; i < agent->instance_count; i++) {
        struct instance *instance = agent->instances[i];

        if (instance->next_config == NULL)
            continue;
        const char *name = instance->next_config->name;
        instance->next_config = config_find_instance(box->config, name);
        config_box_unref(instance->next_box);
        instance->next_box = instance->next_config != NULL ? config_box_ref(box) : NULL;
    }
}

static void notify_reloading(void)
{
    struct timespec ts = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
               (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

static int refuse(struct agent *agent, const struct config_problems *problems)
{
    char text[PROBLEM_TEXT_SIZE];

    agent->last_reload_failed = true;
    snprintf(agent->last_reload_problem, sizeof(agent->last_reload_problem), "%s", "out of memory");
    if (problems->count > 0)
        config_problem_format(&problems->list[0], agent->last_reload_problem,
                              sizeof(agent->last_reload_problem));
    for (size_t i = 0; i < problems->count; i++)
        log_msg(LOG_ERR, "%s", config_problem_format(&problems->list[i], text, sizeof(text)));
    log_event(LOG_ERR, MESSAGE_ID_RELOAD_REFUSED, NULL,
              "reload refused: the running configuration stays in force");
    sd_notify(0, "READY=1");
    return -EINVAL;
}

int agent_reload(struct agent *agent, struct config_problems *problems, json_t **reply)
{
    struct config_diff diff = {0};
    struct config_box *box;

    notify_reloading();
    agent->reloaded_wall_ns = clock_wall_ns();
    box = config_box_load(agent->options.config_file, agent->options.config_dir, problems);
    if (box != NULL && !hooks_check(box, agent->box, problems)) {
        config_box_unref(box);
        box = NULL;
    }
    if (box == NULL)
        return refuse(agent, problems);
    agent_serve_due(agent);
    config_diff(agent->box->config, box->config, &diff);
    retarget_waiting(agent, box);
    if (checks_apply(agent->node.checks, box->config, false) < 0)
        log_msg(LOG_ERR, "not all checks could be started");
    for (size_t i = 0; i < diff.count && !agent->stopping; i++) {
        apply(agent, box, &diff.list[i]);
        agent_serve_due(agent);
    }
    segments_watch_due(agent->node.segments);
    if (reply != NULL)
        *reply = control_reply_reload(&diff);
    config_diff_free(&diff);
    config_box_unref(agent->box);
    agent->box = box;
    agent->last_reload_failed = false;
    log_event(LOG_NOTICE, MESSAGE_ID_RELOADED, NULL, "configuration reloaded");
    agent_control_event(agent, HISTORY_RELOADED, "configuration reloaded");
    sd_notify(0, "READY=1");
    agent_notify_status(agent);
    return 0;
}
