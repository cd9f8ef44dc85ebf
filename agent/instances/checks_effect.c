/* What the checks an instance follows do to it: its effective priority, and whether it is
 * withdrawn. flap-damping as well, which holds a node back by the lowest priority. */
#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/checks/checks.h"
#include "agent/instances/internal.h"
#include "lib/config/duration.h"
#include "lib/config/group.h"

#include <stdio.h>
#include <string.h>

enum { HELD_BACK_PRIORITY = 1 };

/* All that the checks say, in one look. */
struct judgement {
    struct priority_term terms[TRACK_MAX * 2];
    size_t term_count;
    bool withdrawn;
    char first_failing[EVIDENCE_NOTE_SIZE]; /* of those that withdraw it */
};

static bool is_judged(const struct judgement *judgement, const char *name)
{
    for (size_t i = 0; i < judgement->term_count; i++)
        if (strcmp(judgement->terms[i].name, name) == 0)
            return true;
    return false;
}

static void judge_one(const struct instance *instance, const char *name, struct judgement *out)
{
    struct check_view view;

    if (!checks_look(instance->node->checks, name, &view) || is_judged(out, view.config->name))
        return;
    if (out->term_count < sizeof(out->terms) / sizeof(out->terms[0]))
        out->terms[out->term_count++] =
            (struct priority_term){.name = view.config->name, .delta = view.delta};
    if (!view.withdraws)
        return;
    if (!out->withdrawn)
        snprintf(out->first_failing, sizeof(out->first_failing), "check %s %s: %s",
                 view.config->name,
                 view.state->verdict == CHECK_PENDING ? "has no result" : "failed", view.text);
    out->withdrawn = true;
}

/* A group has one priority: what any of its members follows counts for all. */
static void judge(const struct instance *instance, struct judgement *out)
{
    const struct config_instance *mates[GROUP_INSTANCES_MAX];
    size_t count = config_group_mates(instance->box->config, instance->config, mates);

    memset(out, 0, sizeof(*out));
    for (size_t m = 0; m < count; m++)
        for (size_t i = 0; i < mates[m]->track.count; i++)
            judge_one(instance, mates[m]->track.list[i], out);
}

static uint8_t base_priority(const struct instance *instance)
{
    return config_group_priority(instance->box->config, instance->config);
}

bool instance_follows(const struct instance *instance, const char *check)
{
    const struct config_instance *mates[GROUP_INSTANCES_MAX];
    size_t count = config_group_mates(instance->box->config, instance->config, mates);

    for (size_t m = 0; m < count; m++)
        if (config_names_have(&mates[m]->track, check))
            return true;
    return false;
}

/* A group is held back as one, for as long as any of its members is. */
static uint64_t held_back_for(const struct instance *instance)
{
    uint64_t now = clock_boot_ns();
    uint64_t longest = 0;

    if (base_priority(instance) == PRIORITY_OWNER)
        return 0;
    for (size_t i = 0; i < instance->bundle->share_count; i++) {
        const struct instance *mate = instance->bundle->shares[i].instance;
        uint64_t left =
            mate != NULL ? damping_remaining(&mate->damping, &mate->config->flap_damping, now) : 0;

        if (left > longest)
            longest = left;
    }
    return longest;
}

static uint8_t priority_by_checks(const struct instance *instance,
                                  const struct judgement *judgement)
{
    return priority_effective(base_priority(instance), judgement->terms, judgement->term_count);
}

static uint8_t priority_by(const struct instance *instance, const struct judgement *judgement)
{
    if (held_back_for(instance) > 0)
        return HELD_BACK_PRIORITY;
    return priority_by_checks(instance, judgement);
}

uint8_t instance_priority(const struct instance *instance)
{
    struct judgement judgement;

    judge(instance, &judgement);
    return priority_by(instance, &judgement);
}

bool instance_impaired(const struct instance *instance)
{
    return instance_priority(instance) < base_priority(instance);
}

const char *instance_priority_text(const struct instance *instance, char *buffer, size_t size)
{
    struct judgement judgement;
    uint64_t held_ns = held_back_for(instance);
    char span[DURATION_TEXT_SIZE];

    judge(instance, &judgement);
    if (held_ns > 0)
        snprintf(buffer, size, "%d (held back by flap-damping for %s)", HELD_BACK_PRIORITY,
                 duration_format_short(held_ns, span, sizeof(span)));
    else
        priority_text(base_priority(instance), judgement.terms, judgement.term_count, buffer, size);
    return buffer;
}

