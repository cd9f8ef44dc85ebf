/* Parse everything first, in a worker's thread, then apply only the difference; see reload.h. */
#include "agent/reload.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/message_ids.h"
#include "agent/base/priorities.h"
#include "agent/config_reading.h"
#include "lib/config/diff.h"
#include "lib/config/problem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

enum {
    PROBLEM_TEXT_SIZE = 1024,
    /* Those who asked by the control socket and were not answered yet; permitted clients alone. */
    WAITING_MAX = CONTROL_CLIENTS_MAX,
};

/* How long those who asked wait at most: less than vipctl does. */
#define PATIENCE_NS (8 * NS_PER_SEC)

/* Those who asked for one and the same reading. */
struct round {
    bool asked;
    bool force; /* one of them wants it whatever it removes */
    size_t count;
    struct control_later *waiting[WAITING_MAX];
};

/* One reading on its way; complete in itself, for it may outlive the reload. */
struct errand {
    struct worker_task task;
    struct reload *reload; /* NULL: closed meanwhile */
    char *file;
    char *directory;           /* NULL: none */
    struct config_box *before; /* in force when it began; a reference */
    struct config_reading reading;
};

struct reload {
    struct parts *parts;
    struct errand *errand; /* NULL: nothing is being read */
    struct round now;      /* those whom the errand is for */
    struct round next;     /* those who have come since: files may have changed */
    sd_event_source *patience;
    bool stalled; /* and that was said */
};

/* ---- The difference, applied */

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

static void note_failure(struct snapshot_facts *facts, const char *text)
{
    facts->reload_failed = true;
    snprintf(facts->reload_problem, sizeof(facts->reload_problem), "%s", text);
}

static json_t *refuse(struct snapshot_facts *facts, const struct config_problems *problems)
{
    char text[PROBLEM_TEXT_SIZE];

    note_failure(facts, "out of memory");
    if (problems->count > 0)
        note_failure(facts, config_problem_format(&problems->list[0], text, sizeof(text)));
    for (size_t i = 0; i < problems->count; i++)
        log_msg(LOG_ERR, "%s", config_problem_format(&problems->list[i], text, sizeof(text)));
    log_event(LOG_ERR, MESSAGE_ID_RELOAD_REFUSED, NULL,
              "reload refused: the running configuration stays in force");
    return control_error_reload(problems);
}

/* Takes the box over. */
static json_t *put_in_force(struct parts *parts, struct config_box *box)
{
    struct snapshot_facts *facts = &parts->facts;
    struct config_diff diff = {0};

    parts_serve_due(parts);
    config_diff(facts->box->config, box->config, &diff);
    registry_retarget(parts->registry, box);
    if (checks_apply(parts->node.checks, box->config, box->hook_users, false) < 0)
        log_msg(LOG_ERR, "not all checks could be started");
    for (size_t i = 0; i < diff.count && !registry_stopping(parts->registry); i++) {
        apply(parts, box, &diff.list[i]);
        parts_serve_due(parts);
    }
    segments_watch_due(parts->node.segments);
    json_t *reply = control_reply_reload(&diff);
    config_diff_free(&diff);
    config_box_unref(facts->box);
    facts->box = box;
    facts->reload_failed = false;
    log_event(LOG_NOTICE, MESSAGE_ID_RELOADED, NULL, "configuration reloaded");
    chronicle_event(parts->chronicle, HISTORY_RELOADED, "configuration reloaded");
    return reply;
}

/* ---- What was read, judged */

/* A file that somebody emptied, a directory that is not mounted: nobody means that by a reload. */
static bool removes_all(const struct parts *parts, const struct config_box *box)
{
    return box->config->instance_count == 0 && parts->facts.box->config->instance_count > 0;
}

static void add_removes_all(struct reload *reload, struct config_problems *problems)
{
    const struct config_place place = {
        .file = reload->parts->options.config_file, .section = "", .key = ""};

    if (problems->list == NULL)
        (void)config_problems_open(problems);
    config_problem_add(problems, &place,
                       "has no instance, so all %zu that run would be removed; "
                       "if that is meant: vipctl reload --force",
                       reload->parts->facts.box->config->instance_count);
}

static json_t *judge(struct reload *reload, struct config_reading *reading)
{
    struct parts *parts = reload->parts;

    if (reading->box != NULL && removes_all(parts, reading->box) && !reload->now.force) {
        add_removes_all(reload, &reading->problems);
        config_box_unref(reading->box);
        reading->box = NULL;
    }
    if (reading->box == NULL)
        return refuse(&parts->facts, &reading->problems);
    struct config_box *box = reading->box;
    reading->box = NULL;
    hooks_missing_log(&reading->missing);
    return put_in_force(parts, box);
}

/* ---- Those who asked */

