/* Wanted against observed; see route_match.h. */
#include "agent/kernel/route_match.h"

#include <string.h>

static bool same_prefix(const struct ip_prefix *a, const struct ip_prefix *b)
{
    return a->length == b->length && ip_address_equal(&a->address, &b->address);
}

static bool route_equal(const struct route_item *wanted, const struct route_item *there)
{
    const struct config_route *w = &wanted->route;
    const struct config_route *t = &there->route;

    return config_route_same_place(w, t) && w->type == t->type &&
           ip_address_equal(&w->via, &t->via) && ip_address_equal(&w->source, &t->source) &&
           (wanted->ifindex == 0 || wanted->ifindex == there->ifindex) && w->mtu == t->mtu &&
           (!w->has_scope || w->family != IP_FAMILY_IPV4 || w->scope == t->scope) &&
           (!w->onlink || t->onlink);
}

static bool rule_equal(const struct config_rule *w, const struct config_rule *t)
{
    return w->family == t->family && same_prefix(&w->from, &t->from) &&
           same_prefix(&w->to, &t->to) && strcmp(w->iif, t->iif) == 0 &&
           strcmp(w->oif, t->oif) == 0 && w->mark == t->mark && w->mask == t->mask &&
           (!w->has_priority || w->priority == t->priority) && w->inverted == t->inverted &&
           w->action == t->action && w->table == t->table;
}

bool route_match(const struct route_item *wanted, const struct route_item *there)
{
    if (wanted->kind != there->kind)
        return false;
    return wanted->kind == ROUTE_ITEM_ROUTE ? route_equal(wanted, there)
                                            : rule_equal(&wanted->rule, &there->rule);
}

bool route_match_place(const struct route_item *wanted, const struct route_item *there)
{
    return wanted->kind == ROUTE_ITEM_ROUTE && there->kind == ROUTE_ITEM_ROUTE &&
           config_route_same_place(&wanted->route, &there->route);
}
