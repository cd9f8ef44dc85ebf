/* The types of values: how each is read and compared, one row each. */
#include "lib/config/values.h"

#include "lib/config/argument_vector.h"
#include "lib/config/config.h"
#include "lib/config/value_parsers.h"

#include <assert.h>
#include <string.h>

static bool octets_equal(const void *a, size_t a_count, const void *b, size_t b_count, size_t size)
{
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * size) == 0);
}

/* The next of a kind from i on, or the end. */
static size_t next_claim(const struct config_instance *instance, size_t i, bool extra)
{
    while (i < instance->claim_count && instance->claims[i].extra != extra)
        i++;
    return i;
}

static bool claims_equal(const struct config_instance *a, const struct config_instance *b,
                         bool extra)
{
    size_t i = next_claim(a, 0, extra);
    size_t j = next_claim(b, 0, extra);

    while (i < a->claim_count && j < b->claim_count) {
        if (!claimed_address_equal(&a->claims[i], &b->claims[j]))
            return false;
        i = next_claim(a, i + 1, extra);
        j = next_claim(b, j + 1, extra);
    }
    return i == a->claim_count && j == b->claim_count;
}

static bool listed_equal(const void *before, const void *after)
{
    const struct config_instance *a = before;
    const struct config_instance *b = after;

    return a->link_local_derived == b->link_local_derived && claims_equal(a, b, false);
}

static bool extra_equal(const void *before, const void *after)
{
    return claims_equal(before, after, true);
}

static bool peers_equal(const void *before, const void *after)
{
    const struct config_instance *a = before;
    const struct config_instance *b = after;

    if (a->peer_count != b->peer_count)
        return false;
    for (size_t i = 0; i < a->peer_count; i++) {
        if (!ip_address_equal(&a->peers[i], &b->peers[i]))
            return false;
    }
    return true;
}

static bool preempt_equal(const void *before, const void *after)
{
    const struct config_instance *a = before;
    const struct config_instance *b = after;

    return a->preempt == b->preempt && a->preempt_delay_ns == b->preempt_delay_ns;
}

static bool sources_equal(const void *before, const void *after)
{
    const struct config_instance *a = before;
    const struct config_instance *b = after;

    return ip_address_equal(&a->source4, &b->source4) && ip_address_equal(&a->source6, &b->source6);
}

static bool groups_equal(const void *before, const void *after)
{
    const struct config_instance *a = before;
    const struct config_instance *b = after;

    return ip_address_equal(&a->group4, &b->group4) && ip_address_equal(&a->group6, &b->group6);
}

static bool passwords_equal(const void *before, const void *after)
{
    const struct config_instance *a = before;
    const struct config_instance *b = after;

    return memcmp(&a->auth, &b->auth, sizeof(a->auth)) == 0;
}

static bool auth_keys_written_equal(const void *before, const void *after)
{
    const struct config_instance *a = before;
    const struct config_instance *b = after;

    return auth_keys_equal(a->secrets, b->secrets) &&
           auth_keys_equal(a->inline_secrets, b->inline_secrets) &&
           octets_equal(a->auth_keys, a->auth_key_count, b->auth_keys, b->auth_key_count,
                        sizeof(*a->auth_keys));
}

static bool command_equal(const void *before, const void *after)
{
    char **const *a = before;
    char **const *b = after;

    return argument_vector_equal(*a, *b);
}

