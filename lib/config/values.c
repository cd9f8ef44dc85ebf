/* Typed values: each parser is strict, stores only what it understood, and words what it did not.
 */
#include "lib/config/values_internal.h"

#include "lib/config/argument_vector.h"
#include "lib/config/duration.h"
#include "lib/config/lexer.h"
#include "lib/config/problem.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether " #" can be in a good value: then nothing hints at a comment. */
static bool is_free_text(enum config_value_type type)
{
    return type == VALUE_TEXT || type == VALUE_PATH || type == VALUE_OCTETS ||
           type == VALUE_WORDS || type == VALUE_COMMAND;
}

int config_refuse(const struct refusal *refusal, const char *remark)
{
    size_t length = strlen(refusal->text);
    char quoted[CONFIG_QUOTE_SIZE];

    if (*refusal->text == '\0') {
        snprintf(refusal->error, refusal->error_size, "found nothing, expected %s",
                 refusal->key->expected);
        return -EINVAL;
    }
    config_quote(refusal->text, length, quoted, sizeof(quoted));
    if (!is_free_text(refusal->key->type) && config_lexer_comment_in(refusal->text, length)) {
        snprintf(refusal->error, refusal->error_size,
                 "found '%s': a comment needs a line of its own", quoted);
        return -EINVAL;
    }
    snprintf(refusal->error, refusal->error_size, "found '%s'%s, expected %s", quoted, remark,
             refusal->key->expected);
    return -EINVAL;
}

void *config_list_grow(void *list, size_t count, size_t item_size)
{
    /* Room doubles whenever the count is a power of two: no capacity to keep. */
    if (count != 0 && (count & (count - 1)) != 0)
        return list;
    return reallocarray(list, count == 0 ? 1 : count * 2, item_size);
}

bool config_name_valid(const char *name, size_t length)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";

    if (length == 0 || length >= NAME_SIZE)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (name[i] == '\0' || strchr(allowed, name[i]) == NULL)
            return false;
    }
    return true;
}

static bool interface_valid(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length >= INTERFACE_NAME_SIZE || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];

        /* Printable ASCII alone: the name goes into messages and JSON. */
        if (c <= ' ' || c >= 0x7f || c == '/' || c == ':')
            return false;
    }
    return true;
}

int config_parse_text(const struct refusal *r, void *field, bool valid)
{
    size_t length = strlen(r->text);

    if (!valid)
        return config_refuse(r, "");
    assert(length < r->key->size);
    memset(field, 0, r->key->size);
    memcpy(field, r->text, length);
    return 0;
}

static void store_number(void *field, size_t size, uint64_t value)
{
    uint8_t small = (uint8_t)value;
    unsigned medium = (unsigned)value;

    assert(size == sizeof(small) || size == sizeof(medium));
    if (size == sizeof(small))
        memcpy(field, &small, size);
    else
        memcpy(field, &medium, size);
}

