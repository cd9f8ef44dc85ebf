/*
 * Durations: exact in both directions, so that what is written back reads as what was configured.
 * Integer arithmetic only; a value that is not a whole number of nanoseconds is refused.
 */
#include "lib/config/duration.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t ns;
    bool decimal; /* fractions of it end, so they may be written */
};

/* Largest first. */
static const struct unit units[] = {
    {"d", 86400 * NS_PER_SEC, false},
    {"h", 3600 * NS_PER_SEC, false},
    {"m", 60 * NS_PER_SEC, false},
    {"s", NS_PER_SEC, true},
    {"ms", NS_PER_MS, true},
    {"us", NS_PER_US, true},
    {"ns", 1, true},
};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The fraction behind the point, in nanoseconds. False when it is finer than one. */
static bool parse_fraction(const char *digits, size_t count, uint64_t unit_ns, uint64_t *out)
{
    uint64_t weight = unit_ns;
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t digit = (uint64_t)(digits[i] - '0');

        if (digit != 0 && weight % 10 != 0)
            return false;
        weight = weight % 10 == 0 ? weight / 10 : 0;
        sum += digit * weight;
    }
    *out = sum;
    return true;
}

static const struct unit *find_unit(const char *name)
{
    if (strcmp(name, "min") == 0)
        name = "m";
    for (size_t i = 0; i < UNITS; i++) {
        if (strcmp(units[i].name, name) == 0)
            return &units[i];
    }
    return NULL;
}

bool duration_parse(const char *text, uint64_t *out_ns)
{
    const char *end = text;
    const char *fraction = NULL;
    size_t fraction_count = 0;
    uint64_t whole = 0;
    uint64_t part = 0;

    if (strcmp(text, "0") == 0) {
        *out_ns = 0;
        return true;
    }
    for (; is_digit(*end); end++) {
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, (uint64_t)(*end - '0'), &whole))
            return false;
    }
    if (end == text)
        return false;
    if (*end == '.') {
        fraction = ++end;
        while (is_digit(*end))
            end++;
        fraction_count = (size_t)(end - fraction);
        if (fraction_count == 0)
            return false;
    }

    const struct unit *unit = find_unit(end);
    if (unit == NULL || !parse_fraction(fraction, fraction_count, unit->ns, &part))
        return false;
    if (__builtin_mul_overflow(whole, unit->ns, &whole) ||
        __builtin_add_overflow(whole, part, &whole))
        return false;
    *out_ns = whole;
    return true;
}

/* Writes `whole` and, unless it is zero, a fraction of `digits` digits without trailing zeros. */
static void format_number(uint64_t whole, uint64_t fraction, int digits, char *buffer, size_t size)
{
    if (fraction == 0) {
        snprintf(buffer, size, "%" PRIu64, whole);
        return;
    }
    while (fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    snprintf(buffer, size, "%" PRIu64 ".%0*" PRIu64, whole, digits, fraction);
}

static int decimal_digits(uint64_t power_of_ten)
{
    int digits = 0;

    for (; power_of_ten > 1; power_of_ten /= 10)
        digits++;
    return digits;
}

const char *duration_format(uint64_t ns, char *buffer, size_t size)
{
    size_t best = SIZE_MAX;

    assert(size >= DURATION_TEXT_SIZE);
    snprintf(buffer, size, "0s");
    for (size_t i = 0; i < UNITS; i++) {
        const struct unit *unit = &units[i];
        char number[DURATION_TEXT_SIZE - 3];
        uint64_t rest = ns % unit->ns;

        if (ns < unit->ns || (rest != 0 && !unit->decimal))
            continue;
        format_number(ns / unit->ns, rest, decimal_digits(unit->ns), number, sizeof(number));
        size_t length = strlen(number) + strlen(unit->name);
        if (length < best) {
            best = length;
            snprintf(buffer, size, "%s%s", number, unit->name);
        }
    }
    return buffer;
}

/* Rounds to three significant digits of the unit; hundredths of it in *out. False when rounding
 * reaches the next larger unit, which then says it better. */
static bool round_to_unit(uint64_t ns, size_t unit, uint64_t *out_hundredths)
{
    uint64_t unit_ns = units[unit].ns;
    uint64_t step_ns = unit_ns;

    if (unit_ns == 1) {
        *out_hundredths = ns * 100;
        return true;
    }
    if (ns / unit_ns < 10)
        step_ns = unit_ns / 100;
    else if (ns / unit_ns < 100)
        step_ns = unit_ns / 10;
    uint64_t steps = ns / step_ns + (ns % step_ns >= step_ns / 2 ? 1 : 0);
    *out_hundredths = steps * (step_ns / (unit_ns / 100));
    return unit == 0 || steps < units[unit - 1].ns / step_ns;
}

const char *duration_format_short(uint64_t ns, char *buffer, size_t size)
{
    char number[DURATION_TEXT_SIZE - 4];
    uint64_t hundredths = 0;
    size_t unit = 0;

    assert(size >= DURATION_TEXT_SIZE);
    if (ns == 0) {
        snprintf(buffer, size, "0 s");
        return buffer;
    }
    while (ns < units[unit].ns)
        unit++;
    if (!round_to_unit(ns, unit, &hundredths)) {
        unit--;
        hundredths = 100;
    }
    format_number(hundredths / 100, hundredths % 100, 2, number, sizeof(number));
    snprintf(buffer, size, "%s %s", number, units[unit].name);
    return buffer;
}
