/* What the checks an instance follows do to it; see checks_effect.h. */
#include "agent/instances/checks_effect.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/checks/checks.h"
#include "lib/config/duration.h"
#include "lib/config/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_BACK_PRIORITY = 1, AVOIDING_PRIORITY = 1 };

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
            mate != NULL ? damping_remaining(mate->damping, &mate->config->flap_damping, now) : 0;

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

/* As far as it is well: that it gives way is no fault of this node. */
static uint8_t priority_by_health(const struct instance *instance,
                                  const struct judgement *judgement)
{
    if (held_back_for(instance) > 0)
        return HELD_BACK_PRIORITY;
    return priority_by_checks(instance, judgement);
}

static bool gives_way(const struct instance *instance)
{
    return instance->avoiding != NULL && base_priority(instance) != PRIORITY_OWNER;
}

static uint8_t priority_by(const struct instance *instance, const struct judgement *judgement)
{
    return gives_way(instance) ? AVOIDING_PRIORITY : priority_by_health(instance, judgement);
}

uint8_t instance_priority(const struct instance *instance)
{
    struct judgement judgement;

    judge(instance, &judgement);
    return priority_by(instance, &judgement);
}

bool instance_impaired(const struct instance *instance)
{
    struct judgement judgement;

    judge(instance, &judgement);
    return priority_by_health(instance, &judgement) < base_priority(instance);
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
    else if (gives_way(instance))
        snprintf(buffer, size, "%d (avoids %s, which is MASTER here)", AVOIDING_PRIORITY,
                 instance->avoiding);
    else
        priority_text(base_priority(instance), judgement.terms, judgement.term_count, buffer, size);
    return buffer;
}

bool instance_count_withdrawal(struct instance *instance)
{
    const struct damping_params *params = &instance->config->flap_damping;
    bool held = held_back_for(instance) > 0;
    char span[DURATION_TEXT_SIZE];

    if (params->transitions > 0 && instance->damping == NULL)
        instance->damping = calloc(1, sizeof(*instance->damping));
    if (instance->damping == NULL || !damping_note(instance->damping, params, clock_boot_ns()))
        return false;
    if (!held)
        log_instance(LOG_WARNING, instance->config->name,
                     "withdrawn %zu times within a short time: held back by flap-damping for %s",
                     instance->damping->count,
                     duration_format_short(params->hold_ns, span, sizeof(span)));
    return true;
}

void instance_note_standing(struct instance *instance)
{
    struct judgement judgement;

    judge(instance, &judgement);
    instance->damping_as_master = priority_by_checks(instance, &judgement);
}

bool instance_was_withdrawn(const struct instance *instance, const struct transition *last)
{
    struct judgement judgement;

    judge(instance, &judgement);
    const struct damping_standing standing = {.as_master = instance->damping_as_master,
                                              .now = priority_by_checks(instance, &judgement),
                                              .held_back = held_back_for(instance) > 0};
    return damping_counts(last, &standing);
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
    case REASON_NOT_PREPARED:
        snprintf(transition->evidence.note, sizeof(transition->evidence.note), "%s",
                 instance->preparation != NULL && instance->preparation->text != NULL
                     ? instance->preparation->text
                     : "");
        break;
    case REASON_CANNOT_CLAIM:
        snprintf(transition->evidence.note, sizeof(transition->evidence.note), "%s",
                 strerror(-instance->claim.error));
        break;
    default:
        break;
    }
}

struct checks_effect instance_checks_effect(const struct instance *instance)
{
    struct judgement judgement;

    judge(instance, &judgement);
    return (struct checks_effect){.priority = priority_by(instance, &judgement),
                                  .withdrawn = judgement.withdrawn};
}
