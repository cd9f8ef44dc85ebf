/*
 * A queue for each instance that has something to run, there only as long as it has: what runs, and
 * room for the newest change of state. One deferred source starts them, one a turn of the loop, so
 * that a failover of many instances never forks for long while packets wait.
 */
#include "agent/publish/hooks.h"

#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/publish/hook_environment.h"
#include "agent/publish/hook_run.h"
#include "lib/config/hook_unit.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hook_queue {
    struct hooks *hooks;
    char name[NAME_SIZE];
    struct hook_run run;
    bool counted;              /* among those that run */
    struct hook_event present; /* box NULL: none; else its hooks from `next` on are to be run */
    enum hook next;
    struct hook_event before; /* box NULL: none waits; ahead of all */
    struct hook_event newest; /* box NULL: none waits */
    struct hook_event rival;  /* box NULL: none waits; behind all of those */
    struct hook_queue *after;
};

struct hooks {
    sd_event *event;
    sd_event_source *starter;
    struct unit_hooks *units;  /* borrowed */
    struct hook_queue *queues; /* the oldest first */
    unsigned running;
    void (*on_idle)(void *userdata);
    bool (*may_start)(void *userdata, const char *name); /* NULL: always */
    hooks_end_fn *on_end;                                /* NULL: nobody */
    void *userdata;
};

static void drop(struct hook_event *event)
{
    config_box_unref(event->box);
    *event = (struct hook_event){0};
}

/* The hook of the state entered, which comes before HOOK_CHANGE. */
static enum hook hook_of(enum vrrp_state state)
{
    switch (state) {
    case VRRP_MASTER:
        return HOOK_MASTER;
    case VRRP_BACKUP:
        return HOOK_BACKUP;
    case VRRP_INIT:
        break;
    }
    return HOOK_INIT;
}

static bool has_hook(const struct hook_event *event)
{
    return event->config->hooks[hook_of(event->transition.to)] != NULL ||
           event->config->hooks[HOOK_CHANGE] != NULL;
}

static struct hook_queue *find(const struct hooks *hooks, const char *name)
{
    struct hook_queue *queue = hooks->queues;

    while (queue != NULL && strcmp(queue->name, name) != 0)
        queue = queue->after;
    return queue;
}

static hook_run_end_fn on_end;

/* At the end: whoever came first is started first. NULL: out of memory. */
static struct hook_queue *append(struct hooks *hooks, const char *name)
{
    struct hook_queue *queue = calloc(1, sizeof(*queue));
    struct hook_queue **link = &hooks->queues;

    if (queue == NULL)
        return NULL;
    queue->hooks = hooks;
    snprintf(queue->name, sizeof(queue->name), "%s", name);
    snprintf(queue->run.name, sizeof(queue->run.name), "%s", name);
    queue->run.on_end = on_end;
    queue->run.userdata = queue;
    while (*link != NULL)
        link = &(*link)->after;
    *link = queue;
    return queue;
}

/* Of one that is not in the list any longer. */
static void free_queue(struct hook_queue *queue)
{
    if (queue->counted)
        queue->hooks->running--;
    hook_run_free(&queue->run);
    drop(&queue->before);
    drop(&queue->present);
    drop(&queue->newest);
    drop(&queue->rival);
    free(queue);
}

static void remove_queue(struct hook_queue *queue)
{
    struct hook_queue **link = &queue->hooks->queues;

    while (*link != queue)
        link = &(*link)->after;
    *link = queue->after;
    free_queue(queue);
}

static void start_soon(struct hooks *hooks)
{
    int r = source_set_enabled(hooks->starter, SD_EVENT_ONESHOT);

    assert(r >= 0);
}

/* What has run is over; nothing of this queue is running then. */
static void on_end(void *userdata, enum hook hook, int status, const char *text)
{
    struct hook_queue *queue = userdata;
    struct hooks *hooks = queue->hooks;

    if (queue->counted)
        hooks->running--;
    queue->counted = false;
    start_soon(hooks);
    if (hooks->on_end != NULL)
        hooks->on_end(hooks->userdata, queue->name, hook, status, text);
}

