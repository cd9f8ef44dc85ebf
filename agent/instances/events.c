/* Steps the elections of a bundle and sees to all that follows; see events.h. */
#include "agent/instances/events.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/instances/actions.h"
#include "agent/instances/checks_effect.h"
#include "agent/instances/counts.h"
#include "agent/instances/devices.h"
#include "agent/instances/strangers.h"
#include "agent/instances/watch.h"
#include "agent/wire/segment_send.h"
#include "lib/config/group.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void set_deadline(struct bundle *bundle)
{
    deadline_set(bundle->deadlines, &bundle->deadline,
                 group_deadline(bundle->elections, bundle->count));
}

/* Of the members' reports the one that tells why: the first whose reason is not "the other moved".
 */
static const struct transition *telling_report(const struct election_actions *actions, size_t count)
{
    const struct transition *found = NULL;

    for (size_t m = 0; m < count; m++) {
        for (size_t i = 0; i < actions[m].count; i++) {
            const struct election_action *a = &actions[m].list[i];

            if (a->type == ACTION_REPORT &&
                (found == NULL || found->reason == REASON_GROUP || a->transition.to > found->to))
                found = &a->transition;
        }
    }
    return found;
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
    uint64_t us = (instance->damping->held_until + NS_PER_US - 1) / NS_PER_US;
    int r = 0;

    if (instance->damping_timer == NULL)
        r = source_add_time(instance->node->event, &instance->damping_timer, CLOCK_BOOTTIME, us,
                            1000, on_damping_end, instance);
    if (r >= 0)
        r = sd_event_source_set_priority(instance->damping_timer, AGENT_PRIORITY_CHECKS);
    if (r >= 0)
        r = source_set_time(instance->damping_timer, us);
    if (r >= 0)
        r = source_set_enabled(instance->damping_timer, SD_EVENT_ONESHOT);
    if (r < 0)
        log_instance(LOG_ERR, instance->config->name, "cannot set the timer of flap-damping: %s",
                     strerror(-r));
}

/* Of all that move together. */
static void note_withdrawals(struct bundle *bundle)
{
    for (size_t i = 0; i < bundle->share_count; i++) {
        struct instance *one = bundle->shares[i].instance;

        if (one == NULL)
            continue;
        one->checks_due = true;
        if (instance_count_withdrawal(one))
            arm_damping(one);
    }
}

static void report(struct instance *instance, const struct election_actions *actions)
{
    enum vrrp_state state = group_state(instance->elections, instance->router_count);
    const struct transition *why = telling_report(actions, instance->router_count);

    /* A drain that found no successor is told too: MASTER as before. */
    if (why == NULL || (state == instance->state && why->from != why->to))
        return;
    struct transition last = *why;
    last.from = instance->state;
    last.to = state;
    instance->last_wall_ns = clock_wall_ns();
    if (state != instance->state)
        instance->since_wall_ns = instance->last_wall_ns;
    instance->state = state;
    instance_count_transition(instance, &last);
    instance_explain(instance, &last);
    handover_explain(instance->handover, &last);
    last_transition_set(&instance->last, &last);
    if (instance_was_withdrawn(instance, &last))
        note_withdrawals(instance->bundle);
    if (why->from != why->to && state == VRRP_MASTER)
        instance_note_standing(instance);
    instance->node->on_transition(instance->node->userdata, instance, &last);
}

static void report_priority(struct instance *instance)
{
    uint8_t priority = instance->elections[0].params.priority;

    if (priority == instance->told_priority)
        return;
    instance->told_priority = priority;
    instance->node->on_changed(instance->node->userdata, instance);
}

struct handover_view instance_handover_view(const struct instance *instance,
                                            struct transition *last)
{
    *last = last_transition_get(&instance->last);
    return (struct handover_view){
        .bundle = instance->bundle,
        .elections = instance->elections,
        .count = instance->router_count,
        .heard = &instance->routers[0].heard,
        .state = instance->state,
        .last = last,
    };
}

