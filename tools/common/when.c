/* Times for people; see when.h. */
#include "tools/common/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400 };

bool when_parse(const char *text, time_t *seconds, unsigned *ms)
{
    struct tm tm = {0};

    if (text == NULL)
        return false;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest == NULL)
        return false;
    *seconds = timegm(&tm);
    *ms = *rest == '.' ? (unsigned)strtoul(rest + 1, NULL, 10) % 1000 : 0;
    return true;
}

const char *when_format(const char *text, char *buffer, size_t size)
{
    time_t seconds;
    unsigned ms;
    struct tm tm;
    char date[32];

    if (!when_parse(text, &seconds, &ms) || localtime_r(&seconds, &tm) == NULL) {
        snprintf(buffer, size, "-");
        return buffer;
    }
    strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
    snprintf(buffer, size, "%s.%03u", date, ms);
    return buffer;
}

static void format_age(long age, char *buffer, size_t size)
{
    if (age < 2 * MINUTE_S)
        snprintf(buffer, size, "%ld s", age);
    else if (age < 2 * HOUR_S)
        snprintf(buffer, size, "%ld min", age / MINUTE_S);
    else if (age < 2 * DAY_S)
        snprintf(buffer, size, "%ld h", age / HOUR_S);
    else
        snprintf(buffer, size, "%ld days", age / DAY_S);
}

const char *when_age(const char *text, time_t now, char *buffer, size_t size)
{
    time_t seconds;
    unsigned ms;

    if (when_parse(text, &seconds, &ms))
        format_age(now > seconds ? (long)(now - seconds) : 0, buffer, size);
    else
        snprintf(buffer, size, "-");
    return buffer;
}

const char *when_since(const char *text, time_t now, char *buffer, size_t size)
{
    time_t seconds;
    unsigned ms;
    struct tm then;
    struct tm today;
    char date[32];
    char age[24];

    if (!when_parse(text, &seconds, &ms) || localtime_r(&seconds, &then) == NULL ||
        localtime_r(&now, &today) == NULL) {
        snprintf(buffer, size, "-");
        return buffer;
    }
    bool same_day = then.tm_yday == today.tm_yday && then.tm_year == today.tm_year;
    strftime(date, sizeof(date), same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M", &then);
    format_age(now > seconds ? (long)(now - seconds) : 0, age, sizeof(age));
    snprintf(buffer, size, "%s (%s ago)", date, age);
    return buffer;
}