static void run(struct hook_queue *queue, const struct hook_event *event, enum hook hook)
{
    queue->counted = true;
    queue->hooks->running++;
    (void)hook_run_start(&queue->run, queue->hooks->event, queue->hooks->units, event, hook);
}

/* Of before-master, that nobody waits for any more. */
static void stop(struct hook_queue *queue)
{
    drop(&queue->before);
    if (!hook_run_active(&queue->run) || queue->run.hook != HOOK_BEFORE)
        return;
    log_instance(LOG_NOTICE, queue->name, "%s: ended, nobody waits for it any more",
                 hook_name(HOOK_BEFORE));
    hook_run_stop(&queue->run);
    on_end(queue, HOOK_BEFORE, -1, "ended, nobody waited for it any more");
}

/* Begins with the newest change; what was left of the one before is obsolete. */
static void take_newest(struct hook_queue *queue)
{
    if (queue->newest.box == NULL)
        return;
    drop(&queue->present);
    queue->present = queue->newest;
    queue->newest = (struct hook_event){0};
    queue->next = hook_of(queue->present.transition.to);
}

/* What comes next; false: nothing. */
static bool find_next(struct hook_queue *queue, const struct hook_event **event, enum hook *hook)
{
    while (queue->present.box != NULL) {
        if (queue->next == HOOKS) {
            drop(&queue->present);
        } else if (queue->present.config->hooks[queue->next] != NULL) {
            *event = &queue->present;
            *hook = queue->next;
            return true;
        } else {
            queue->next = queue->next == HOOK_CHANGE ? HOOKS : HOOK_CHANGE;
        }
    }
    *event = &queue->rival;
    *hook = HOOK_RIVAL;
    return queue->rival.box != NULL;
}

/* True: there was one. Whether others may start has to be asked again behind it. */
static bool run_before(struct hook_queue *queue)
{
    struct hook_event event = queue->before;

    if (event.box == NULL)
        return false;
    queue->before = (struct hook_event){0};
    run(queue, &event, HOOK_BEFORE);
    drop(&event);
    return true;
}

/* Starts the next hook that the queue has; false: it has none and none runs. */
static bool advance(struct hook_queue *queue)
{
    const struct hook_event *event;
    enum hook hook;

    if (run_before(queue))
        return true;
    while (!hook_run_active(&queue->run) && find_next(queue, &event, &hook)) {
        run(queue, event, hook);
        if (hook == HOOK_RIVAL)
            drop(&queue->rival);
        else
            queue->next = hook == HOOK_CHANGE ? HOOKS : HOOK_CHANGE;
    }
    return hook_run_active(&queue->run);
}

/* Another instance has systemd run the program that is next here. */
static bool waits_for_unit(struct hook_queue *queue)
{
    const struct hook_event *event = &queue->before;
    enum hook hook = HOOK_BEFORE;

    if (event->box == NULL) {
        take_newest(queue);
        if (!find_next(queue, &event, &hook))
            return false;
    }
    const char *program = hook_unit_program(event->config->hooks[hook]);
    return program != NULL && unit_hooks_busy(queue->hooks->units, program);
}

static bool can_start(struct hook_queue *queue)
{
    const struct hooks *hooks = queue->hooks;

    return !hook_run_active(&queue->run) && hooks->running < HOOKS_RUNNING_MAX &&
           (hooks->may_start == NULL || queue->before.box != NULL ||
            hooks->may_start(hooks->userdata, queue->name)) &&
           !waits_for_unit(queue);
}

/* One queue a turn. */
static int on_start(sd_event_source *source, void *userdata)
{
    struct hooks *hooks = userdata;
    struct hook_queue *queue = hooks->queues;

    (void)source;
    while (queue != NULL && !can_start(queue))
        queue = queue->after;
    if (queue == NULL)
        return 0;
    if (!advance(queue))
        remove_queue(queue);
    if (hooks_idle(hooks))
        hooks->on_idle(hooks->userdata);
    else
        start_soon(hooks);
    return 0;
}

