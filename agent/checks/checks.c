/* The owner of all checks: when each looks, and the configuration they follow. What a result makes
 * of a check is in check.c, the types are in types.c. */
#include "agent/checks/checks.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/source.h"
#include "agent/checks/check.h"
#include "agent/checks/types.h"
#include "lib/config/diff.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How soon to ask again when there was no room for one more program. */
#define RETRY_NS (20 * NS_PER_MS)

/* Of many that a reload brings or takes, the loop's urgent work is done so often. */
#define SERVE_EVERY_NS (NS_PER_MS / 2)

struct checks {
    struct check_ground ground;
    struct check **list;
    size_t count;
};

/* Somebody who keeps the loop waiting for a while lets it do what is urgent. */
struct service {
    checks_serve_fn *serve; /* NULL: nothing is */
    void *userdata;
    uint64_t served_ns;
};

static void serve(struct service *service)
{
    if (service->serve == NULL || clock_boot_ns() - service->served_ns < SERVE_EVERY_NS)
        return;
    service->serve(service->userdata);
    service->served_ns = clock_boot_ns();
}

/* Arms a timer of the check; at: CLOCK_BOOTTIME, nanoseconds. */
static void arm(sd_event_source *timer, uint64_t at)
{
    int r = source_set_time(timer, (at + NS_PER_US - 1) / NS_PER_US);

    if (r >= 0)
        r = source_set_enabled(timer, SD_EVENT_ONESHOT);
    assert(r >= 0);
    (void)r;
}

static void disarm(sd_event_source *timer)
{
    (void)source_set_enabled(timer, SD_EVENT_OFF);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct check *check = userdata;

    (void)source;
    (void)usec;
    if (!check->running)
        return 0;
    check->ops->give_up(check);
    check_result(check, false, "no answer within %llu ms",
                 (unsigned long long)(check->config.timeout_ns / NS_PER_MS));
    return 0;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct check *check = userdata;
    uint64_t now = clock_boot_ns();

    (void)source;
    (void)usec;
    arm(check->tick, check_next_look(check->config.name, check->config.interval_ns, now));
    if (check->running)
        return 0;
    check->running = true;
    check->started_ns = now;
    int r = check->ops->run(check);
    if (r == -EAGAIN) {
        check->running = false;
        arm(check->tick, now + RETRY_NS);
    } else if (r < 0) {
        check_result(check, false, "cannot look: %s", strerror(-r));
    } else if (check->ops->give_up == NULL) {
        check_end_run(check);
    } else if (check->running) {
        arm(check->deadline, now + check->config.timeout_ns);
    }
    return 0;
}

static void close_check(struct check *check)
{
    if (check->ops->close != NULL)
        check->ops->close(check);
    check->data = NULL;
    check->running = false;
    check->tick = sd_event_source_disable_unref(check->tick);
    check->deadline = sd_event_source_disable_unref(check->deadline);
}

static void free_check(struct check *check)
{
    close_check(check);
    free(check);
}

/* What the type shares, made if there is none. */
static int open_shared(struct check *check)
{
    void **shared = &check->ground->shared[check->config.type];

    if (*shared != NULL || check->ops->open_shared == NULL)
        return 0;
    return check->ops->open_shared(check, shared);
}

static void close_shared(struct check_ground *ground)
{
    for (enum check_type type = 0; type < CHECK_TYPES; type++) {
        const struct check_ops *ops = check_type_ops(type);

        if (ground->shared[type] != NULL && ops->close_shared != NULL)
            ops->close_shared(ground->shared[type]);
    }
}

/* Timers and what the type needs. The first look is at once. */
static int open_check(struct check *check)
{
    sd_event *event = check->ground->event;
    uint64_t us = clock_boot_ns() / NS_PER_US;
    int r = check_source(
        check, &check->tick,
        source_add_time(event, &check->tick, CLOCK_BOOTTIME, us, 1000, on_tick, check));

    if (r == 0)
        r = check_source(check, &check->deadline,
                         source_add_time(event, &check->deadline, CLOCK_BOOTTIME, UINT64_MAX, 1000,
                                         on_deadline, check));
    if (r == 0)
        disarm(check->deadline);
    if (r == 0)
        r = open_shared(check);
    if (r == 0 && check->ops->open != NULL)
        r = check->ops->open(check);
    return r;
}

static void set_config(struct check *check, const struct config_check *config)
{
    check->config = *config;
    /* Text of the configuration, which may be gone before the check. */
    check->config.file = NULL;
    check->ops = check_type_ops(config->type);
}

static struct check *new_check(struct checks *checks, const struct config_check *config,
                               bool meanwhile)
{
    struct check *check = calloc(1, sizeof(*check));

    if (check == NULL)
        return NULL;
    check->ground = &checks->ground;
    set_config(check, config);
    check->run_ns = DEADLINE_NEVER;
    check->since_wall_ns = clock_wall_ns();
    const struct check_rule rule = config_check_rule(config);
    check_state_init(&check->state, &rule, meanwhile);
    snprintf(check->text, sizeof(check->text), "no result yet");
    return check;
}

