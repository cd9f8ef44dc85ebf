/* Values of rules = ..., in the words of ip-rule(8); see value_parsers.h. */
#include "lib/config/config.h"
#include "lib/config/list.h"
#include "lib/config/phrase.h"
#include "lib/config/value_parsers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool take_prefix(struct config_rule *rule, const char *value, struct ip_prefix *out)
{
    if (strcmp(value, "all") == 0)
        return true;
    if (!phrase_network(value, out) || out->length == 0)
        return false;
    if (rule->family == IP_FAMILY_NONE)
        rule->family = out->address.family;
    return rule->family == out->address.family;
}

static bool take_from(void *out, const char *value)
{
    struct config_rule *rule = out;

    return take_prefix(rule, value, &rule->from);
}

static bool take_to(void *out, const char *value)
{
    struct config_rule *rule = out;

    return take_prefix(rule, value, &rule->to);
}

static bool take_iif(void *out, const char *value)
{
    return phrase_interface(value, ((struct config_rule *)out)->iif);
}

static bool take_oif(void *out, const char *value)
{
    return phrase_interface(value, ((struct config_rule *)out)->oif);
}

/* MARK or MARK/MASK */
static bool take_mark(void *out, const char *value)
{
    struct config_rule *rule = out;
    const char *slash = strchr(value, '/');
    char mark[16];

    rule->mask = UINT32_MAX;
    if (slash == NULL)
        return phrase_number(value, &rule->mark);
    if ((size_t)(slash - value) >= sizeof(mark))
        return false;
    snprintf(mark, sizeof(mark), "%.*s", (int)(slash - value), value);
    return phrase_number(mark, &rule->mark) && phrase_number(slash + 1, &rule->mask) &&
           rule->mask != 0;
}

static bool take_priority(void *out, const char *value)
{
    struct config_rule *rule = out;

    /* 0 is the kernel's own, for the local table. */
    rule->has_priority = true;
    return phrase_number(value, &rule->priority) && rule->priority > 0;
}

static bool take_table(void *out, const char *value)
{
    return phrase_table(value, &((struct config_rule *)out)->table);
}

static bool take_blackhole(void *out, const char *value)
{
    (void)value;
    ((struct config_rule *)out)->action = RULE_BLACKHOLE;
    return true;
}

static bool take_unreachable(void *out, const char *value)
{
    (void)value;
    ((struct config_rule *)out)->action = RULE_UNREACHABLE;
    return true;
}

static bool take_prohibit(void *out, const char *value)
{
    (void)value;
    ((struct config_rule *)out)->action = RULE_PROHIBIT;
    return true;
}

static bool take_inet6(void *out, const char *value)
{
    struct config_rule *rule = out;

    (void)value;
    if (rule->family == IP_FAMILY_NONE)
        rule->family = IP_FAMILY_IPV6;
    return rule->family == IP_FAMILY_IPV6;
}

enum meaning { FROM, TO, IIF, OIF, MARK, PRIORITY, ACTION, FAMILY };

static const struct phrase_word words[] = {
    {"from", false, FROM, take_from},
    {"to", false, TO, take_to},
    {"iif", false, IIF, take_iif},
    {"dev", false, IIF, take_iif},
    {"oif", false, OIF, take_oif},
    {"fwmark", false, MARK, take_mark},
    {"priority", false, PRIORITY, take_priority},
    {"pref", false, PRIORITY, take_priority},
    {"preference", false, PRIORITY, take_priority},
    {"order", false, PRIORITY, take_priority},
    {"table", false, ACTION, take_table},
    {"lookup", false, ACTION, take_table},
    {"blackhole", true, ACTION, take_blackhole},
    {"unreachable", true, ACTION, take_unreachable},
    {"prohibit", true, ACTION, take_prohibit},
    {"inet6", true, FAMILY, take_inet6},
    {NULL, false, 0, NULL},
};

static int parse(const struct refusal *r, struct config_rule *rule)
{
    struct phrase phrase;
    int result = phrase_begin(&phrase, r);

    if (result != 0)
        return result;
    rule->inverted = phrase_skip(&phrase, "not");
    result = phrase_take(&phrase, words, rule);
    if (result == 0 && (phrase.seen & 1u << ACTION) == 0)
        return config_refuse(r, " without the table to look up");
    if (rule->family == IP_FAMILY_NONE)
        rule->family = IP_FAMILY_IPV4;
    return result;
}

int config_parse_rule(const struct refusal *r, void *base)
{
    struct config_instance *instance = base;
    struct config_rule rule = {0};
    int result = parse(r, &rule);
    if (result != 0)
        return result;
    for (size_t i = 0; i < instance->rule_count; i++)
        if (config_rule_equal(&instance->rules[i], &rule))
            return config_refuse(r, " a second time");
    if (instance->rule_count >= INSTANCE_ROUTES_MAX)
        return config_refuse_more(r, "rules", INSTANCE_ROUTES_MAX);
    struct config_rule *grown =
        config_list_grow(instance->rules, instance->rule_count, sizeof(*grown));
    if (grown == NULL)
        return -ENOMEM;
    instance->rules = grown;
    grown[instance->rule_count++] = rule;
    return 0;
}
