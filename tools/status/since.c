/* Moments typed by people: each form is tried in turn, and must be the whole text. */
#include "tools/status/since.h"

#include "lib/config/duration.h"

#include <string.h>

enum { DAY_S = 86400 };

/* Whether the text is of that form, but for a fraction of a second and 'Z'. */
static bool matches(const char *text, const char *form, struct tm *tm, bool *utc)
{
    const char *rest = strptime(text, form, tm);

    if (rest == NULL)
        return false;
    if (*rest == '.' && form[strlen(form) - 1] == 'S')
        rest += 1 + strspn(rest + 1, "0123456789");
    *utc = *rest == 'Z';
    return rest[*utc ? 1 : 0] == '\0';
}

static bool parse_date(const char *text, time_t *out)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S",
                                        "%Y-%m-%d %H:%M", "%Y-%m-%d"};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm tm = {.tm_isdst = -1};
        bool utc;

        if (!matches(text, forms[i], &tm, &utc))
            continue;
        *out = utc ? timegm(&tm) : mktime(&tm);
        return *out != -1;
    }
    return false;
}

/* The last time that the clock showed it. */
static bool parse_time_of_day(const char *text, time_t now, time_t *out)
{
    static const char *const forms[] = {"%H:%M:%S", "%H:%M"};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm tm;
        bool utc;

        if (localtime_r(&now, &tm) == NULL)
            return false;
        tm.tm_sec = 0;
        if (!matches(text, forms[i], &tm, &utc) || utc)
            continue;
        tm.tm_isdst = -1;
        *out = mktime(&tm);
        if (*out > now)
            *out -= DAY_S;
        return *out != -1;
    }
    return false;
}

bool since_parse(const char *text, time_t now, int64_t *out_ms)
{
    uint64_t span_ns;
    time_t moment;

    if (duration_parse(text, &span_ns)) {
        *out_ms = (int64_t)now * 1000 - (int64_t)(span_ns / NS_PER_MS);
        return true;
    }
    if (!parse_date(text, &moment) && !parse_time_of_day(text, now, &moment))
        return false;
    *out_ms = (int64_t)moment * 1000;
    return true;
}
