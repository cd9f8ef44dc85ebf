/* Requests to drain, resume and take: each is started here and answered at once with its number;
 * who asked follows the instances' `handover` in the status until it is decided. */
#include "agent/control/requests.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/instances/requests.h"

#include <string.h>

enum {
    /* A take: raised for up to 10 intervals, then watched for the time of a hand-over. */
    TAKE_BOUNDS = 4,
};

static void act(const struct requests *requests, struct instance *instance,
                const struct control_request *request)
{
    const struct asker asker = {.known = true, .uid = request->uid};
    const unsigned long uid = request->uid;
    uint64_t until = DEADLINE_NEVER;

    /* Done with another one of its group. */
    if (request->method != CONTROL_RESUME && instance->handover != NULL &&
        instance->handover->id == requests->last_id)
        return;
    switch (request->method) {
    case CONTROL_DRAIN:
        if (request->for_ns != DEADLINE_NEVER)
            until = clock_boot_ns() + request->for_ns;
        log_instance(LOG_NOTICE, instance->config->name, "told to drain%s by uid %lu",
                     request->force ? " by force" : "", uid);
        instance_drain(instance, requests->last_id, &asker, until, request->force);
        break;
    case CONTROL_TAKE:
        log_instance(LOG_NOTICE, instance->config->name, "told to take by uid %lu", uid);
        instance_take(instance, requests->last_id, &asker);
        break;
    default:
        if (instance_resume(instance, &asker))
            log_instance(LOG_NOTICE, instance->config->name, "told to resume by uid %lu", uid);
        break;
    }
}

static bool is_named(const struct config_instance *config, const char *name)
{
    return config != NULL && strcmp(config->name, name) == 0;
}

static bool are_grouped(const struct config_instance *a, const struct config_instance *b)
{
    return a != NULL && a->group != NULL && b->group != NULL &&
           strcmp(a->group->name, b->group->name) == 0;
}

/* An instance that is handing over now, and that will be there again: what it is asked for would be
 * forgotten. NULL: none that the request is about. */
static const struct instance *find_restarting(const struct registry *registry,
                                              const struct control_request *request,
                                              const struct instance *one)
{
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct instance *instance = registry_at(registry, i);
        const struct config_instance *next = instance->next_config;

        if (!instance->stopping || (next == NULL && !registry_stopping(registry)))
            continue;
        if (request->all || is_named(instance->config, request->name) ||
            (one != NULL &&
             (instance->bundle == one->bundle || are_grouped(instance->config, one->config) ||
              are_grouped(next, one->config))))
            return instance;
    }
    return NULL;
}

json_t *requests_handover(struct requests *requests, const struct control_request *request)
{
    const struct registry *registry = requests->registry;
    struct instance *one = request->has_name ? registry_find(registry, request->name) : NULL;
    const struct instance *restarting = find_restarting(registry, request, one);
    uint64_t bound = 0;
    uint64_t prepare = 0;

    if (restarting != NULL && request->has_name != request->all)
        return control_error_restarting(restarting->config->name);
    if (request->has_name && one == NULL)
        return control_error_no_such_instance(request->name);
    if (request->has_name == request->all)
        return control_error(CONTROL_ERROR_INVALID_PARAMETER,
                             json_pack("{s:s}", "parameter", request->all ? "all" : "instance"));
    json_t *names = json_array();
    requests->last_id++;
    for (size_t i = 0; i < registry_count(registry); i++) {
        struct instance *instance = registry_at(registry, i);

        if (instance->stopping || (one != NULL && instance->bundle != one->bundle))
            continue;
        act(requests, instance, request);
        json_array_append_new(names, json_string(instance->config->name));
        if (handover_bound_ns(instance->bundle) > bound)
            bound = handover_bound_ns(instance->bundle);
        if (handover_prepare_ns(instance->bundle) > prepare)
            prepare = handover_prepare_ns(instance->bundle);
    }
    if (request->method == CONTROL_TAKE)
        bound *= TAKE_BOUNDS;
    bound += prepare;
    return control_reply(json_pack("{s:I, s:o, s:I}", "request", (json_int_t)requests->last_id,
                                   "instances", names, "wait_ms", (json_int_t)(bound / NS_PER_MS)),
                         false);
}
