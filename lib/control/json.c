/* Single values as JSON; see json.h. */
#include "lib/control/json.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *control_time_format(uint64_t wall_ns, char *buffer, size_t size)
{
    const time_t seconds = (time_t)(wall_ns / NS_PER_SEC);
    const unsigned ms = (unsigned)(wall_ns / NS_PER_MS % 1000);
    struct tm tm;

    assert(size >= CONTROL_TIME_SIZE);
    if (gmtime_r(&seconds, &tm) == NULL)
        memset(&tm, 0, sizeof(tm));
    size_t used = strftime(buffer, size, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(buffer + used, size - used, ".%03uZ", ms);
    return buffer;
}

json_t *control_text_to_json(const char *text)
{
    json_t *string = json_string(text);
    char *plain = string == NULL ? strdup(text) : NULL;

    if (plain == NULL)
        return string;
    for (char *c = plain; *c != '\0'; c++)
        *c = (char)((unsigned char)*c < 0x80 ? *c : '?');
    string = json_string(plain);
    free(plain);
    return string;
}

json_t *control_time_json(uint64_t wall_ns)
{
    char text[CONTROL_TIME_SIZE];

    return wall_ns == 0 ? json_null()
                        : json_string(control_time_format(wall_ns, text, sizeof(text)));
}

json_t *control_address_json(const struct ip_address *address)
{
    char text[ADDRESS_TEXT_SIZE];

    if (address->family == IP_FAMILY_NONE)
        return json_null();
    return json_string(ip_address_format(address, text, sizeof(text)));
}

json_t *control_span_ms_json(uint64_t ns)
{
    return ns == DEADLINE_NEVER ? json_null() : json_integer((json_int_t)(ns / NS_PER_MS));
}

json_t *control_ms_json(uint64_t ns)
{
    uint64_t us = ns / NS_PER_US;

    return json_real((double)us / 1000);
}

void control_set_number(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}
