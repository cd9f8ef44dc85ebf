/* A configuration that was read: refused, put in force, or only looked at; see reload_apply.h. */
#include "agent/reload_apply.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/message_ids.h"
#include "agent/trim.h"
#include "lib/config/problem.h"

#include <assert.h>
#include <stdio.h>

enum {
    PROBLEM_TEXT_SIZE = 1024,
};

/* Of all that is changed at once, what is due is looked for so often: that costs as much as many
 * changes, and is less than what the tightest adverts notice. */
#define SERVE_EVERY_NS (NS_PER_MS / 2)

/* ---- The difference, applied */

static void apply(const struct parts *parts, struct config_box *box,
                  const struct config_change *change, size_t *near)
{
    const char *name = change->before != NULL ? change->before->name : change->after->name;
    struct instance *instance = registry_find_near(parts->registry, name, near);

    switch (change->kind) {
    case CONFIG_ADDED:
        log_instance(LOG_NOTICE, name, "added by the reload");
        (void)registry_add(parts->registry, box, change->after);
        break;
    case CONFIG_REMOVED:
        log_instance(LOG_NOTICE, name, "removed by the reload");
        if (instance != NULL)
            registry_remove(parts->registry, instance);
        drains_remove(parts->node.drains, name);
        break;
    case CONFIG_REPLACED:
        log_instance(LOG_NOTICE, name,
                     "is another virtual router now: handing over, then restarting");
        if (instance != NULL)
            registry_replace(parts->registry, instance, box, change->after);
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

void reload_note_failure(struct snapshot_facts *facts, const char *text)
{
    facts->reload_failed = true;
    snprintf(facts->reload_problem, sizeof(facts->reload_problem), "%s", text);
}

json_t *reload_refuse(struct snapshot_facts *facts, const struct config_problems *problems)
{
    char text[PROBLEM_TEXT_SIZE];

    reload_note_failure(facts, "out of memory");
    if (problems->count > 0)
        reload_note_failure(facts, config_problem_format(&problems->list[0], text, sizeof(text)));
    for (size_t i = 0; i < problems->count; i++)
        log_msg(LOG_ERR, "%s", config_problem_format(&problems->list[i], text, sizeof(text)));
    log_event(LOG_ERR, MESSAGE_ID_RELOAD_REFUSED, NULL,
              "reload refused: the running configuration stays in force");
    return control_error_reload(problems);
}

static void trim_after(struct parts *parts, const struct config_diff *diff)
{
    size_t removed = 0;

    for (size_t i = 0; i < diff->count; i++)
        removed += diff->list[i].kind == CONFIG_REMOVED ? 1 : 0;
    trim_freed(parts, removed);
}

static void serve_due(void *userdata)
{
    parts_serve_due(userdata);
}

/* One after the other, and what is due meanwhile. */
static void apply_all(struct parts *parts, struct config_box *box, const struct config_diff *diff)
{
    uint64_t served_ns = clock_boot_ns();
    size_t near = 0;

    for (size_t i = 0; i < diff->count && !registry_stopping(parts->registry); i++) {
        const bool touches = diff->list[i].kind != CONFIG_UNCHANGED;

        apply(parts, box, &diff->list[i], &near);
        if (!touches && clock_boot_ns() - served_ns < SERVE_EVERY_NS)
            continue;
        parts_serve_due(parts);
        served_ns = clock_boot_ns();
    }
}

/* Takes the box over. */
static void put_in_force(struct parts *parts, struct config_box *box,
                         const struct config_diff *diff)
{
    struct snapshot_facts *facts = &parts->facts;

    assert(diff->before == facts->box->config && diff->after == box->config);
    parts_serve_due(parts);
    registry_retarget(parts->registry, box);
    announce_queue_set_pause(parts->node.announcements, box->config->announce_pause_ns);
    if (checks_apply(parts->node.checks, box->config, box->hook_users, false, serve_due) < 0)
        log_msg(LOG_ERR, "not all checks could be started");
    apply_all(parts, box, diff);
    segments_watch_due(parts->node.segments);
    registry_avoid_soon(parts->registry);
    config_box_unref(facts->box);
    facts->box = box;
    trim_after(parts, diff);
    facts->reload_failed = false;
    log_event(LOG_NOTICE, MESSAGE_ID_RELOADED, NULL, "configuration reloaded");
    chronicle_event(parts->chronicle, HISTORY_RELOADED, "configuration reloaded");
}

/* ---- What was read, judged */

/* A file that somebody emptied, a directory that is not mounted: nobody means that by a reload. */
static bool removes_all(const struct parts *parts, const struct config_box *box)
{
    return box->config->instance_count == 0 && parts->facts.box->config->instance_count > 0;
}

static void add_removes_all(const struct parts *parts, struct config_problems *problems)
{
    const struct config_place place = {
        .file = parts->options.config_file, .section = "", .key = ""};

    if (problems->list == NULL)
        (void)config_problems_open(problems);
    config_problem_add(problems, &place,
                       "has no instance, so all %zu that run would be removed; "
                       "if that is meant: vipctl reload --force",
                       parts->facts.box->config->instance_count);
}

json_t *reload_apply(struct parts *parts, struct config_reading *reading, bool force)
{
    if (reading->box != NULL && removes_all(parts, reading->box) && !force) {
        add_removes_all(parts, &reading->problems);
        config_box_unref(reading->box);
        reading->box = NULL;
    }
    if (reading->box == NULL)
        return reload_refuse(&parts->facts, &reading->problems);
    struct config_box *box = reading->box;
    reading->box = NULL;
    config_reading_warn(reading);
    put_in_force(parts, box, &reading->diff);
    return NULL;
}

/* ---- The same for those who want to know only */

json_t *reload_preview(const struct parts *parts, const struct config_reading *reading, bool force)
{
    struct config_problems problems = {0};
    json_t *reply = NULL;

    if (reading->box == NULL)
        return control_error_reload(&reading->problems);
    if (removes_all(parts, reading->box) && !force) {
        add_removes_all(parts, &problems);
        reply = control_error_reload(&problems);
        config_problems_free(&problems);
    }
    return reply;
}