static bool all_digits(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static int parse_number(const struct refusal *r, void *field)
{
    uint64_t value = 0;

    if (!all_digits(r->text) || strlen(r->text) > 9)
        return config_refuse(r, "");
    for (const char *digit = r->text; *digit != '\0'; digit++)
        value = value * 10 + (uint64_t)(*digit - '0');
    if (value < r->key->min || value > r->key->max)
        return config_refuse(r, "");
    store_number(field, r->key->size, value);
    return 0;
}

static int parse_bool(const struct refusal *r, void *field)
{
    bool yes = strcmp(r->text, "yes") == 0;

    if (!yes && strcmp(r->text, "no") != 0)
        return config_refuse(r, "");
    memcpy(field, &yes, sizeof(yes));
    return 0;
}

static int parse_choice(const struct refusal *r, void *field)
{
    for (const struct config_choice *choice = r->key->choices; choice->name != NULL; choice++) {
        if (strcmp(choice->name, r->text) == 0) {
            store_number(field, r->key->size, choice->value);
            return 0;
        }
    }
    return config_refuse(r, "");
}

int config_parse_duration(const struct refusal *r, const char *text, uint64_t *field)
{
    const struct config_key *key = r->key;
    uint64_t ns = 0;

    if (key->zero_word != NULL && strcmp(text, key->zero_word) == 0) {
        *field = 0;
        return 0;
    }
    if (!duration_parse(text, &ns))
        return config_refuse(r, all_digits(text) ? " without a unit" : "");
    if (ns < key->min || ns > key->max || (key->step != 0 && ns % key->step != 0))
        return config_refuse(r, "");
    *field = ns;
    return 0;
}

static int parse_preempt(const struct refusal *r, struct config_instance *instance)
{
    static const struct {
        const char *word;
        enum preempt_mode mode;
    } delayed[] = {{"after", PREEMPT_AFTER}, {"when-healthy-for", PREEMPT_WHEN_HEALTHY}};
    const char *text = r->text;
    size_t length = strcspn(text, " \t");
    uint64_t delay_ns = 0;

    if (strcmp(text, "yes") == 0 || strcmp(text, "no") == 0) {
        instance->preempt = *text == 'y' ? PREEMPT_YES : PREEMPT_NO;
        instance->preempt_delay_ns = 0;
        return 0;
    }
    for (size_t i = 0; i < sizeof(delayed) / sizeof(delayed[0]); i++) {
        if (strlen(delayed[i].word) != length || strncmp(text, delayed[i].word, length) != 0 ||
            text[length] == '\0')
            continue;
        text += length;
        int result = config_parse_duration(r, text + strspn(text, " \t"), &delay_ns);
        if (result != 0)
            return result;
        instance->preempt = delayed[i].mode;
        instance->preempt_delay_ns = delay_ns;
        return 0;
    }
    return config_refuse(r, "");
}

/* Why an address cannot be one host's, or NULL. */
static const char *unusable(const struct ip_address *address)
{
    static const uint8_t broadcast[4] = {255, 255, 255, 255};

    if (ip_address_is_multicast(address))
        return ", a multicast address";
    if (ip_address_is_unspecified(address))
        return ", the unspecified address";
    if (ip_address_is_loopback(address))
        return ", a loopback address";
    if (address->family == IP_FAMILY_IPV4 && memcmp(address->octets, broadcast, 4) == 0)
        return ", the broadcast address";
    return NULL;
}

static int parse_prefix(const struct refusal *r, struct config_instance *instance)
{
    struct ip_prefix prefix;

    if (!ip_prefix_parse(r->text, &prefix))
        return config_refuse(r, "");
    const char *why = unusable(&prefix.address);
    if (why != NULL)
        return config_refuse(r, why);
    if (prefix.length == 0)
        return config_refuse(r, " with an empty prefix");
    /* One is kept for the derived link-local address. */
    if (instance->ipv4_count + instance->ipv6_count >= INSTANCE_ADDRESSES_MAX - 1) {
        snprintf(r->error, r->error_size, "too many addresses, at most %d are possible",
                 INSTANCE_ADDRESSES_MAX - 1);
        return -EINVAL;
    }

    bool ipv4 = prefix.address.family == IP_FAMILY_IPV4;
    struct ip_prefix **list = ipv4 ? &instance->ipv4 : &instance->ipv6;
    size_t *count = ipv4 ? &instance->ipv4_count : &instance->ipv6_count;
    struct ip_prefix *grown = config_list_grow(*list, *count, sizeof(*grown));
    if (grown == NULL)
        return -ENOMEM;
    *list = grown;
    grown[(*count)++] = prefix;
    return 0;
}

static int parse_host(const struct refusal *r, struct ip_address *out)
{
    if (!ip_address_parse(r->text, out))
        return config_refuse(r, "");
    const char *why = unusable(out);
    return why != NULL ? config_refuse(r, why) : 0;
}

static int parse_peer(const struct refusal *r, struct config_instance *instance)
{
    struct ip_address peer;
    int result = parse_host(r, &peer);

    if (result != 0)
        return result;
    for (size_t i = 0; i < instance->peer_count; i++) {
        if (ip_address_equal(&instance->peers[i], &peer))
            return config_refuse(r, " a second time");
    }
    if (instance->peer_count >= INSTANCE_PEERS_MAX) {
        snprintf(r->error, r->error_size, "too many peers, at most %d are possible",
                 INSTANCE_PEERS_MAX);
        return -EINVAL;
    }
    struct ip_address *grown =
        config_list_grow(instance->peers, instance->peer_count, sizeof(*grown));
    if (grown == NULL)
        return -ENOMEM;
    instance->peers = grown;
    grown[instance->peer_count++] = peer;
    instance->unicast = true;
    return 0;
}

static int parse_source(const struct refusal *r, struct config_instance *instance)
{
    struct ip_address source;
    int result = parse_host(r, &source);

    if (result != 0)
        return result;
    struct ip_address *field =
        source.family == IP_FAMILY_IPV4 ? &instance->source4 : &instance->source6;
    if (field->family != IP_FAMILY_NONE)
        return config_refuse(r, ", the second of its family");
    *field = source;
    return 0;
}

static int parse_command(const struct refusal *r, char ***field)
{
    char problem[96];
    char remark[100];
    size_t at;

    if (argument_vector_split(r->text, field, &at))
        return 0;
    if (at == ARGUMENT_VECTOR_NO_MEMORY)
        return -ENOMEM;
    argument_vector_problem(r->text, at, problem, sizeof(problem));
    snprintf(remark, sizeof(remark), ", %s", problem);
    return config_refuse(r, remark);
}

static int parse_member(const struct refusal *r, struct config_group *group)
{
    if (!config_name_valid(r->text, strlen(r->text)))
        return config_refuse(r, "");
    for (size_t i = 0; i < group->instance_count; i++)
        if (strcmp(group->instances[i], r->text) == 0)
            return config_refuse(r, " a second time");
    if (group->instance_count >= GROUP_INSTANCES_MAX) {
        snprintf(r->error, r->error_size, "too many instances, at most %d are possible",
                 GROUP_INSTANCES_MAX);
        return -EINVAL;
    }
    char(*grown)[NAME_SIZE] =
        config_list_grow(group->instances, group->instance_count, sizeof(*grown));
    if (grown == NULL)
        return -ENOMEM;
    group->instances = grown;
    snprintf(grown[group->instance_count++], NAME_SIZE, "%s", r->text);
    return 0;
}

int config_value_parse(const struct config_key *key, const char *text, void *base, char *error,
                       size_t error_size)
{
    const struct refusal r = {.key = key, .text = text, .error = error, .error_size = error_size};
    void *field = (char *)base + key->offset;

    switch (key->type) {
    case VALUE_NAME:
        return config_parse_text(&r, field, config_name_valid(text, strlen(text)));
    case VALUE_INTERFACE:
        return config_parse_text(&r, field, interface_valid(text));
    case VALUE_NUMBER:
        return parse_number(&r, field);
    case VALUE_BOOL:
        return parse_bool(&r, field);
    case VALUE_CHOICE:
        return parse_choice(&r, field);
    case VALUE_DURATION:
        return config_parse_duration(&r, text, field);
    case VALUE_PREEMPT:
        return parse_preempt(&r, base);
    case VALUE_PREFIXES:
        return parse_prefix(&r, base);
    case VALUE_PEERS:
        return parse_peer(&r, base);
    case VALUE_SOURCES:
        return parse_source(&r, base);
    case VALUE_COMMAND:
        return parse_command(&r, field);
    case VALUE_MEMBERS:
        return parse_member(&r, base);
    case VALUE_TEXT:
    case VALUE_PATH:
    case VALUE_METHOD:
    case VALUE_OCTETS:
    case VALUE_WORDS:
    case VALUE_STATUSES:
    case VALUE_ENDPOINT:
    case VALUE_ADDRESS:
    case VALUE_WEIGHT:
    case VALUE_DAMPING:
    case VALUE_TRACK:
        return config_value_parse_check(&r, field);
    }
    assert(!"a type without a parser");
    return -EINVAL;
}

static bool prefixes_equal(const struct ip_prefix *a, size_t a_count, const struct ip_prefix *b,
                           size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++) {
        if (a[i].length != b[i].length || !ip_address_equal(&a[i].address, &b[i].address))
            return false;
    }
    return true;
}

