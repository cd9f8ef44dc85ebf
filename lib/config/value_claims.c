/* The items of `addresses` and `extra-addresses`: an address and the words of ip-address(8) behind
 * it; see value_parsers.h. */
#include "lib/config/config.h"
#include "lib/config/lexer.h"
#include "lib/config/list.h"
#include "lib/config/problem.h"
#include "lib/config/value_parsers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    WORD_SIZE = 64, /* longer than any that is good */
    REMARK_SIZE = 160,
};

static const char separators[] = ", \t";
static const char spaces[] = " \t";

typedef int word_parser(const struct refusal *r, const char *value, struct claimed_address *out);

static int refuse_word(const struct refusal *r, const char *text, const char *remark)
{
    struct refusal word = *r;

    word.text = text;
    return config_refuse(&word, remark);
}

static int take_dev(const struct refusal *r, const char *value, struct claimed_address *out)
{
    if (out->device[0] != '\0')
        return refuse_word(r, value, ", a second device");
    if (!config_interface_valid(value))
        return refuse_word(r, value, " behind dev, which is no name of an interface");
    snprintf(out->device, sizeof(out->device), "%s", value);
    return 0;
}

static bool printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text >= 0x7f)
            return false;
    return true;
}

static int take_label(const struct refusal *r, const char *value, struct claimed_address *out)
{
    if (out->prefix.address.family != IP_FAMILY_IPV4)
        return refuse_word(r, value, " behind label: an IPv6 address has none");
    if (strlen(value) >= sizeof(out->label) || !printable(value))
        return refuse_word(r, value, " behind label, which has 15 characters at most");
    snprintf(out->label, sizeof(out->label), "%s", value);
    return 0;
}

static int take_scope(const struct refusal *r, const char *value, struct claimed_address *out)
{
    bool ipv6 = out->prefix.address.family == IP_FAMILY_IPV6;
    uint8_t scope;

    if (!address_scope_parse(value, &scope))
        return refuse_word(r, value,
                           " behind scope, which is global, site, link, host or a number up to "
                           "254");
    if (ipv6 && scope != claimed_address_scope(out))
        return refuse_word(r, value,
                           " behind scope: that of an IPv6 address follows from the address");
    out->scope = ipv6 ? 0 : scope;
    out->has_scope = !ipv6;
    return 0;
}

/* All bits behind the prefix set, or none. */
static void fill_host_bits(const struct ip_prefix *prefix, bool set, uint8_t out[4])
{
    memcpy(out, prefix->address.octets, 4);
    for (size_t bit = prefix->length; bit < 32; bit++) {
        uint8_t mask = (uint8_t)(0x80U >> (bit % 8));

        out[bit / 8] = (uint8_t)(set ? out[bit / 8] | mask : out[bit / 8] & ~mask);
    }
}

static int take_broadcast(const struct refusal *r, const char *value, struct claimed_address *out)
{
    struct ip_address address;

    if (out->prefix.address.family != IP_FAMILY_IPV4)
        return refuse_word(r, value, " behind brd: an IPv6 address has no broadcast address");
    if (strcmp(value, "+") == 0 || strcmp(value, "-") == 0) {
        if (out->prefix.length <= 30)
            fill_host_bits(&out->prefix, *value == '+', out->broadcast);
        return 0;
    }
    if (!ip_address_parse(value, &address) || address.family != IP_FAMILY_IPV4)
        return refuse_word(r, value, " behind brd, which is an IPv4 address, + or -");
    memcpy(out->broadcast, address.octets, sizeof(out->broadcast));
    return 0;
}

static int take_no_prefix_route(const struct refusal *r, const char *value,
                                struct claimed_address *out)
{
    (void)r;
    (void)value;
    out->no_prefix_route = true;
    return 0;
}

struct word {
    const char *name;
    bool has_value;
    word_parser *take; /* NULL: */
    const char *why;   /* why it is refused */
};

#define LEASE_SAYS ", which lease decides"
#define MARK_IS    ", by which vipd knows its own addresses"
#define NOT_HERE   ", which vipd cannot do"

