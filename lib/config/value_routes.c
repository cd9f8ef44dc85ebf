/* Values of routes = ..., in the words of ip-route(8); see value_parsers.h. */
#include "lib/config/config.h"
#include "lib/config/list.h"
#include "lib/config/phrase.h"
#include "lib/config/value_parsers.h"

#include <errno.h>
#include <string.h>

enum {
    MTU_MIN = 68, /* RFC 791 */
    MTU_MAX = 65535,
};

/* The family is whatever comes first that has one. */
static bool agree(struct config_route *route, enum ip_family family)
{
    if (route->family == IP_FAMILY_NONE)
        route->family = family;
    return route->family == family;
}

static bool take_host(struct config_route *route, const char *value, struct ip_address *out)
{
    return ip_address_parse(value, out) && !ip_address_is_multicast(out) &&
           !ip_address_is_unspecified(out) && agree(route, out->family);
}

static bool take_via(void *out, const char *value)
{
    struct config_route *route = out;

    return take_host(route, value, &route->via);
}

static bool take_source(void *out, const char *value)
{
    struct config_route *route = out;

    return take_host(route, value, &route->source);
}

static bool take_dev(void *out, const char *value)
{
    return phrase_interface(value, ((struct config_route *)out)->dev);
}

static bool take_metric(void *out, const char *value)
{
    return phrase_number(value, &((struct config_route *)out)->metric);
}

static bool take_table(void *out, const char *value)
{
    return phrase_table(value, &((struct config_route *)out)->table);
}

static bool take_mtu(void *out, const char *value)
{
    struct config_route *route = out;

    return phrase_number(value, &route->mtu) && route->mtu >= MTU_MIN && route->mtu <= MTU_MAX;
}

static bool take_scope(void *out, const char *value)
{
    static const struct {
        const char *name;
        uint8_t scope;
    } names[] = {{"global", 0}, {"site", 200}, {"link", 253}, {"host", 254}};
    struct config_route *route = out;
    uint32_t number = 0;
    bool good = phrase_number(value, &number) && number < UINT8_MAX;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !good; i++) {
        good = strcmp(names[i].name, value) == 0;
        number = names[i].scope;
    }
    route->scope = (uint8_t)number;
    route->has_scope = true;
    return good;
}

static bool take_onlink(void *out, const char *value)
{
    (void)value;
    ((struct config_route *)out)->onlink = true;
    return true;
}

enum meaning { VIA, DEV, SOURCE, METRIC, TABLE, SCOPE, MTU, ONLINK };

static const struct phrase_word words[] = {
    {"via", false, VIA, take_via},
    {"dev", false, DEV, take_dev},
    {"src", false, SOURCE, take_source},
    {"metric", false, METRIC, take_metric},
    {"preference", false, METRIC, take_metric},
    {"table", false, TABLE, take_table},
    {"scope", false, SCOPE, take_scope},
    {"mtu", false, MTU, take_mtu},
    {"onlink", true, ONLINK, take_onlink},
    {NULL, false, 0, NULL},
};

static void take_type(struct phrase *phrase, struct config_route *route)
{
    for (unsigned type = 0; type < ROUTE_TYPES; type++)
        if (phrase_skip(phrase, config_route_type_name((enum config_route_type)type))) {
            route->type = (enum config_route_type)type;
            return;
        }
}

/* What it leads to. */
static int take_destination(struct phrase *phrase, struct config_route *route)
{
    (void)phrase_skip(phrase, "to");
    if (phrase_skip(phrase, "default"))
        return 0;
    const char *to = phrase_next(phrase);
    if (to == NULL)
        return config_refuse(phrase->refusal, ", which leads nowhere");
    if (!phrase_network(to, &route->to) || !agree(route, route->to.address.family))
        return phrase_refuse(phrase, "the destination", to);
    return 0;
}

/* What no single word shows. */
static int judge(const struct phrase *phrase, const struct config_route *route)
{
    bool leads = route->via.family != IP_FAMILY_NONE || route->dev[0] != '\0';
    bool is_hop = route->type == ROUTE_UNICAST || route->type == ROUTE_LOCAL;

    if (is_hop && !leads)
        return config_refuse(phrase->refusal, " without via or dev");
    if (!is_hop && leads)
        return phrase_refuse(phrase, "via or dev, which do not go with",
                             config_route_type_name(route->type));
    if (route->onlink && (route->via.family == IP_FAMILY_NONE || route->dev[0] == '\0'))
        return config_refuse(phrase->refusal, " without the via and dev that onlink needs");
    return 0;
}

static int parse(const struct refusal *r, struct config_route *route)
{
    struct phrase phrase;
    int result = phrase_begin(&phrase, r);

    if (result == 0 && phrase_skip(&phrase, "inet6"))
        route->family = IP_FAMILY_IPV6;
    if (result == 0) {
        take_type(&phrase, route);
        result = take_destination(&phrase, route);
    }
    if (result == 0)
        result = phrase_take(&phrase, words, route);
    if (result == 0)
        result = judge(&phrase, route);
    if (route->family == IP_FAMILY_NONE)
        route->family = IP_FAMILY_IPV4;
    route->to.address.family = route->family;
    return result;
}

int config_parse_route(const struct refusal *r, void *base)
{
    struct config_instance *instance = base;
    struct config_route route = {.table = ROUTE_TABLE_MAIN};
    int result = parse(r, &route);
    if (result != 0)
        return result;
    for (size_t i = 0; i < instance->route_count; i++)
        if (config_route_same_place(&instance->routes[i], &route))
            return config_refuse(r, ", a second one to there with that metric in that table");
    if (instance->route_count >= INSTANCE_ROUTES_MAX)
        return config_refuse_more(r, "routes", INSTANCE_ROUTES_MAX);
    struct config_route *grown =
        config_list_grow(instance->routes, instance->route_count, sizeof(*grown));
    if (grown == NULL)
        return -ENOMEM;
    instance->routes = grown;
    grown[instance->route_count++] = route;
    return 0;
}