/* Steals reply. */
static void answer(struct round *round, json_t *reply)
{
    for (size_t i = 0; i < round->count; i++)
        control_later_answer(round->waiting[i], json_incref(reply));
    json_decref(reply);
    round->count = 0;
}

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata)
{
    static const char text[] =
        "the files of the configuration, or the name service, do not answer; "
        "what runs stays in force until they do";
    struct reload *reload = userdata;

    (void)source;
    (void)usec;
    if (!reload->stalled) {
        log_msg(LOG_WARNING, "reload: %s", text);
        note_failure(&reload->parts->facts, text);
    }
    reload->stalled = true;
    answer(&reload->now, control_error_reload_text(text));
    answer(&reload->next, control_error_reload_text(text));
    sd_notify(0, "READY=1");
    return 0;
}

static int be_patient(struct reload *reload)
{
    int r = sd_event_source_set_time(reload->patience, (clock_boot_ns() + PATIENCE_NS) / NS_PER_US);

    return r < 0 ? r : sd_event_source_set_enabled(reload->patience, SD_EVENT_ONESHOT);
}

/* ---- Reading */

static void run(struct worker_task *task)
{
    struct errand *errand = (struct errand *)task;

    config_reading_run(errand->file, errand->directory, errand->before, true, &errand->reading);
}

static void free_errand(struct errand *errand)
{
    if (errand == NULL)
        return;
    config_reading_free(&errand->reading);
    config_box_unref(errand->before);
    free(errand->file);
    free(errand->directory);
    free(errand);
}

static void done(struct worker_task *task);

/* NULL: out of memory. */
static struct errand *new_errand(struct reload *reload)
{
    const struct agent_options *options = &reload->parts->options;
    struct errand *errand = calloc(1, sizeof(*errand));

    if (errand == NULL)
        return NULL;
    *errand = (struct errand){.task = {.run = run, .done = done},
                              .reload = reload,
                              .file = strdup(options->config_file),
                              .before = config_box_ref(reload->parts->facts.box)};
    if (options->config_dir != NULL)
        errand->directory = strdup(options->config_dir);
    if (errand->file == NULL || (options->config_dir != NULL && errand->directory == NULL)) {
        free_errand(errand);
        return NULL;
    }
    return errand;
}

static void notify_reloading(void)
{
    struct timespec ts = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
               (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

/* The next reading, for those who wait for one, unless one is on its way. */
static void begin(struct reload *reload)
{
    if (reload->errand != NULL || !reload->next.asked)
        return;
    reload->now = reload->next;
    reload->next = (struct round){0};
    reload->stalled = false;
    reload->parts->facts.reloaded_wall_ns = clock_wall_ns();
    notify_reloading();
    struct errand *errand = new_errand(reload);
    if (errand != NULL && worker_submit(reload->parts->config, &errand->task) &&
        be_patient(reload) >= 0) {
        reload->errand = errand;
        return;
    }
    if (errand != NULL && errand->task.submitted)
        errand->reload = NULL;
    else
        free_errand(errand);
    const struct config_problems none = {0};
    answer(&reload->now, refuse(&reload->parts->facts, &none));
    sd_notify(0, "READY=1");
}

static void done(struct worker_task *task)
{
    struct errand *errand = (struct errand *)task;
    struct reload *reload = errand->reload;

    if (reload == NULL) {
        free_errand(errand);
        return;
    }
    reload->errand = NULL;
    (void)sd_event_source_set_enabled(reload->patience, SD_EVENT_OFF);
    reload->parts->facts.reloaded_wall_ns = clock_wall_ns();
    answer(&reload->now, judge(reload, &errand->reading));
    free_errand(errand);
    sd_notify(0, "READY=1");
    publish_status(reload->parts->publish);
    begin(reload);
}

void reload_ask(struct reload *reload, bool force, struct control_later *later)
{
    struct round *next = &reload->next;

    if (later != NULL && next->count == WAITING_MAX) {
        control_later_answer(later, control_error_reload_text("too many wait for a reload"));
        return;
    }
    next->asked = true;
    next->force = next->force || force;
    if (later != NULL)
        next->waiting[next->count++] = later;
    int armed = SD_EVENT_OFF;
    (void)sd_event_source_get_enabled(reload->patience, &armed);
    /* Those before have lost it already; these have theirs. */
    if (reload->errand != NULL && armed == SD_EVENT_OFF)
        (void)be_patient(reload);
    begin(reload);
}

int reload_open(struct parts *parts, struct reload **out)
{
    struct reload *reload = calloc(1, sizeof(*reload));
    int r = -ENOMEM;

    *out = NULL;
    if (reload == NULL)
        return r;
    reload->parts = parts;
    r = sd_event_add_time(parts->node.event, &reload->patience, CLOCK_BOOTTIME, UINT64_MAX, 1000,
                          on_patience, reload);
    if (r >= 0)
        r = sd_event_source_set_priority(reload->patience, AGENT_PRIORITY_CONTROL);
    if (r < 0) {
        reload_close(reload);
        return r;
    }
    *out = reload;
    return 0;
}

void reload_close(struct reload *reload)
{
    if (reload == NULL)
        return;
    if (reload->errand != NULL)
        reload->errand->reload = NULL;
    answer(&reload->now, NULL);
    answer(&reload->next, NULL);
    sd_event_source_disable_unref(reload->patience);
    free(reload);
}
