/* Parse everything first, in a worker's thread, then apply only the difference; see reload.h. */
#include "agent/reload.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/reload_apply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

enum {
    /* Those who asked by the control socket and were not answered yet; permitted clients alone. */
    WAITING_MAX = CONTROL_CLIENTS_MAX,
};

/* How long those who asked wait at most: less than vipctl does. */
#define PATIENCE_NS (8 * NS_PER_SEC)

/* Who waits for an answer. */
struct waiting {
    struct control_later *later;
    bool dry; /* wants to know only, and that with or without force */
    bool force;
};

/* Those who asked for one and the same reading. */
struct round {
    bool asked;
    bool apply; /* not all of them want to know only, */
    bool dry;   /* and some do */
    bool force; /* one of those wants it whatever it removes */
    size_t count;
    struct waiting waiting[WAITING_MAX];
};

/* One reading on its way; complete in itself, for it may outlive the reload. */
struct errand {
    struct worker_task task;
    struct reload *reload; /* NULL: closed meanwhile */
    char *file;
    char *directory;           /* NULL: none */
    struct config_box *before; /* in force from its beginning to its end; a reference */
    bool apply;                /* what is to be answered: see struct round */
    bool dry;
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

/* text: a reply, NULL: there was no memory for it. */
static void answer_text(struct control_later *later, const char *text)
{
    control_later_answer_text(later, text, text != NULL ? strlen(text) : 0);
}

/* Answers those who want to know only; the others are left. */
static void tell_the_curious(struct reload *reload, const struct config_reading *reading)
{
    struct round *round = &reload->now;
    json_t *refusals[2]; /* without and with force */
    size_t left = 0;

    if (!round->dry)
        return;
    refusals[0] = reload_preview(reload->parts, reading, false);
    refusals[1] = reload_preview(reload->parts, reading, true);
    for (size_t i = 0; i < round->count; i++) {
        const struct waiting one = round->waiting[i];

        if (!one.dry) {
            round->waiting[left++] = one;
            continue;
        }
        if (refusals[one.force] != NULL)
            control_later_answer(one.later, json_incref(refusals[one.force]));
        else
            answer_text(one.later, reading->preview);
    }
    round->count = left;
    json_decref(refusals[0]);
    json_decref(refusals[1]);
}

/* ---- Those who asked */

/* Steals reply. */
static void answer(struct round *round, json_t *reply)
{
    for (size_t i = 0; i < round->count; i++)
        control_later_answer(round->waiting[i].later, json_incref(reply));
    json_decref(reply);
    round->count = 0;
}

static void answer_all(struct round *round, const char *text)
{
    for (size_t i = 0; i < round->count; i++)
        answer_text(round->waiting[i].later, text);
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
    const bool apply = reload->now.apply || reload->next.apply;
    if (apply && !reload->stalled) {
        log_msg(LOG_WARNING, "reload: %s", text);
        reload_note_failure(&reload->parts->facts, text);
    }
    reload->stalled = reload->stalled || apply;
    answer(&reload->now, control_error_reload_text(text));
    answer(&reload->next, control_error_reload_text(text));
    if (reload->now.apply)
        sd_notify(0, "READY=1");
    return 0;
}

static int be_patient(struct reload *reload)
{
    int r = source_set_time(reload->patience, (clock_boot_ns() + PATIENCE_NS) / NS_PER_US);

    return r < 0 ? r : source_set_enabled(reload->patience, SD_EVENT_ONESHOT);
}

/* ---- Reading */

static void run(struct worker_task *task)
{
    struct errand *errand = (struct errand *)task;

    config_reading_run(errand->file, errand->directory, errand->before, true, &errand->reading);
    config_reading_compare(errand->before, errand->apply, errand->dry, &errand->reading);
}

static void free_parts(struct errand *errand)
{
    config_reading_free(&errand->reading);
    config_box_unref(errand->before);
    errand->before = NULL;
}

static void free_errand(struct errand *errand)
{
    if (errand == NULL)
        return;
    free_parts(errand);
    free(errand->file);
    free(errand->directory);
    free(errand);
}

static void run_end(struct worker_task *task)
{
    free_parts((struct errand *)task);
}

static void done_end(struct worker_task *task)
{
    free_errand((struct errand *)task);
}

/* The configuration that is not in force any more has as many pieces of memory as instances, and
 * others wait for the loop. */
static void end_errand(struct reload *reload, struct errand *errand)
{
    /* Some instance is still at it, and who is the last frees it. */
    if (errand->before->references > 1) {
        config_box_unref(errand->before);
        errand->before = NULL;
    }
    errand->task = (struct worker_task){.run = run_end, .done = done_end, .left = done_end};
    if (!worker_submit(reload->parts->config, &errand->task))
        free_errand(errand);
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
                              .before = config_box_ref(reload->parts->facts.box),
                              .apply = reload->now.apply,
                              .dry = reload->now.dry};
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
    if (reload->now.apply) {
        reload->parts->facts.reloaded_wall_ns = clock_wall_ns();
        notify_reloading();
    }
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
    if (!reload->now.apply) {
        answer(&reload->now, NULL);
        return;
    }
    answer(&reload->now, reload_refuse(&reload->parts->facts, &none));
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
    (void)source_set_enabled(reload->patience, SD_EVENT_OFF);
    tell_the_curious(reload, &errand->reading);
    if (reload->now.apply) {
        reload->parts->facts.reloaded_wall_ns = clock_wall_ns();
        json_t *refusal = reload_apply(reload->parts, &errand->reading, reload->now.force);
        if (refusal != NULL)
            answer(&reload->now, refusal);
        else
            answer_all(&reload->now, errand->reading.reply);
        sd_notify(0, "READY=1");
        publish_status(reload->parts->publish);
    }
    end_errand(reload, errand);
    begin(reload);
}

static void ask(struct reload *reload, const struct waiting *one)
{
    struct round *next = &reload->next;

    if (one->later != NULL && next->count == WAITING_MAX) {
        control_later_answer(one->later, control_error_reload_text("too many wait for a reload"));
        return;
    }
    next->asked = true;
    next->apply = next->apply || !one->dry;
    next->dry = next->dry || one->dry;
    next->force = next->force || (one->force && !one->dry);
    if (one->later != NULL)
        next->waiting[next->count++] = *one;
    int armed = SD_EVENT_OFF;
    (void)sd_event_source_get_enabled(reload->patience, &armed);
    /* Those before have lost it already; these have theirs. */
    if (reload->errand != NULL && armed == SD_EVENT_OFF)
        (void)be_patient(reload);
    begin(reload);
}

void reload_ask(struct reload *reload, bool force, struct control_later *later)
{
    ask(reload, &(const struct waiting){.later = later, .force = force});
}

void reload_ask_dry(struct reload *reload, bool force, struct control_later *later)
{
    ask(reload, &(const struct waiting){.later = later, .dry = true, .force = force});
}

int reload_open(struct parts *parts, struct reload **out)
{
    struct reload *reload = calloc(1, sizeof(*reload));
    int r = -ENOMEM;

    *out = NULL;
    if (reload == NULL)
        return r;
    reload->parts = parts;
    r = source_add_time(parts->node.event, &reload->patience, CLOCK_BOOTTIME, UINT64_MAX, 1000,
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