static const struct word words[] = {
    {"dev", true, take_dev, NULL},
    {"label", true, take_label, NULL},
    {"scope", true, take_scope, NULL},
    {"brd", true, take_broadcast, NULL},
    {"broadcast", true, take_broadcast, NULL},
    {"noprefixroute", false, take_no_prefix_route, NULL},
    {"peer", true, NULL, NOT_HERE},
    {"anycast", true, NULL, NOT_HERE},
    {"local", true, NULL, NOT_HERE},
    {"home", false, NULL, NOT_HERE},
    {"mngtmpaddr", false, NULL, NOT_HERE},
    {"autojoin", false, NULL, NOT_HERE},
    {"valid_lft", true, NULL, LEASE_SAYS},
    {"preferred_lft", true, NULL, LEASE_SAYS},
    {"metric", true, NULL, MARK_IS},
    {"priority", true, NULL, MARK_IS},
    {"preference", true, NULL, MARK_IS},
    {"proto", true, NULL, MARK_IS},
};

static const struct word *find_word(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strlen(words[i].name) == length && memcmp(words[i].name, text, length) == 0)
            return &words[i];
    return NULL;
}

/* Not the beginning of another address, but perhaps a word that nobody knows. */
static bool is_word(const char *text, size_t length)
{
    bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');

    return find_word(text, length) != NULL ||
           (letter && memchr(text, ':', length) == NULL && memchr(text, '.', length) == NULL &&
            memchr(text, '/', length) == NULL);
}

size_t config_claim_length(const char *text)
{
    const char *end = text + strcspn(text, separators);
    const char *next = end + strspn(end, spaces);
    size_t length = strcspn(next, separators);

    while (length > 0 && (is_word(next, length) || *next == '#' || *next == ';')) {
        const struct word *word = find_word(next, length);

        end = next + length;
        next = end + strspn(end, spaces);
        length = strcspn(next, separators);
        if (word == NULL || !word->has_value || length == 0)
            continue;
        end = next + length;
        next = end + strspn(end, spaces);
        length = strcspn(next, separators);
    }
    return (size_t)(end - text);
}

/* Copies the word at *text, and moves it to the next one. "": there is none, or it is too long. */
static const char *next_word(const char **text, char buffer[WORD_SIZE])
{
    const char *begin = *text + strspn(*text, spaces);
    size_t length = strcspn(begin, spaces);

    snprintf(buffer, WORD_SIZE, "%.*s", (int)length, begin);
    *text = begin + length + strspn(begin + length, spaces);
    return buffer;
}

/* One word behind the address, and its value. */
static int take_word(const struct refusal *r, const char **rest, struct claimed_address *out)
{
    char name[WORD_SIZE];
    char value[WORD_SIZE] = "";
    char remark[REMARK_SIZE];

    (void)next_word(rest, name);
    const struct word *word = find_word(name, strlen(name));
    if (word == NULL)
        return refuse_word(r, name, " behind an address");
    if (word->has_value)
        (void)next_word(rest, value);
    if (word->has_value && value[0] == '\0') {
        return refuse_word(r, name, " with nothing behind it");
    }
    if (word->take == NULL) {
        snprintf(remark, sizeof(remark), " behind an address%s", word->why);
        return refuse_word(r, name, remark);
    }
    return word->take(r, value, out);
}

static int parse(const struct refusal *r, struct claimed_address *out)
{
    const char *rest = r->text;
    char address[WORD_SIZE];

    /* Words alone do not tell of a comment. */
    if (config_lexer_comment_in(r->text, strlen(r->text)))
        return config_refuse(r, "");
    if (!ip_prefix_parse(next_word(&rest, address), &out->prefix))
        return refuse_word(r, address, "");
    const char *why = config_address_unusable(&out->prefix.address);
    if (why != NULL)
        return refuse_word(r, address, why);
    if (out->prefix.length == 0)
        return refuse_word(r, address, " with an empty prefix");
    while (*rest != '\0') {
        int result = take_word(r, &rest, out);

        if (result != 0)
            return result;
    }
    return 0;
}

static int parse_claim(const struct refusal *r, struct config_instance *instance, bool extra)
{
    struct claimed_address claim;

    memset(&claim, 0, sizeof(claim));
    claim.extra = extra;
    int result = parse(r, &claim);
    if (result != 0)
        return result;
    /* One is kept for the derived link-local address. */
    if (instance->claim_count >= INSTANCE_ADDRESSES_MAX - 1)
        return config_refuse_more(r, "addresses", INSTANCE_ADDRESSES_MAX - 1);
    struct claimed_address *grown =
        config_list_grow(instance->claims, instance->claim_count, sizeof(*grown));
    if (grown == NULL)
        return -ENOMEM;
    instance->claims = grown;
    grown[instance->claim_count++] = claim;
    return 0;
}

int config_parse_listed(const struct refusal *r, void *base)
{
    return parse_claim(r, base, false);
}

int config_parse_extra(const struct refusal *r, void *base)
{
    return parse_claim(r, base, true);
}
