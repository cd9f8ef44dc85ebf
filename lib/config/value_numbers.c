/* Values that are numbers, choices or times; see value_parsers.h. */
#include "lib/config/config.h"
#include "lib/config/duration.h"
#include "lib/config/value_parsers.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int config_parse_number(const struct refusal *r, void *field)
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

int config_parse_bool(const struct refusal *r, void *field)
{
    bool yes = strcmp(r->text, "yes") == 0;

    if (!yes && strcmp(r->text, "no") != 0)
        return config_refuse(r, "");
    memcpy(field, &yes, sizeof(yes));
    return 0;
}

int config_parse_choice(const struct refusal *r, void *field)
{
    for (const struct config_choice *choice = r->key->choices; choice->name != NULL; choice++) {
        if (strcmp(choice->name, r->text) == 0) {
            store_number(field, r->key->size, choice->value);
            return 0;
        }
    }
    return config_refuse(r, "");
}

/* A duration within the key's range. */
static int parse_duration(const struct refusal *r, const char *text, uint64_t *field)
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

int config_parse_duration(const struct refusal *r, void *field)
{
    return parse_duration(r, r->text, field);
}

int config_parse_preempt(const struct refusal *r, void *base)
{
    struct config_instance *instance = base;
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
        int result = parse_duration(r, text + strspn(text, " \t"), &delay_ns);
        if (result != 0)
            return result;
        instance->preempt = delayed[i].mode;
        instance->preempt_delay_ns = delay_ns;
        return 0;
    }
    return config_refuse(r, "");
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

int config_parse_statuses(const struct refusal *r, void *base)
{
    struct config_statuses *field = base;
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

int config_parse_weight(const struct refusal *r, void *base)
{
    int *field = base;
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
int config_parse_damping(const struct refusal *r, void *base)
{
    struct damping_params *field = base;
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
    int result = parse_duration(r, window, &params.window_ns);
    params.hold_ns = params.window_ns;
    if (result == 0 && fields == 3)
        result = parse_duration(r, hold, &params.hold_ns);
    if (result == 0)
        memcpy(field, &params, sizeof(params));
    return result;
}