/* NULL: none. */
static bool kept_equal(const void *before, const void *after)
{
    const char *a = *(char *const *)before;
    const char *b = *(char *const *)after;

    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool names_equal(const void *before, const void *after)
{
    return config_names_equal(before, after);
}

static bool address_equal(const void *before, const void *after)
{
    return ip_address_equal(before, after);
}

/* Field by field: what a compiler leaves between and behind them is no difference. */
static bool routes_equal(const void *before, const void *after)
{
    const struct config_instance *a = before;
    const struct config_instance *b = after;

    if (a->route_count != b->route_count)
        return false;
    for (size_t i = 0; i < a->route_count; i++)
        if (!config_route_equal(&a->routes[i], &b->routes[i]))
            return false;
    return true;
}

static bool rules_equal(const void *before, const void *after)
{
    const struct config_instance *a = before;
    const struct config_instance *b = after;

    if (a->rule_count != b->rule_count)
        return false;
    for (size_t i = 0; i < a->rule_count; i++)
        if (!config_rule_equal(&a->rules[i], &b->rules[i]))
            return false;
    return true;
}

struct type_row {
    config_parser *parse;
    bool (*equal)(const void *before, const void *after); /* NULL: by its octets */
    bool whole; /* both are given the section's struct, not the field: there are several */
};

static const struct type_row rows[VALUE_TYPES] = {
    [VALUE_NAME] = {config_parse_name, NULL, false},
    [VALUE_KEPT_NAME] = {config_parse_kept_name, kept_equal, false},
    [VALUE_INTERFACE] = {config_parse_interface, NULL, false},
    [VALUE_NUMBER] = {config_parse_number, NULL, false},
    [VALUE_BOOL] = {config_parse_bool, NULL, false},
    [VALUE_CHOICE] = {config_parse_choice, NULL, false},
    [VALUE_DURATION] = {config_parse_duration, NULL, false},
    [VALUE_PREEMPT] = {config_parse_preempt, preempt_equal, true},
    [VALUE_LISTED] = {config_parse_listed, listed_equal, true},
    [VALUE_EXTRA] = {config_parse_extra, extra_equal, true},
    [VALUE_PEERS] = {config_parse_peer, peers_equal, true},
    [VALUE_SOURCES] = {config_parse_source, sources_equal, true},
    [VALUE_COMMAND] = {config_parse_command, command_equal, false},
    [VALUE_MEMBERS] = {config_parse_members, names_equal, false},
    [VALUE_TEXT] = {config_parse_line, NULL, false},
    [VALUE_PATH] = {config_parse_path, NULL, false},
    [VALUE_KEPT_PATH] = {config_parse_kept_path, kept_equal, false},
    [VALUE_METHOD] = {config_parse_method, NULL, false},
    [VALUE_OCTETS] = {config_parse_octets, NULL, false},
    [VALUE_WORDS] = {config_parse_words, NULL, false},
    [VALUE_STATUSES] = {config_parse_statuses, NULL, false},
    [VALUE_ENDPOINT] = {config_parse_endpoint, NULL, false},
    [VALUE_ADDRESS] = {config_parse_address, address_equal, false},
    [VALUE_WEIGHT] = {config_parse_weight, NULL, false},
    [VALUE_DAMPING] = {config_parse_damping, NULL, false},
    [VALUE_TRACK] = {config_parse_track, names_equal, false},
    [VALUE_GROUPS] = {config_parse_group, groups_equal, true},
    [VALUE_PASSWORD] = {config_parse_password, passwords_equal, true},
    [VALUE_ROUTES] = {config_parse_route, routes_equal, true},
    [VALUE_AUTH_KEYS] = {config_parse_auth_key, auth_keys_written_equal, true},
    [VALUE_RULES] = {config_parse_rule, rules_equal, true},
};

static const struct type_row *row_of(const struct config_key *key)
{
    assert(key->type < VALUE_TYPES && rows[key->type].parse != NULL);
    return &rows[key->type];
}

int config_value_parse(const struct config_key *key, const char *text, void *base, char *error,
                       size_t error_size)
{
    const struct refusal r = {.key = key, .text = text, .error = error, .error_size = error_size};
    const struct type_row *row = row_of(key);

    return row->parse(&r, row->whole ? base : (char *)base + key->offset);
}

bool config_value_equal(const struct config_key *key, const void *a, const void *b)
{
    const struct type_row *row = row_of(key);
    size_t offset = row->whole ? 0 : key->offset;
    const void *x = (const char *)a + offset;
    const void *y = (const char *)b + offset;

    return row->equal != NULL ? row->equal(x, y) : memcmp(x, y, key->size) == 0;
}
