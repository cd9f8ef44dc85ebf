/* Parse everything first, then apply only the difference; see reload.h. */
#include "agent/reload.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/message_ids.h"
#include "agent/publish/hooks_check.h"
#include "lib/config/diff.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

enum { PROBLEM_TEXT_SIZE = 1024 };

static void apply(const struct parts *parts, struct config_box *box,
                  const struct config_change *change)
{
    const char *name = change->before != NULL ? change->before->name : change->after->name;
    struct instance *instance = registry_find(parts->registry, name);

    switch (change->kind) {
    case CONFIG_ADDED:
        log_instance(LOG_NOTICE, name, "added by the reload");
        (void)registry_add(parts->registry, box, change->after);
        break;
    case CONFIG_REMOVED:
        log_instance(LOG_NOTICE, name, "removed by the reload");
        if (instance != NULL)
            instance_stop(instance);
        drains_remove(parts->node.drains, name);
        break;
    case CONFIG_REPLACED:
        log_instance(LOG_NOTICE, name,
                     "is another virtual router now: handing over, then restarting");
        if (instance != NULL)
            registry_replace(instance, box, change->after);
        break;
    case CONFIG_UPDATED:
        log_instance(LOG_NOTICE, name, "changed by the reload");
        if (instance != NULL)
            instance_update(instance, box, change->after, true);
        if (instance != NULL)
            publish_instance(parts->publish, instance);
        break;
    case CONFIG_UNCHANGED:
        if (instance != NULL)
            instance_update(instance, box, change->after, false);
        break;
    }
}

static void notify_reloading(void)
{
    struct timespec ts = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
               (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

static int refuse(struct snapshot_facts *facts, const struct config_problems *problems)
{
    char text[PROBLEM_TEXT_SIZE];

    facts->reload_failed = true;
    snprintf(facts->reload_problem, sizeof(facts->reload_problem), "%s", "out of memory");
    if (problems->count > 0)
        config_problem_format(&problems->list[0], facts->reload_problem,
                              sizeof(facts->reload_problem));
    for (size_t i = 0; i < problems->count; i++)
        log_msg(LOG_ERR, "%s", config_problem_format(&problems->list[i], text, sizeof(text)));
    log_event(LOG_ERR, MESSAGE_ID_RELOAD_REFUSED, NULL,
              "reload refused: the running configuration stays in force");
    sd_notify(0, "READY=1");
    return -EINVAL;
}

int reload_run(struct parts *parts, struct config_problems *problems, json_t **reply)
{
    struct snapshot_facts *facts = &parts->facts;
    struct node *node = &parts->node;
    struct config_diff diff = {0};
    struct config_box *box;

    notify_reloading();
    facts->reloaded_wall_ns = clock_wall_ns();
    box = config_box_load(parts->options.config_file, parts->options.config_dir, problems);
    if (box != NULL && !hooks_check(box, facts->box, problems)) {
        config_box_unref(box);
        box = NULL;
    }
    if (box == NULL)
        return refuse(facts, problems);
    parts_serve_due(parts);
    config_diff(facts->box->config, box->config, &diff);
    registry_retarget(parts->registry, box);
    if (checks_apply(node->checks, box->config, false) < 0)
        log_msg(LOG_ERR, "not all checks could be started");
    for (size_t i = 0; i < diff.count && !registry_stopping(parts->registry); i++) {
        apply(parts, box, &diff.list[i]);
        parts_serve_due(parts);
    }
    segments_watch_due(node->segments);
    if (reply != NULL)
        *reply = control_reply_reload(&diff);
    config_diff_free(&diff);
    config_box_unref(facts->box);
    facts->box = box;
    facts->reload_failed = false;
    log_event(LOG_NOTICE, MESSAGE_ID_RELOADED, NULL, "configuration reloaded");
    chronicle_event(parts->chronicle, HISTORY_RELOADED, "configuration reloaded");
    sd_notify(0, "READY=1");
    publish_status(parts->publish);
    return 0;
}