int hooks_open(sd_event *event, struct unit_hooks *units, void (*on_idle)(void *userdata),
               void *userdata, struct hooks **out)
{
    struct hooks *hooks = calloc(1, sizeof(*hooks));
    int r = -ENOMEM;

    *out = hooks;
    if (hooks == NULL)
        return r;
    hooks->event = event;
    hooks->units = units;
    hooks->on_idle = on_idle;
    hooks->userdata = userdata;
    r = source_add_defer(event, &hooks->starter, on_start, hooks);
    if (r >= 0)
        r = sd_event_source_set_priority(hooks->starter, AGENT_PRIORITY_HOOKS);
    if (r >= 0)
        r = source_set_enabled(hooks->starter, SD_EVENT_OFF);
    return r;
}

void hooks_ask(struct hooks *hooks, bool (*may_start)(void *userdata, const char *name))
{
    hooks->may_start = may_start;
}

void hooks_on_end(struct hooks *hooks, hooks_end_fn *fn)
{
    hooks->on_end = fn;
}

void hooks_go_on(struct hooks *hooks)
{
    if (hooks->queues != NULL)
        start_soon(hooks);
}

void hooks_close(struct hooks *hooks)
{
    if (hooks == NULL)
        return;
    while (hooks->queues != NULL) {
        struct hook_queue *queue = hooks->queues;

        log_instance(LOG_WARNING, queue->name, "hooks are given up: vipd ends now");
        hooks->queues = queue->after;
        free_queue(queue);
    }
    sd_event_source_disable_unref(hooks->starter);
    free(hooks);
}

/* NULL: out of memory, and that was said. */
static struct hook_queue *find_or_append(struct hooks *hooks, const char *name)
{
    struct hook_queue *queue = find(hooks, name);

    if (queue == NULL)
        queue = append(hooks, name);
    if (queue == NULL)
        log_instance(LOG_ERR, name, "out of memory, no hook is run");
    return queue;
}

void hooks_rival(struct hooks *hooks, const struct hook_event *event)
{
    if (event->config->hooks[HOOK_RIVAL] == NULL)
        return;
    struct hook_queue *queue = find_or_append(hooks, event->config->name);
    if (queue == NULL)
        return;
    drop(&queue->rival);
    queue->rival = *event;
    config_box_ref(event->box);
    start_soon(hooks);
}

void hooks_transition(struct hooks *hooks, const struct hook_event *event)
{
    struct hook_queue *queue = find(hooks, event->config->name);

    if (queue == NULL && !has_hook(event))
        return;
    if (queue == NULL)
        queue = find_or_append(hooks, event->config->name);
    if (queue == NULL)
        return;
    /* It was met as MASTER. */
    drop(&queue->rival);
    if (queue->newest.box != NULL)
        log_instance(LOG_NOTICE, queue->name, "no hook was run for %s: the state is %s by now",
                     vrrp_state_name(queue->newest.transition.to),
                     vrrp_state_name(event->transition.to));
    drop(&queue->newest);
    queue->newest = *event;
    config_box_ref(event->box);
    start_soon(hooks);
}

void hooks_prepare(struct hooks *hooks, const struct hook_event *event)
{
    struct hook_queue *queue = find_or_append(hooks, event->config->name);

    if (queue == NULL || event->config->hooks[HOOK_BEFORE] == NULL)
        return;
    stop(queue);
    queue->before = *event;
    config_box_ref(event->box);
    start_soon(hooks);
}

void hooks_prepared(struct hooks *hooks, const char *name)
{
    struct hook_queue *queue = find(hooks, name);

    if (queue == NULL)
        return;
    stop(queue);
    start_soon(hooks);
}

bool hooks_idle(const struct hooks *hooks)
{
    return hooks->queues == NULL;
}
