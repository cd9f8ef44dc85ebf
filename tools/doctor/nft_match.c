/* Matches of nftables rules against what is known of a VRRP packet; see nft_match.h. */
#include "tools/doctor/nft_match.h"

#include "tools/common/field.h"

#include <string.h>
#include <strings.h>

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* A VRRP multicast is answered by nobody: it stays new. Unicast adverts of both sides may make one
 * connection of it. */
static enum nft_truth state_is(const struct nft_packet *packet, const char *state)
{
    if (is(state, "new"))
        return nft_packet_is_multicast(packet) ? NFT_YES : NFT_MAYBE;
    if (is(state, "established"))
        return nft_packet_is_multicast(packet) ? NFT_NO : NFT_MAYBE;
    return is(state, "untracked") ? NFT_MAYBE : NFT_NO;
}

/* "eth*" stands for every name that begins so. */
static enum nft_truth text_is(const char *have, const char *want)
{
    size_t length = strlen(want);

    if (length > 0 && want[length - 1] == '*')
        return strncmp(have, want, length - 1) == 0 ? NFT_YES : NFT_NO;
    return is(have, want) ? NFT_YES : NFT_NO;
}

/* First and last address of a prefix. */
static void bounds(const struct ip_prefix *prefix, struct ip_address *first,
                   struct ip_address *last)
{
    size_t bits = ip_family_size(prefix->address.family) * 8;

    *first = *last = prefix->address;
    for (size_t bit = prefix->length; bit < bits; bit++) {
        uint8_t mask = (uint8_t)(0x80U >> (bit % 8));

        first->octets[bit / 8] = (uint8_t)(first->octets[bit / 8] & ~mask);
        last->octets[bit / 8] |= mask;
    }
}

static enum nft_truth in_range(const struct ip_prefix *have, const struct ip_address *from,
                               const struct ip_address *to)
{
    struct ip_address first;
    struct ip_address last;

    bounds(have, &first, &last);
    if (from->family != first.family || ip_address_compare(&last, from) < 0 ||
        ip_address_compare(&first, to) > 0)
        return NFT_NO;
    return ip_address_compare(&first, from) >= 0 && ip_address_compare(&last, to) <= 0 ? NFT_YES
                                                                                       : NFT_MAYBE;
}

static bool parse_address(const json_t *json, struct ip_address *out)
{
    return json_is_string(json) && ip_address_parse(json_string_value(json), out);
}

/* An address, {"prefix": {"addr", "len"}} or {"range": [from, to]}. */
static enum nft_truth address_is(const struct ip_prefix *have, const json_t *want)
{
    const json_t *prefix = json_object_get(want, "prefix");
    const json_t *range = json_object_get(want, "range");
    struct ip_prefix network = {0};
    struct ip_address from;
    struct ip_address to;

    if (prefix != NULL && parse_address(json_object_get(prefix, "addr"), &network.address)) {
        network.length = (uint8_t)field_number(prefix, "len");
        bounds(&network, &from, &to);
        return in_range(have, &from, &to);
    }
    if (range != NULL && parse_address(json_array_get(range, 0), &from) &&
        parse_address(json_array_get(range, 1), &to))
        return in_range(have, &from, &to);
    return parse_address(want, &from) ? in_range(have, &from, &from) : NFT_MAYBE;
}

/* The number that JSON stands for, as far as it is one or the name of `have`. */
static bool read_number(const struct nft_value *have, const json_t *json, long long *out)
{
    if (json_is_integer(json))
        *out = json_integer_value(json);
    else if (json_is_string(json) && strcasecmp(json_string_value(json), have->text) == 0)
        *out = have->number;
    else
        return false;
    return true;
}

static enum nft_truth number_is(const struct nft_value *have, const json_t *want)
{
    const json_t *range = json_object_get(want, "range");
    long long from;
    long long to;

    if (range != NULL) {
        if (!read_number(have, json_array_get(range, 0), &from) ||
            !read_number(have, json_array_get(range, 1), &to))
            return NFT_MAYBE;
        return have->number >= from && have->number <= to ? NFT_YES : NFT_NO;
    }
    if (read_number(have, want, &from))
        return from == have->number ? NFT_YES : NFT_NO;
    /* The name of another protocol. */
    return json_is_string(want) ? NFT_NO : NFT_MAYBE;
}