void instance_look_if_stopped(struct instance *instance)
{
    if (!instance->stopping || instance->stopped || bundle_lingering(instance->bundle))
        return;
    for (size_t i = 0; i < instance->router_count; i++)
        if (router_has_to_say(&instance->routers[i]))
            return;
    instance->stopped = true;
    instance->node->on_stopped(instance->node->userdata, instance);
}

static void follow_handover(struct instance *instance)
{
    struct transition last;

    if (instance->handover == NULL || !handover_pends(instance->handover))
        return;
    const struct handover_view view = instance_handover_view(instance, &last);
    if (!handover_update(instance->handover, &view))
        return;
    if (!drains_add(instance->node->drains, instance->config->name,
                    instance->handover->drain_until_ns, &instance->handover->asker))
        handover_kept(instance->handover, DRAINS_NOT_SAVED);
}

/* When the command became due; 0: it is not. Of two families it is when both need it now. */
static uint64_t preparing_since(const struct instance *instance)
{
    uint64_t since_ns = 0;

    for (size_t i = 0; i < instance->router_count; i++) {
        const struct election *e = &instance->elections[i];

        if (e->preparation == PREPARATION_AWAITED)
            return 0;
        if (e->preparation == PREPARATION_RUNS && e->prepare_began > since_ns)
            since_ns = e->prepare_began;
    }
    return since_ns;
}

static void follow_preparation(struct instance *instance)
{
    uint64_t since_ns = preparing_since(instance);

    if (since_ns == (instance->preparation != NULL ? instance->preparation->since_ns : 0))
        return;
    if (instance->preparation == NULL)
        instance->preparation = calloc(1, sizeof(*instance->preparation));
    if (instance->preparation == NULL) {
        log_instance(LOG_ERR, instance->config->name,
                     "no memory for before-master: it is not run yet");
        return;
    }
    instance->preparation->since_ns = since_ns;
    instance->node->on_changed(instance->node->userdata, instance);
}

static void after_step(struct instance *instance, const struct election_actions *actions)
{
    report(instance, actions);
    follow_preparation(instance);
    report_priority(instance);
    follow_handover(instance);
    instance_look_if_stopped(instance);
}

/* After a move what others claim has another meaning. */
static void carry_out(struct router *router, const struct election_actions *actions)
{
    router_execute(router, actions);
    for (size_t i = 0; i < actions->count; i++)
        if (actions->list[i].type == ACTION_REPORT)
            router_watch_moved(router);
    if (router_devices_due(router))
        router_devices_tell(router);
    if (router_strangers_due(router))
        router_strangers_look(router);
}

/* What was asked for while the event was still being carried out. */
static void look_at_checks(struct instance *instance)
{
    if (!instance->checks_due)
        return;
    instance->checks_due = false;
    instance_checks_changed(instance);
}

void instance_event(struct instance *instance, size_t target, const struct election_event *event)
{
    struct election_actions few[BUNDLE_STACK_ELECTIONS];
    struct bundle *bundle = instance->bundle;
    struct election_actions *actions = bundle->actions != NULL ? bundle->actions : few;

    bundle_step(bundle, instance->share, target, event, clock_boot_ns(), actions);
    for (size_t s = 0; s < bundle->share_count; s++)
        for (size_t i = 0; bundle->shares[s].instance != NULL && i < bundle->shares[s].count; i++)
            carry_out(&bundle->shares[s].instance->routers[i],
                      &actions[bundle->shares[s].first + i]);
    for (size_t s = 0; s < bundle->share_count; s++)
        if (bundle->shares[s].instance != NULL)
            after_step(bundle->shares[s].instance, &actions[bundle->shares[s].first]);
    set_deadline(bundle);
    for (size_t s = 0; s < bundle->share_count; s++)
        if (bundle->shares[s].instance != NULL)
            look_at_checks(bundle->shares[s].instance);
}

static void fire_due(struct instance *instance)
{
    const struct election_event event = {.type = ELECTION_TIMER};
    uint64_t now = clock_boot_ns();

    for (size_t i = 0; i < instance->router_count; i++)
        if (election_deadline(&instance->elections[i]) <= now)
            instance_event(instance, i, &event);
}

