/* Snapshots of routes and rules; see snapshot_routes.h. */
#include "agent/control/snapshot_routes.h"

#include "agent/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The router that has those of that family. */
static const struct route_set *set_of(const struct instance *instance, enum ip_family family)
{
    for (size_t i = 0; i < instance->router_count; i++) {
        const struct route_set *set = instance->routers[i].routes;

        if (set == NULL)
            continue;
        if (set->family == IP_FAMILY_NONE || set->family == family)
            return set;
    }
    return NULL;
}

static const char *problem_of(int result)
{
    if (result == -EEXIST)
        return "one of somebody else is in its place";
    return result < 0 ? strerror(-result) : NULL;
}

static void fill(const struct route_verdict *verdict, struct status_route *out)
{
    out->held = verdict->held;
    out->owner = verdict->held ? "vipd" : verdict->result == -EEXIST ? "other" : NULL;
    out->problem = problem_of(verdict->result);
}

void snapshot_routes(const struct instance *instance, struct status_route *out)
{
    const struct config_instance *config = instance->config;
    struct route_verdict verdict = {0};

    for (size_t i = 0; i < config->route_count; i++, out++) {
        const struct route_set *set = set_of(instance, config->routes[i].family);

        config_route_format(&config->routes[i], out->text, sizeof(out->text));
        verdict = set != NULL ? route_keeper_route(set, i) : (struct route_verdict){0};
        fill(&verdict, out);
    }
    for (size_t i = 0; i < config->rule_count; i++, out++) {
        const struct route_set *set = set_of(instance, config->rules[i].family);

        config_rule_format(&config->rules[i], out->text, sizeof(out->text));
        verdict = set != NULL ? route_keeper_rule(set, i) : (struct route_verdict){0};
        fill(&verdict, out);
    }
}

/* The first that is not there, worded. */
static void name_first(const struct route_set *set, char *buffer, size_t size)
{
    const struct route_lists *lists = &set->lists;
    char text[ROUTE_TEXT_SIZE] = "";
    int result = 0;

    for (size_t i = 0; i < lists->rule_count; i++)
        if (route_keeper_rule(set, i).result < 0) {
            result = route_keeper_rule(set, i).result;
            config_rule_format(&lists->rules[i], text, sizeof(text));
        }
    for (size_t i = lists->route_count; i-- > 0;)
        if (route_keeper_route(set, i).result < 0) {
            result = route_keeper_route(set, i).result;
            config_route_format(&lists->routes[i], text, sizeof(text));
        }
    snprintf(buffer, size, "%.100s: %.50s", text, result < 0 ? problem_of(result) : "");
}

size_t snapshot_routes_warning(const struct instance *instance, const struct router *router,
                               struct status_warning *out)
{
    const struct route_set *set = router->routes;
    char first[160];

    if (set == NULL || !set->linked || set->failed == 0)
        return 0;
    *out = (struct status_warning){.kind = "not-routed",
                                   .family = router->family,
                                   .since_ns = instance->since_wall_ns,
                                   .last_ns = clock_wall_ns(),
                                   .count = set->failed};
    name_first(set, first, sizeof(first));
    snprintf(out->text, sizeof(out->text), "%zu of the routes and rules could not be added: %s",
             set->failed, first);
    return 1;
}