static enum nft_truth value_is(const struct nft_packet *packet, const struct nft_value *have,
                               const json_t *want)
{
    switch (have->kind) {
    case NFT_VALUE_ABSENT:
        return NFT_NO;
    case NFT_VALUE_NUMBER:
        return number_is(have, want);
    case NFT_VALUE_ADDRESS:
        return address_is(&have->prefix, want);
    case NFT_VALUE_TEXT:
        return json_is_string(want) ? text_is(have->text, json_string_value(want)) : NFT_MAYBE;
    case NFT_VALUE_STATE:
        return json_is_string(want) ? state_is(packet, json_string_value(want)) : NFT_MAYBE;
    case NFT_VALUE_UNKNOWN:
        break;
    }
    return NFT_MAYBE;
}

const json_t *nft_elements(const struct nft_scope *scope, const json_t *set)
{
    const char *name = json_string_value(set);
    const json_t *object;
    size_t i;

    if (json_object_get(set, "set") != NULL)
        return json_object_get(set, "set");
    if (name == NULL || name[0] != '@')
        return NULL;
    json_array_foreach (scope->objects, i, object) {
        const json_t *found = json_object_get(object, "set");

        if (found == NULL)
            found = json_object_get(object, "map");
        if (found != NULL && is(field_text(found, "name"), name + 1) &&
            is(field_text(found, "table"), scope->table) &&
            is(field_text(found, "family"), scope->family))
            return json_object_get(found, "elem");
    }
    return NULL;
}

/* Some element of a list. */
static enum nft_truth any_of(const struct nft_scope *scope, const json_t *left, const json_t *list)
{
    enum nft_truth best = NFT_NO;
    const json_t *element;
    size_t i;

    json_array_foreach (list, i, element) {
        enum nft_truth truth = nft_equals(scope, left, element);
        best = truth > best ? truth : best;
    }
    return best;
}

/* Each part of a concatenation. */
static enum nft_truth all_of(const struct nft_scope *scope, const json_t *left, const json_t *right)
{
    enum nft_truth worst = NFT_YES;
    const json_t *part;
    size_t i;

    if (json_array_size(left) != json_array_size(right))
        return NFT_MAYBE;
    json_array_foreach (left, i, part) {
        enum nft_truth truth = nft_equals(scope, part, json_array_get(right, i));
        worst = truth < worst ? truth : worst;
    }
    return worst;
}

enum nft_truth nft_equals(const struct nft_scope *scope, const json_t *left, const json_t *right)
{
    const json_t *element = json_object_get(right, "elem");
    const json_t *parts = json_object_get(left, "concat");
    const char *name = json_string_value(right);

    if (element != NULL)
        return nft_equals(scope, left, json_object_get(element, "val"));
    if (json_object_get(right, "set") != NULL || (name != NULL && name[0] == '@'))
        return any_of(scope, left, nft_elements(scope, right));
    if (json_is_array(right))
        return any_of(scope, left, right);
    if (parts != NULL)
        return all_of(scope, parts, json_object_get(right, "concat"));
    /* "fib ... oif missing": there is a route to whoever is on the link. */
    if (json_is_false(right) && json_object_get(left, "fib") != NULL)
        return NFT_NO;
    struct nft_value have = nft_packet_value(scope->packet, left);
    return value_is(scope->packet, &have, right);
}

static enum nft_truth compare(const struct nft_scope *scope, const json_t *left, const char *op,
                              const json_t *right)
{
    struct nft_value have = nft_packet_value(scope->packet, left);
    long long limit;

    if (have.kind == NFT_VALUE_ABSENT)
        return NFT_NO;
    if (have.kind != NFT_VALUE_NUMBER || !read_number(&have, right, &limit))
        return NFT_MAYBE;
    bool holds = is(op, "<")    ? have.number < limit
                 : is(op, "<=") ? have.number <= limit
                 : is(op, ">")  ? have.number > limit
                                : have.number >= limit;
    return holds ? NFT_YES : NFT_NO;
}

enum nft_truth nft_match(const struct nft_scope *scope, const json_t *match)
{
    const char *op = field_text(match, "op");
    const json_t *left = json_object_get(match, "left");
    const json_t *right = json_object_get(match, "right");

    if (is(op, "==") || is(op, "in"))
        return nft_equals(scope, left, right);
    if (is(op, "!=")) {
        if (nft_packet_value(scope->packet, left).kind == NFT_VALUE_ABSENT)
            return NFT_NO;
        return (enum nft_truth)(NFT_YES - nft_equals(scope, left, right));
    }
    if (op[0] == '<' || op[0] == '>')
        return compare(scope, left, op, right);
    return NFT_MAYBE;
}
