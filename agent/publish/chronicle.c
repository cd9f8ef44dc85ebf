/* Entries of the history, and which transitions are recorded; see chronicle.h. */
#include "agent/publish/chronicle.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/history/history_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTE_SIZE = 384 };

struct chronicle {
    struct chronicle_options options;
    struct history *history;
    struct history_file *file;
};

static void add(struct chronicle *chronicle, const struct history_entry *entry)
{
    history_add(chronicle->history, entry);
    history_file_changed(chronicle->file);
    chronicle->options.on_entry(chronicle->options.userdata);
}

void chronicle_event(struct chronicle *chronicle, enum history_event event, const char *text)
{
    struct history_entry entry = {
        .event = event,
        .at_ns = clock_wall_ns(),
        .boot_ns = clock_boot_ns(),
    };

    snprintf(entry.text, sizeof(entry.text), "%s", text);
    add(chronicle, &entry);
}

uint64_t chronicle_settle_ns(const struct instance *instance)
{
    const struct config_instance *config = instance->config;

    return 2 * election_master_down_ns(&instance->elections[0]) + config->preempt_delay_ns +
           NS_PER_SEC;
}

/* Notes the transition, and fills in entry->recording when it is to be recorded. entry is complete
 * but for that. */
static void record(struct recorder *recorder, struct instance *instance,
                   struct history_entry *entry)
{
    const struct config_instance *config = instance->config;
    const struct transition *transition = &entry->transition;
    struct recorder_link *link = recorder_find(recorder, instance->interface);
    const char *path = NULL;
    char text[NOTE_SIZE];

    bool wanted = recorder_policy_wants(&instance->recording, transition, config->priority,
                                        chronicle_settle_ns(instance), entry->boot_ns);
    if (link == NULL)
        return;
    snprintf(text, sizeof(text), "%s: %s -> %s: %s: %s", config->name,
             vrrp_state_name(transition->from), vrrp_state_name(transition->to),
             reason_name(transition->reason), entry->text);
    recorder_link_note(link, entry->at_ns, text);
    if (wanted)
        path = recorder_save(recorder, link, entry);
    if (path != NULL)
        snprintf(entry->recording, sizeof(entry->recording), "%s", path);
}

void chronicle_transition(struct chronicle *chronicle, struct instance *instance,
                          const struct moved *moved)
{
    struct history_entry entry = {
        .at_ns = moved->wall_ns,
        .boot_ns = moved->boot_ns,
        .transition = moved->transition,
        .state = moved->transition.to,
    };

    snprintf(entry.instance, sizeof(entry.instance), "%s", instance->config->name);
    reason_text(&moved->transition, entry.text, sizeof(entry.text));
    record(chronicle->options.recorder, instance, &entry);
    add(chronicle, &entry);
}

static void add_notice(struct chronicle *chronicle, const struct instance *instance,
                       const char *notice, const struct evidence *evidence, const char *text,
                       struct span span)
{
    uint64_t ago_ns = clock_boot_ns() - span.to_ns;
    uint64_t to_wall_ns = clock_wall_ns() - ago_ns;
    struct history_entry entry = {
        .event = HISTORY_NOTICE,
        .at_ns = to_wall_ns,
        .since_ns = span.from_ns != 0 ? to_wall_ns - (span.to_ns - span.from_ns) : 0,
        .boot_ns = span.to_ns,
        .transition = {.from = instance->state, .to = instance->state, .evidence = *evidence},
        .state = instance->state,
    };

    snprintf(entry.instance, sizeof(entry.instance), "%s", instance->config->name);
    snprintf(entry.notice, sizeof(entry.notice), "%s", notice);
    snprintf(entry.text, sizeof(entry.text), "%s", text);
    add(chronicle, &entry);
}

void chronicle_notice(struct chronicle *chronicle, const struct instance *instance,
                      const char *notice, const struct evidence *evidence, const char *text)
{
    const struct span moment = {.to_ns = clock_boot_ns()};

    add_notice(chronicle, instance, notice, evidence, text, moment);
}

void chronicle_past(struct chronicle *chronicle, const struct instance *instance,
                    const char *notice, const struct evidence *evidence, const char *text,
                    struct span span)
{
    add_notice(chronicle, instance, notice, evidence, text, span);
}

const struct history *chronicle_history(const struct chronicle *chronicle)
{
    return chronicle->history;
}

void chronicle_forget_recording(struct chronicle *chronicle, const char *path)
{
    history_forget_recording(chronicle->history, path);
}

int chronicle_open(const struct chronicle_options *options, struct chronicle **out)
{
    struct chronicle *chronicle = calloc(1, sizeof(*chronicle));
    int r = -ENOMEM;

    *out = NULL;
    if (chronicle != NULL) {
        chronicle->options = *options;
        r = history_open(&chronicle->history);
    }
    if (r < 0) {
        log_msg(LOG_ERR, "cannot make the history: %s", strerror(-r));
        free(chronicle);
        return r;
    }
    r = history_file_open(options->event, options->files, options->state_dir, HISTORY_FILE_BYTES,
                          chronicle->history, &chronicle->file);
    if (r < 0) {
        log_msg(LOG_ERR, "cannot keep the history: %s", strerror(-r));
        chronicle_close(chronicle);
        return r;
    }
    *out = chronicle;
    return 0;
}

void chronicle_close(struct chronicle *chronicle)
{
    if (chronicle == NULL)
        return;
    history_file_close(chronicle->file);
    history_close(chronicle->history);
    free(chronicle);
}