static int on_damping_end(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct instance *instance = userdata;

    (void)source;
    (void)usec;
    log_instance(LOG_NOTICE, instance->config->name, "is no longer held back by flap-damping");
    for (size_t i = 0; i < instance->bundle->share_count; i++)
        if (instance->bundle->shares[i].instance != NULL)
            instance_checks_changed(instance->bundle->shares[i].instance);
    return 0;
}

/* Rounded up, so that nothing is left when it fires. */
static void arm_damping(struct instance *instance)
{
    uint64_t us = (instance->damping.held_until + NS_PER_US - 1) / NS_PER_US;
    int r = 0;

    if (instance->damping_timer == NULL)
        r = sd_event_add_time(instance->node->event, &instance->damping_timer, CLOCK_BOOTTIME, us,
                              1000, on_damping_end, instance);
    if (r >= 0)
        r = sd_event_source_set_priority(instance->damping_timer, AGENT_PRIORITY_CHECKS);
    if (r >= 0)
        r = sd_event_source_set_time(instance->damping_timer, us);
    if (r >= 0)
        r = sd_event_source_set_enabled(instance->damping_timer, SD_EVENT_ONESHOT);
    if (r < 0)
        log_instance(LOG_ERR, instance->config->name, "cannot set the timer of flap-damping: %s",
                     strerror(-r));
}

static void note_withdrawal(struct instance *instance)
{
    const struct damping_params *params = &instance->config->flap_damping;
    bool held = held_back_for(instance) > 0;
    char span[DURATION_TEXT_SIZE];

    instance->checks_due = true;
    if (!damping_note(&instance->damping, params, clock_boot_ns()))
        return;
    if (!held)
        log_instance(LOG_WARNING, instance->config->name,
                     "withdrawn %zu times within a short time: held back by flap-damping for %s",
                     instance->damping.count,
                     duration_format_short(params->hold_ns, span, sizeof(span)));
    arm_damping(instance);
}

void instance_note_standing(struct instance *instance)
{
    struct judgement judgement;

    judge(instance, &judgement);
    instance->damping_as_master = priority_by_checks(instance, &judgement);
}

/* A group is withdrawn as one: the member that moves first has the reason, the others follow it. */
void instance_note_withdrawal(struct instance *instance)
{
    struct judgement judgement;

    judge(instance, &judgement);
    const struct damping_standing standing = {.as_master = instance->damping_as_master,
                                              .now = priority_by_checks(instance, &judgement),
                                              .held_back = held_back_for(instance) > 0};
    if (!damping_counts(&instance->last, &standing))
        return;
    for (size_t i = 0; i < instance->bundle->share_count; i++)
        if (instance->bundle->shares[i].instance != NULL)
            note_withdrawal(instance->bundle->shares[i].instance);
}

void instance_explain(const struct instance *instance, struct transition *transition)
{
    struct judgement judgement;
    char text[PRIORITY_TEXT_SIZE];

    switch (transition->reason) {
    case REASON_CHECK_FAILED:
        judge(instance, &judgement);
        memcpy(transition->evidence.note, judgement.first_failing,
               sizeof(transition->evidence.note));
        break;
    case REASON_HIGHER_PRIORITY:
        if (instance->elections[0].params.priority == base_priority(instance))
            break;
        instance_priority_text(instance, text, sizeof(text));
        snprintf(transition->evidence.note, sizeof(transition->evidence.note), "%.*s",
                 EVIDENCE_NOTE_SIZE - 1, text);
        break;
    default:
        break;
    }
}

void instance_checks_changed(struct instance *instance)
{
    struct judgement judgement;
    char text[PRIORITY_TEXT_SIZE];

    judge(instance, &judgement);
    uint8_t priority = priority_by(instance, &judgement);
    if (priority != instance->elections[0].params.priority) {
        log_instance(LOG_NOTICE, instance->config->name, "priority is now %s",
                     instance_priority_text(instance, text, sizeof(text)));
        instance_configure(instance);
    }
    instance_set_hold(instance, HOLD_CHECK_FAILED, judgement.withdrawn);
}
