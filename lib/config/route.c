/* Routes and rules as values: compared and written; see route.h. */
#include "lib/config/route.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text that grows by words. */
struct words {
    char *buffer;
    size_t size;
    size_t used;
};

static void add(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct words *words, const char *format, ...)
{
    va_list arguments;

    if (words->used > 0 && words->used + 1 < words->size)
        words->buffer[words->used++] = ' ';
    va_start(arguments, format);
    int n = vsnprintf(words->buffer + words->used, words->size - words->used, format, arguments);
    va_end(arguments);
    if (n > 0)
        words->used +=
            (size_t)n < words->size - words->used ? (size_t)n : words->size - words->used - 1;
}

static void add_address(struct words *words, const char *word, const struct ip_address *address)
{
    char text[ADDRESS_TEXT_SIZE];

    if (address->family != IP_FAMILY_NONE)
        add(words, "%s %s", word, ip_address_format(address, text, sizeof(text)));
}

static void add_prefix(struct words *words, const char *word, const struct ip_prefix *prefix)
{
    bool host = prefix->length == ip_family_size(prefix->address.family) * 8;
    char text[ADDRESS_TEXT_SIZE];

    if (host)
        ip_address_format(&prefix->address, text, sizeof(text));
    else
        ip_prefix_format(prefix, text, sizeof(text));
    add(words, "%s%s", word, text);
}

static void add_table(struct words *words, const char *word, uint32_t table)
{
    if (table == ROUTE_TABLE_MAIN)
        add(words, "%s main", word);
    else if (table == ROUTE_TABLE_LOCAL)
        add(words, "%s local", word);
    else if (table == ROUTE_TABLE_DEFAULT)
        add(words, "%s default", word);
    else
        add(words, "%s %u", word, table);
}

const char *config_route_type_name(enum config_route_type type)
{
    static const char *const names[ROUTE_TYPES] = {
        [ROUTE_UNICAST] = "unicast",     [ROUTE_LOCAL] = "local",
        [ROUTE_BLACKHOLE] = "blackhole", [ROUTE_UNREACHABLE] = "unreachable",
        [ROUTE_PROHIBIT] = "prohibit",   [ROUTE_THROW] = "throw",
    };

    assert(type < ROUTE_TYPES);
    return names[type];
}

static const char *rule_action_name(enum config_rule_action action)
{
    static const char *const names[RULE_ACTIONS] = {
        [RULE_LOOKUP] = "lookup",
        [RULE_BLACKHOLE] = "blackhole",
        [RULE_UNREACHABLE] = "unreachable",
        [RULE_PROHIBIT] = "prohibit",
    };

    assert(action < RULE_ACTIONS);
    return names[action];
}

uint32_t config_route_metric(const struct config_route *route)
{
    return route->metric == 0 && route->family == IP_FAMILY_IPV6 ? ROUTE_METRIC_IPV6
                                                                 : route->metric;
}

bool config_route_same_place(const struct config_route *a, const struct config_route *b)
{
    return a->family == b->family && a->table == b->table && a->to.length == b->to.length &&
           ip_address_equal(&a->to.address, &b->to.address) &&
           config_route_metric(a) == config_route_metric(b);
}

const char *config_route_format(const struct config_route *route, char *buffer, size_t size)
{
    struct words words = {.buffer = buffer, .size = size};

    buffer[0] = '\0';
    if (route->type != ROUTE_UNICAST)
        add(&words, "%s", config_route_type_name(route->type));
    if (route->to.length > 0)
        add_prefix(&words, "", &route->to);
    else
        add(&words, "%s", route->family == IP_FAMILY_IPV4 ? "default" : "::/0");
    add_address(&words, "via", &route->via);
    if (route->dev[0] != '\0')
        add(&words, "dev %s", route->dev);
    add_address(&words, "src", &route->source);
    if (route->metric != 0)
        add(&words, "metric %u", route->metric);
    if (route->table != ROUTE_TABLE_MAIN)
        add_table(&words, "table", route->table);
    if (route->has_scope)
        add(&words, "scope %u", route->scope);
    if (route->mtu != 0)
        add(&words, "mtu %u", route->mtu);
    if (route->onlink)
        add(&words, "onlink");
    return buffer;
}

const char *config_rule_format(const struct config_rule *rule, char *buffer, size_t size)
{
    struct words words = {.buffer = buffer, .size = size};

    buffer[0] = '\0';
    if (rule->inverted)
        add(&words, "not");
    if (rule->from.address.family != IP_FAMILY_NONE)
        add_prefix(&words, "from ", &rule->from);
    else
        add(&words, "from all");
    if (rule->to.address.family != IP_FAMILY_NONE)
        add_prefix(&words, "to ", &rule->to);
    if (rule->family == IP_FAMILY_IPV6 && rule->from.address.family == IP_FAMILY_NONE &&
        rule->to.address.family == IP_FAMILY_NONE)
        add(&words, "inet6");
    if (rule->iif[0] != '\0')
        add(&words, "iif %s", rule->iif);
    if (rule->oif[0] != '\0')
        add(&words, "oif %s", rule->oif);
    if (rule->mask == UINT32_MAX)
        add(&words, "fwmark 0x%x", rule->mark);
    else if (rule->mask != 0)
        add(&words, "fwmark 0x%x/0x%x", rule->mark, rule->mask);
    if (rule->has_priority)
        add(&words, "priority %u", rule->priority);
    if (rule->action == RULE_LOOKUP)
        add_table(&words, "table", rule->table);
    else
        add(&words, "%s", rule_action_name(rule->action));
    return buffer;
}

static bool same_prefix(const struct ip_prefix *a, const struct ip_prefix *b)
{
    return a->length == b->length && ip_address_equal(&a->address, &b->address);
}

bool config_route_equal(const struct config_route *a, const struct config_route *b)
{
    return a->family == b->family && a->type == b->type && same_prefix(&a->to, &b->to) &&
           ip_address_equal(&a->via, &b->via) && ip_address_equal(&a->source, &b->source) &&
           strcmp(a->dev, b->dev) == 0 && a->table == b->table && a->metric == b->metric &&
           a->mtu == b->mtu && a->scope == b->scope && a->has_scope == b->has_scope &&
           a->onlink == b->onlink;
}

bool config_rule_equal(const struct config_rule *a, const struct config_rule *b)
{
    return a->family == b->family && same_prefix(&a->from, &b->from) &&
           same_prefix(&a->to, &b->to) && strcmp(a->iif, b->iif) == 0 &&
           strcmp(a->oif, b->oif) == 0 && a->mark == b->mark && a->mask == b->mask &&
           a->priority == b->priority && a->has_priority == b->has_priority &&
           a->inverted == b->inverted && a->action == b->action && a->table == b->table;
}