static bool peers_equal(const struct config_instance *a, const struct config_instance *b)
{
    if (a->peer_count != b->peer_count)
        return false;
    for (size_t i = 0; i < a->peer_count; i++) {
        if (!ip_address_equal(&a->peers[i], &b->peers[i]))
            return false;
    }
    return true;
}

static bool members_equal(const struct config_group *a, const struct config_group *b)
{
    if (a->instance_count != b->instance_count)
        return false;
    for (size_t i = 0; i < a->instance_count; i++) {
        if (strcmp(a->instances[i], b->instances[i]) != 0)
            return false;
    }
    return true;
}

bool config_value_equal(const struct config_key *key, const void *a, const void *b)
{
    const struct config_instance *x = a;
    const struct config_instance *y = b;

    switch (key->type) {
    case VALUE_NAME:
    case VALUE_INTERFACE:
    case VALUE_NUMBER:
    case VALUE_BOOL:
    case VALUE_CHOICE:
    case VALUE_DURATION:
        return memcmp((const char *)a + key->offset, (const char *)b + key->offset, key->size) == 0;
    case VALUE_PREEMPT:
        return x->preempt == y->preempt && x->preempt_delay_ns == y->preempt_delay_ns;
    case VALUE_PREFIXES:
        return x->link_local_derived == y->link_local_derived &&
               prefixes_equal(x->ipv4, x->ipv4_count, y->ipv4, y->ipv4_count) &&
               prefixes_equal(x->ipv6, x->ipv6_count, y->ipv6, y->ipv6_count);
    case VALUE_PEERS:
        return peers_equal(x, y);
    case VALUE_MEMBERS:
        return members_equal(a, b);
    case VALUE_SOURCES:
        return ip_address_equal(&x->source4, &y->source4) &&
               ip_address_equal(&x->source6, &y->source6);
    case VALUE_COMMAND:
        return argument_vector_equal(*(char **const *)((const char *)a + key->offset),
                                     *(char **const *)((const char *)b + key->offset));
    case VALUE_TEXT:
    case VALUE_PATH:
    case VALUE_METHOD:
    case VALUE_OCTETS:
    case VALUE_WORDS:
    case VALUE_STATUSES:
    case VALUE_ENDPOINT:
    case VALUE_ADDRESS:
    case VALUE_WEIGHT:
    case VALUE_DAMPING:
    case VALUE_TRACK:
        return config_value_equal_check(key, (const char *)a + key->offset,
                                        (const char *)b + key->offset);
    }
    assert(!"a type without a comparison");
    return false;
}