static void on_due(void *userdata)
{
    struct bundle *bundle = userdata;

    for (size_t s = 0; s < bundle->share_count; s++)
        if (bundle->shares[s].instance != NULL)
            fire_due(bundle->shares[s].instance);
    set_deadline(bundle);
}

/* Adverts have woken the loop: what would wake it soon goes along with them. */
static void on_pass(void *userdata)
{
    const struct node *node = userdata;

    reconciler_go_along(node->reconciler);
    deadlines_look_ahead(node->deadlines);
}

/* Adverts that are due at a time leave together. */
int node_open_deadlines(struct node *node)
{
    const struct deadlines_options options = {.priority = AGENT_PRIORITY_DEADLINES,
                                              .before = segments_hold,
                                              .after = segments_let_go,
                                              .userdata = node->segments};

    node->phase_ns = clock_boot_ns();
    segments_on_pass(node->segments, on_pass, node);
    return deadlines_open(node->event, &options, &node->deadlines);
}

int instance_open_deadline(const struct node *node, struct bundle *bundle)
{
    bundle->deadline = (struct deadline){.fn = on_due, .userdata = bundle};
    int r = deadlines_add(node->deadlines, &bundle->deadline);

    if (r >= 0)
        bundle->deadlines = node->deadlines;
    return r;
}

static bool any_mate_prepares(const struct instance *instance)
{
    const struct config_instance *mates[GROUP_INSTANCES_MAX];
    size_t count = config_group_mates(instance->box->config, instance->config, mates);

    for (size_t i = 0; i < count; i++)
        if (mates[i]->hooks[HOOK_BEFORE] != NULL)
            return true;
    return false;
}

struct election_params instance_params(const struct instance *instance, size_t index)
{
    const struct config_instance *config = instance->config;

    return (struct election_params){
        .family = instance->routers[index].family,
        .version = config->version,
        .vrid = config->vrid,
        .priority = instance_priority(instance),
        .impaired = instance_impaired(instance),
        .preempt = config->preempt != PREEMPT_NO,
        .preempt_delay_ns = config->preempt == PREEMPT_AFTER ? config->preempt_delay_ns : 0,
        .preempt_healthy_ns =
            config->preempt == PREEMPT_WHEN_HEALTHY ? config->preempt_delay_ns : 0,
        .advert_interval_ns = config->advert_interval_ns,
        .dead_factor = config->dead_factor,
        .linger_ns = bundle_linger_ns(instance->box->config, config),
        .checksum = config->checksum,
        .announce_repeat = config->announce_repeat,
        .announce_refresh_ns = config->announce_refresh_ns,
        .grouped = instance->bundle->count > 1,
        .aligned = true,
        .phase_ns = instance->node->phase_ns +
                    config->advert_interval_ns * instance->phase / INSTANCE_PHASES,
        .prepare_ns = config->hooks[HOOK_BEFORE] != NULL ? config->before_timeout_ns : 0,
        .mates_prepare = any_mate_prepares(instance),
        .claims_unprepared = config->claims_unprepared,
        .release_first = config->release_first,
    };
}

/* Tells the elections their parameters as they are now. */
static void configure(struct instance *instance)
{
    for (size_t i = 0; i < instance->router_count; i++) {
        const struct election_params params = instance_params(instance, i);
        const struct election_event event = {.type = ELECTION_CONFIGURE, .params = &params};

        instance_event(instance, i, &event);
    }
}

void instance_set_hold(struct instance *instance, enum election_hold hold, bool want)
{
    const struct election_event event = {.type = want ? ELECTION_HOLD : ELECTION_UNHOLD,
                                         .hold = hold};
    bool have = (instance->elections[0].held_by & (uint32_t)hold) != 0;

    if (want != have)
        instance_event(instance, 0, &event);
}

void instance_checks_changed(struct instance *instance)
{
    const struct checks_effect effect = instance_checks_effect(instance);
    char text[PRIORITY_TEXT_SIZE];

    if (effect.priority != instance->elections[0].params.priority) {
        log_instance(LOG_NOTICE, instance->config->name, "priority is now %s",
                     instance_priority_text(instance, text, sizeof(text)));
        configure(instance);
    }
    instance_set_hold(instance, HOLD_CHECK_FAILED, effect.withdrawn);
}
