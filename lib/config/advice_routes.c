/* Advice about routes, rules and accept: sources that nobody has, and instances that want different
 * routes to one place. */
#include "lib/config/advice_routes.h"

#include "lib/config/instance_problem.h"

#include <stdlib.h>
#include <string.h>

static bool claims(const struct config_instance *instance, const struct ip_address *address)
{
    for (size_t i = 0; i < instance->claim_count; i++)
        if (ip_address_equal(&instance->claims[i].prefix.address, address))
            return true;
    return false;
}

/* It may be this node's own address: then it is there, but does not come and go with the others. */
static void advise_on_sources(const struct config_instance *instance, struct config_problems *out)
{
    char text[ROUTE_TEXT_SIZE];

    for (size_t i = 0; i < instance->route_count; i++) {
        const struct config_route *route = &instance->routes[i];

        if (route->source.family == IP_FAMILY_NONE || claims(instance, &route->source))
            continue;
        config_instance_problem(
            out, instance, INSTANCE_ROUTES,
            "the src of '%s' is no address of this instance: the kernel refuses the route where "
            "that is not there",
            config_route_format(route, text, sizeof(text)));
    }
}

static void advise_on_accept(const struct config_instance *instance, struct config_problems *out)
{
    if (!instance->accept && instance->priority == PRIORITY_OWNER)
        config_instance_problem(
            out, instance, INSTANCE_ACCEPT,
            "without effect at priority 255: the owner accepts what is addressed to it (RFC "
            "9568 6.4.3)");
}

struct placed_route {
    const struct config_route *route;
    const struct config_instance *instance;
};

static int compare(const void *a, const void *b)
{
    const struct placed_route *x = a;
    const struct placed_route *y = b;
    int order = ip_address_compare(&x->route->to.address, &y->route->to.address);

    if (order == 0 && x->route->to.length != y->route->to.length)
        order = x->route->to.length < y->route->to.length ? -1 : 1;
    if (order == 0 && x->route->table != y->route->table)
        order = x->route->table < y->route->table ? -1 : 1;
    if (order == 0 && config_route_metric(x->route) != config_route_metric(y->route))
        order = config_route_metric(x->route) < config_route_metric(y->route) ? -1 : 1;
    if (order == 0 && x->instance != y->instance)
        order = x->instance < y->instance ? -1 : 1;
    return order;
}

/* Two instances may want the same; what differs, only one of them can have. */
static void advise_on_rivals(const struct config *config, struct config_problems *out)
{
    char text[ROUTE_TEXT_SIZE];
    size_t count = 0;

    for (size_t i = 0; i < config->instance_count; i++)
        count += config->instances[i].route_count;
    struct placed_route *list = count > 1 ? calloc(count, sizeof(*list)) : NULL;
    if (list == NULL)
        return;
    count = 0;
    for (size_t i = 0; i < config->instance_count; i++)
        for (size_t k = 0; k < config->instances[i].route_count; k++)
            list[count++] =
                (struct placed_route){&config->instances[i].routes[k], &config->instances[i]};
    qsort(list, count, sizeof(*list), compare);
    for (size_t i = 1; i < count; i++) {
        const struct placed_route *first = &list[i - 1];
        const struct placed_route *second = &list[i];

        if (config_route_same_place(first->route, second->route) &&
            !config_route_equal(first->route, second->route))
            config_instance_problem(
                out, second->instance, INSTANCE_ROUTES,
                "'%s' leads elsewhere than that of instance %s (%s:%u) to the same place: a "
                "node that holds both can have one only",
                config_route_format(second->route, text, sizeof(text)), first->instance->name,
                first->instance->file, first->instance->line);
    }
    free(list);
}

void config_advise_routes(const struct config *config, struct config_problems *out)
{
    for (size_t i = 0; i < config->instance_count; i++) {
        advise_on_sources(&config->instances[i], out);
        advise_on_accept(&config->instances[i], out);
    }
    advise_on_rivals(config, out);
}