static struct check *find(const struct checks *checks, const char *name)
{
    for (size_t i = 0; i < checks->count; i++)
        if (strcmp(checks->list[i]->config.name, name) == 0)
            return checks->list[i];
    return NULL;
}

static int start_check(struct check *check)
{
    int r = open_check(check);

    if (r < 0) {
        close_check(check);
        check_note(check, "cannot be started: %s", strerror(-r));
        log_msg(LOG_ERR, "check %s %s", check->config.name, check->text);
    }
    return r;
}

static int add(struct checks *checks, const struct config_check *config, bool starting)
{
    struct check **list = realloc(checks->list, (checks->count + 1) * sizeof(struct check *));
    struct check *check;

    if (list == NULL)
        return -ENOMEM;
    checks->list = list;
    check = new_check(checks, config, !starting);
    if (check == NULL)
        return -ENOMEM;
    list[checks->count++] = check;
    if (!starting)
        log_msg(LOG_NOTICE, "check %s was added", config->name);
    return start_check(check);
}

/* Takes over a changed configuration: in place, or as another check under the same name, which
 * counts as the old one did until its first result. */
static int change(struct check *check, const struct config_check *config)
{
    const struct check_rule rule = config_check_rule(config);
    bool restart = config_check_restarts(&check->config, config);
    bool passes = check_state_passes(&check->state);
    int number = config->type == check->config.type ? check->number : 0;

    log_msg(LOG_NOTICE, "check %s was changed%s", config->name, restart ? ": starting anew" : "");
    if (!restart) {
        set_config(check, config);
        check_state_configure(&check->state, &rule);
        if (check->tick != NULL)
            arm(check->tick, check_next_look(config->name, config->interval_ns, clock_boot_ns()));
        return 0;
    }
    close_check(check);
    set_config(check, config);
    check->number = number;
    check_state_init(&check->state, &rule, passes);
    check->since_wall_ns = clock_wall_ns();
    check->last_wall_ns = 0;
    check->run_ns = DEADLINE_NEVER;
    snprintf(check->text, sizeof(check->text), "no result yet");
    return start_check(check);
}

/* Those that the configuration does not have. The list is whole whenever somebody is served. */
static void remove_unwanted(struct checks *checks, const struct config *config,
                            struct service *service)
{
    for (size_t i = checks->count; i-- > 0;) {
        struct check *check = checks->list[i];

        if (config_find_check(config, check->config.name) == NULL) {
            log_msg(LOG_NOTICE, "check %s was removed", check->config.name);
            checks->count--;
            memmove(&checks->list[i], &checks->list[i + 1],
                    (checks->count - i) * sizeof(struct check *));
            free_check(check);
        }
        serve(service);
    }
}

int checks_apply(struct checks *checks, const struct config *config, const struct hook_user *users,
                 bool starting, checks_serve_fn *serve_urgent)
{
    struct service service = {
        .serve = serve_urgent, .userdata = checks->ground.userdata, .served_ns = clock_boot_ns()};
    int result = 0;

    checks->ground.quiet = true;
    checks->ground.users = users;
    remove_unwanted(checks, config, &service);
    for (size_t i = 0; i < config->check_count; i++) {
        const struct config_check *wanted = &config->checks[i];
        struct check *check = find(checks, wanted->name);
        int r = 0;

        if (check == NULL)
            r = add(checks, wanted, starting);
        else if (!config_check_equal(&check->config, wanted))
            r = change(check, wanted);
        result = result == 0 ? r : result;
        serve(&service);
    }
    checks->ground.quiet = false;
    checks->ground.users = NULL;
    return result;
}

int checks_open(sd_event *event, const struct links *links, checks_fn on_change, void *userdata,
                struct checks **out)
{
    struct checks *checks = calloc(1, sizeof(*checks));

    *out = checks;
    if (checks == NULL)
        return -ENOMEM;
    checks->ground = (struct check_ground){
        .event = event, .links = links, .on_change = on_change, .userdata = userdata};
    return 0;
}

void checks_set_worker(struct checks *checks, struct worker *worker)
{
    checks->ground.worker = worker;
}

void checks_close(struct checks *checks)
{
    if (checks == NULL)
        return;
    for (size_t i = 0; i < checks->count; i++)
        free_check(checks->list[i]);
    close_shared(&checks->ground);
    free(checks->list);
    free(checks);
}

bool checks_look(const struct checks *checks, const char *name, struct check_view *out)
{
    const struct check *check = checks != NULL ? find(checks, name) : NULL;

    if (check == NULL)
        return false;
    bool passes = check_state_passes(&check->state);
    int weight = check->config.weight;
    *out = (struct check_view){
        .config = &check->config,
        .state = &check->state,
        .withdraws = weight == 0 && !passes,
        .delta = (weight > 0) == passes ? weight : 0,
        .text = check->text,
        .since_wall_ns = check->since_wall_ns,
        .last_wall_ns = check->last_wall_ns,
        .run_ns = check->run_ns,
    };
    if (passes)
        out->delta += check->number;
    return true;
}

void checks_links_changed(struct checks *checks)
{
    for (size_t i = 0; i < checks->count; i++)
        if (checks->list[i]->ops->sees_links)
            (void)checks->list[i]->ops->run(checks->list[i]);
}
