/* The values of [check NAME], track and flap-damping. Fields are of fixed size and cleared before
 * they are written, so that equal values are equal octets. */
#include "lib/config/values_internal.h"

#include "lib/config/argument_vector.h"
#include "lib/election/damping.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    }
    return true;
}

static int parse_line(const struct refusal *r, void *field)
{
    size_t length = strlen(r->text);

    return config_parse_text(r, field, length > 0 && length < r->key->size && printable(r->text));
}

static int parse_path(const struct refusal *r, void *field)
{
    if (r->text[0] != '/')
        return config_refuse(r, "");
    return parse_line(r, field);
}

static int parse_method(const struct refusal *r, void *field)
{
    size_t length = strspn(r->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    return config_parse_text(r, field,
                             length > 0 && length < r->key->size && r->text[length] == '\0');
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One octet behind a backslash; moves *text to its last character. -1: no such escape. */
static int unescape(const char **text)
{
    const char *s = *text;

    switch (*s) {
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case '\\':
        return '\\';
    case 'x':
        if (hex_digit(s[1]) < 0 || hex_digit(s[2]) < 0)
            return -1;
        *text = s + 2;
        return hex_digit(s[1]) * 16 + hex_digit(s[2]);
    default:
        return -1;
    }
}

static int parse_octets(const struct refusal *r, struct config_octets *field)
{
    struct config_octets octets;

    memset(&octets, 0, sizeof(octets));
    for (const char *s = r->text; *s != '\0'; s++) {
        int octet = (unsigned char)*s;

        if (*s == '\\') {
            s++;
            octet = unescape(&s);
        }
        if (octet < 0)
            return config_refuse(r, " with an unknown escape");
        if (octets.size == sizeof(octets.data))
            return config_refuse(r, ", which is too long");
        octets.data[octets.size++] = (uint8_t)octet;
    }
    if (octets.size == 0)
        return config_refuse(r, "");
    memcpy(field, &octets, sizeof(octets));
    return 0;
}

/* Adds words behind those there are. False: there is no room. */
static bool pack_words(struct config_words *words, char *const *argv)
{
    size_t used = 0;

    for (unsigned i = 0; i < words->count; i++)
        used += strlen(words->text + used) + 1;
    for (size_t i = 0; argv[i] != NULL; i++) {
        size_t size = strlen(argv[i]) + 1;

        if (size > sizeof(words->text) - used)
            return false;
        memcpy(words->text + used, argv[i], size);
        used += size;
        words->count++;
    }
    return true;
}

/* Words of a further line are added to those there are. */
static int parse_words(const struct refusal *r, struct config_words *field)
{
    struct config_words words;
    char problem[96];
    char remark[100];
    char **argv = NULL;
    size_t at = 0;

    if (!argument_vector_split(r->text, &argv, &at)) {
        if (at == ARGUMENT_VECTOR_NO_MEMORY)
            return -ENOMEM;
        argument_vector_problem(r->text, at, problem, sizeof(problem));
        snprintf(remark, sizeof(remark), ", %s", problem);
        return config_refuse(r, remark);
    }
    memcpy(&words, field, sizeof(words));
    bool fits = pack_words(&words, argv);
    free(argv);
    if (!fits)
        return config_refuse(r, ", which is too long");
    if (words.text[0] != '/')
        return config_refuse(r, "");
    memcpy(field, &words, sizeof(words));
    return 0;
}

/* A number of 100..599 at *text, moving behind it. 0: there is none. */
static uint16_t take_status(const char **text)
{
    const char *s = *text;
    unsigned value = 0;

    for (; isdigit((unsigned char)*s) && s - *text < 4; s++)
        value = value * 10 + (unsigned)(*s - '0');
    *text = s;
    return value >= 100 && value <= 599 ? (uint16_t)value : 0;
}

static int parse_statuses(const struct refusal *r, struct config_statuses *field)
{
    static const char separators[] = ", \t";
    struct config_statuses statuses;

    memset(&statuses, 0, sizeof(statuses));
    for (const char *s = r->text + strspn(r->text, separators); *s != '\0';
         s += strspn(s, separators)) {
        uint16_t low = take_status(&s);
        uint16_t high = low;

        if (*s == '-') {
            s++;
            high = take_status(&s);
        }
        if (low == 0 || high < low || (*s != '\0' && strchr(separators, *s) == NULL) ||
            statuses.count == CHECK_STATUS_RANGES_MAX)
            return config_refuse(r, "");
        statuses.ranges[statuses.count].low = low;
        statuses.ranges[statuses.count++].high = high;
    }
    if (statuses.count == 0)
        return config_refuse(r, "");
    memcpy(field, &statuses, sizeof(statuses));
    return 0;
}

static bool parse_port(const char *text, uint16_t *port)
{
    size_t length = strlen(text);
    unsigned value = 0;

    if (length == 0 || length > 5 || text[strspn(text, "0123456789")] != '\0')
        return false;
    for (; *text != '\0'; text++)
        value = value * 10 + (unsigned)(*text - '0');
    *port = (uint16_t)value;
    return value >= 1 && value <= UINT16_MAX;
}

/* "A.B.C.D:PORT" or "[IPV6]:PORT" */
static int parse_endpoint(const struct refusal *r, struct config_endpoint *field)
{
    char host[ADDRESS_TEXT_SIZE];
    struct config_endpoint endpoint;
    const char *colon = strrchr(r->text, ':');
    bool brackets = r->text[0] == '[';

    memset(&endpoint, 0, sizeof(endpoint));
    if (colon == NULL || (size_t)(colon - r->text) >= sizeof(host))
        return config_refuse(r, "");
    const char *begin = r->text + (brackets ? 1 : 0);
    const char *end = colon - (brackets ? 1 : 0);
    if (end <= begin || (brackets && *end != ']'))
        return config_refuse(r, "");
    snprintf(host, sizeof(host), "%.*s", (int)(end - begin), begin);
    if (!ip_address_parse(host, &endpoint.address) ||
        brackets != (endpoint.address.family == IP_FAMILY_IPV6) ||
        !parse_port(colon + 1, &endpoint.port))
        return config_refuse(r, "");
    memcpy(field, &endpoint, sizeof(endpoint));
    return 0;
}

static int parse_address(const struct refusal *r, struct ip_address *field)
{
    struct ip_address address;

    if (!ip_address_parse(r->text, &address) || ip_address_is_multicast(&address) ||
        ip_address_is_unspecified(&address) || ip_address_is_loopback(&address))
        return config_refuse(r, "");
    *field = address;
    return 0;
}

static int parse_weight(const struct refusal *r, int *field)
{
    const char *digits = r->text;
    bool negative = *digits == '-';
    long value;

    if (*digits == '-' || *digits == '+')
        digits++;
    if (*digits == '\0' || strlen(digits) > 3 || digits[strspn(digits, "0123456789")] != '\0')
        return config_refuse(r, "");
    value = strtol(digits, NULL, 10);
    if (value == 0 || (uint64_t)value > r->key->min)
        return config_refuse(r, "");
    *field = negative ? -(int)value : (int)value;
    return 0;
}

/* "N in DURATION", and "hold DURATION" behind it. */
static int parse_damping(const struct refusal *r, struct damping_params *field)
{
    struct damping_params params;
    char window[32];
    char hold[32] = "";
    char rest = '\0';

    memset(&params, 0, sizeof(params));
    if (strcmp(r->text, "off") == 0) {
        memcpy(field, &params, sizeof(params));
        return 0;
    }
    int fields =
        sscanf(r->text, "%3u in %31s hold %31s %c", &params.transitions, window, hold, &rest);
    if (!isdigit((unsigned char)r->text[0]) || fields < 2 || fields > 3 || params.transitions < 2 ||
        params.transitions > DAMPING_TRANSITIONS_MAX)
        return config_refuse(r, "");
    /* What sscanf() did not reach must not be there. */
    const char *behind = strstr(r->text, window) + strlen(window);
    if (fields == 2 && behind[strspn(behind, " \t")] != '\0')
        return config_refuse(r, "");
    int result = config_parse_duration(r, window, &params.window_ns);
    params.hold_ns = params.window_ns;
    if (result == 0 && fields == 3)
        result = config_parse_duration(r, hold, &params.hold_ns);
    if (result == 0)
        memcpy(field, &params, sizeof(params));
    return result;
}

static int parse_track(const struct refusal *r, struct config_names *names)
{
    size_t length = strlen(r->text);

    if (!config_name_valid(r->text, length))
        return config_refuse(r, "");
    if (config_names_have(names, r->text))
        return config_refuse(r, " a second time");
    if (names->count >= TRACK_MAX) {
        snprintf(r->error, r->error_size, "too many checks, at most %d are possible", TRACK_MAX);
        return -EINVAL;
    }
    char(*grown)[NAME_SIZE] = config_list_grow(names->list, names->count, sizeof(*grown));
    if (grown == NULL)
        return -ENOMEM;
    names->list = grown;
    memcpy(grown[names->count++], r->text, length + 1);
    return 0;
}

int config_value_parse_check(const struct refusal *r, void *field)
{
    switch (r->key->type) {
    case VALUE_TEXT:
        return parse_line(r, field);
    case VALUE_PATH:
        return parse_path(r, field);
    case VALUE_METHOD:
        return parse_method(r, field);
    case VALUE_OCTETS:
        return parse_octets(r, field);
    case VALUE_WORDS:
        return parse_words(r, field);
    case VALUE_STATUSES:
        return parse_statuses(r, field);
    case VALUE_ENDPOINT:
        return parse_endpoint(r, field);
    case VALUE_ADDRESS:
        return parse_address(r, field);
    case VALUE_WEIGHT:
        return parse_weight(r, field);
    case VALUE_DAMPING:
        return parse_damping(r, field);
    case VALUE_TRACK:
        return parse_track(r, field);
    default:
        assert(!"a type without a parser");
        return -EINVAL;
    }
}

static bool same_names(const struct config_names *a, const struct config_names *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->list[i], b->list[i]) != 0)
            return false;
    }
    return true;
}

bool config_value_equal_check(const struct config_key *key, const void *a, const void *b)
{
    if (key->type == VALUE_TRACK)
        return same_names(a, b);
    if (key->type == VALUE_ADDRESS)
        return ip_address_equal(a, b);
    return memcmp(a, b, key->size) == 0;
}
