/* From sets to wishes and back; see route_sets.h. */
#include "agent/kernel/route_sets.h"

#include "agent/base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void route_sets_link_in(struct route_sets *sets, struct route_set *set)
{
    if (set->linked)
        return;
    sets->changes++;
    set->linked = true;
    set->prev = NULL;
    set->next = sets->first;
    if (set->next != NULL)
        set->next->prev = set;
    sets->first = set;
}

void route_sets_link_out(struct route_sets *sets, struct route_set *set)
{
    if (!set->linked)
        return;
    sets->changes++;
    set->linked = false;
    if (set->prev != NULL)
        set->prev->next = set->next;
    else
        sets->first = set->next;
    if (set->next != NULL)
        set->next->prev = set->prev;
    set->next = NULL;
    set->prev = NULL;
}

void route_sets_tell(const struct route_sets *sets)
{
    struct route_set *s = sets->first;

    while (s != NULL) {
        unsigned changes = sets->changes;
        bool tell = !s->told && !s->asked && !s->flying;

        s->told = s->told || tell;
        if (tell && s->on_settled != NULL)
            s->on_settled(s);
        s = sets->changes == changes ? s->next : sets->first;
    }
}

static bool is_of(const struct route_set *set, enum ip_family family)
{
    return set->family == IP_FAMILY_NONE || set->family == family;
}

bool route_sets_concern(const struct route_set *set, const struct route_lists *lists)
{
    for (size_t i = 0; i < lists->route_count; i++)
        if (is_of(set, lists->routes[i].family))
            return true;
    for (size_t i = 0; i < lists->rule_count; i++)
        if (is_of(set, lists->rules[i].family))
            return true;
    return false;
}

bool route_sets_equal(const struct route_lists *a, const struct route_lists *b)
{
    if (a->route_count != b->route_count || a->rule_count != b->rule_count)
        return false;
    for (size_t i = 0; i < a->route_count; i++)
        if (!config_route_equal(&a->routes[i], &b->routes[i]))
            return false;
    for (size_t i = 0; i < a->rule_count; i++)
        if (!config_rule_equal(&a->rules[i], &b->rules[i]))
            return false;
    return true;
}

/* ---- To a flight */

/* What was known of others is not known of these. */
static bool make_verdicts(struct route_set *set)
{
    size_t count = set->lists.route_count + set->lists.rule_count;

    if (count == set->verdict_count) {
        if (set->asked)
            memset(set->verdicts, 0, count * sizeof(*set->verdicts));
        return true;
    }
    struct route_verdict *verdicts = calloc(count, sizeof(*verdicts));
    if (verdicts == NULL)
        return false;
    free(set->verdicts);
    set->verdicts = verdicts;
    set->verdict_count = count;
    return true;
}

static bool wish_route(struct route_flight *flight, struct route_set *set, size_t index,
                       const struct links *links)
{
    const struct config_route *route = &set->lists.routes[index];
    struct route_wish *wish = route_flight_add(flight);
    const struct link *link = route->dev[0] != '\0' ? links_by_name(links, route->dev) : NULL;

    if (wish == NULL)
        return false;
    wish->set = set;
    wish->index = index;
    wish->item.kind = ROUTE_ITEM_ROUTE;
    wish->item.route = *route;
    wish->item.ifindex = link != NULL ? link->ifindex : 0;
    wish->no_link = link == NULL && route->dev[0] != '\0';
    return true;
}

static bool wish_rule(struct route_flight *flight, struct route_set *set, size_t index)
{
    struct route_wish *wish = route_flight_add(flight);

    if (wish == NULL)
        return false;
    wish->set = set;
    wish->index = index;
    wish->item.kind = ROUTE_ITEM_RULE;
    wish->item.rule = set->lists.rules[index];
    return true;
}

static bool wish_all(struct route_flight *flight, struct route_set *set, const struct links *links)
{
    if (!make_verdicts(set))
        return false;
    for (size_t i = 0; i < set->lists.route_count; i++)
        if (is_of(set, set->lists.routes[i].family) && !wish_route(flight, set, i, links))
            return false;
    for (size_t i = 0; i < set->lists.rule_count; i++)
        if (is_of(set, set->lists.rules[i].family) && !wish_rule(flight, set, i))
            return false;
    set->flying = true;
    set->asked = false;
    return true;
}

bool route_sets_wish(struct route_sets *sets, struct route_flight *flight,
                     const struct links *links)
{
    flight->count = 0;
    for (struct route_set *s = sets->first; s != NULL; s = s->next)
        if (!wish_all(flight, s, links)) {
            route_sets_ground(sets);
            return false;
        }
    return true;
}

void route_sets_ground(struct route_sets *sets)
{
    for (struct route_set *s = sets->first; s != NULL; s = s->next) {
        s->asked = s->asked || s->flying;
        s->flying = false;
    }
}

void route_sets_disown(struct route_flight *flight, const struct route_set *set)
{
    for (size_t i = 0; i < flight->count; i++)
        if (flight->wishes[i].set == set)
            flight->wishes[i].set = NULL;
}

/* ---- From a flight */

static void log_failure(const struct route_wish *wish)
{
    bool rule = wish->item.kind == ROUTE_ITEM_RULE;
    char text[ROUTE_TEXT_SIZE];

    if (rule)
        config_rule_format(&wish->item.rule, text, sizeof(text));
    else
        config_route_format(&wish->item.route, text, sizeof(text));
    if (wish->result == -EEXIST)
        log_instance(LOG_WARNING, wish->set->owner,
                     "%s '%s' is not added: one of somebody else is in its place, and stays",
                     rule ? "rule" : "route", text);
    else if (wish->no_link)
        log_instance(LOG_WARNING, wish->set->owner,
                     "route '%s' is not added: there is no interface %s", text,
                     wish->item.route.dev);
    else
        log_instance(LOG_ERR, wish->set->owner, "cannot add %s '%s': %s%s%s",
                     rule ? "rule" : "route", text, strerror(-wish->result),
                     wish->detail[0] != '\0' ? ": " : "", wish->detail);
}

static void take_in(const struct route_wish *wish, bool mending, struct route_outcome *out)
{
    struct route_set *set = wish->set;
    size_t at =
        wish->item.kind == ROUTE_ITEM_RULE ? set->lists.route_count + wish->index : wish->index;
    struct route_verdict *verdict = &set->verdicts[at];
    bool held = wish->result == 0;

    if (!held && (verdict->result != wish->result || !set->told))
        log_failure(wish);
    if (held && wish->added && verdict->held && mending)
        out->repaired++;
    verdict->held = held;
    verdict->result = wish->result;
    set->failed += held ? 0 : 1;
    out->failed = out->failed || !held;
}

struct route_outcome route_sets_take_in(struct route_sets *sets, const struct route_flight *flight,
                                        bool mending)
{
    struct route_outcome out = {0};

    for (struct route_set *s = sets->first; s != NULL; s = s->next)
        if (s->flying)
            s->failed = 0;
    for (size_t i = 0; i < flight->count; i++)
        if (flight->wishes[i].set != NULL)
            take_in(&flight->wishes[i], mending, &out);
    for (struct route_set *s = sets->first; s != NULL; s = s->next)
        s->flying = false;
    return out;
}
