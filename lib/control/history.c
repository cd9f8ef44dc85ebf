/* Entries of the history read back from their JSON, which is how they outlive the agent. */
#include "lib/control/control.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *history_event_name(enum history_event event)
{
    static const char *const names[HISTORY_EVENTS] = {
        [HISTORY_TRANSITION] = "transition", [HISTORY_STARTED] = "started",
        [HISTORY_STOPPED] = "stopped",       [HISTORY_RELOADED] = "reloaded",
        [HISTORY_NOTICE] = "notice",
    };

    return names[event];
}

/* "" when there is no such field. */
static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));

    return text != NULL ? text : "";
}

static uint64_t number_of(const json_t *json, const char *key, uint64_t max)
{
    json_int_t value = json_integer_value(json_object_get(json, key));

    return value < 0 || (uint64_t)value > max ? 0 : (uint64_t)value;
}

static bool event_from(const char *name, enum history_event *out)
{
    for (unsigned i = 0; i < HISTORY_EVENTS; i++) {
        *out = (enum history_event)i;
        if (strcmp(name, history_event_name(*out)) == 0)
            return true;
    }
    /* Before there were others. */
    *out = HISTORY_TRANSITION;
    return name[0] == '\0';
}

static bool state_from(const char *name, enum vrrp_state *out)
{
    for (unsigned i = VRRP_INIT; i <= VRRP_MASTER; i++) {
        *out = (enum vrrp_state)i;
        if (strcmp(name, vrrp_state_name(*out)) == 0)
            return true;
    }
    return false;
}

static enum reason reason_from(const char *name)
{
    for (unsigned i = 0; i < REASONS; i++) {
        if (strcmp(name, reason_name((enum reason)i)) == 0)
            return (enum reason)i;
    }
    return REASON_NONE;
}

static enum ip_family family_from(const char *name)
{
    if (strcmp(name, ip_family_name(IP_FAMILY_IPV4)) == 0)
        return IP_FAMILY_IPV4;
    if (strcmp(name, ip_family_name(IP_FAMILY_IPV6)) == 0)
        return IP_FAMILY_IPV6;
    return IP_FAMILY_NONE;
}

/* "2026-11-21T14:03:22.118Z" to nanoseconds. */
static bool time_from(const char *text, uint64_t *out)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    time_t seconds = rest != NULL ? timegm(&tm) : -1;
    uint64_t ms = 0;

    if (seconds < 0 || *rest != '.')
        return false;
    for (unsigned i = 1; i <= 3; i++) {
        if (rest[i] < '0' || rest[i] > '9')
            return false;
        ms = ms * 10 + (uint64_t)(rest[i] - '0');
    }
    *out = (uint64_t)seconds * NS_PER_SEC + ms * NS_PER_MS;
    return true;
}

/* Milliseconds with a fraction to nanoseconds. */
static uint64_t span_from(const json_t *json, const char *key)
{
    double ms = json_number_value(json_object_get(json, key));

    /* A year: what is more is no span of ours. */
    if (!(ms > 0 && ms < 366.0 * 86400 * 1000))
        return 0;
    return (uint64_t)(ms * 1000 + 0.5) * NS_PER_US;
}

/* What mac_format() wrote. */
static bool mac_from(const char *text, uint8_t mac[6])
{
    unsigned octets[6];

    if (strlen(text) != MAC_TEXT_SIZE - 1 ||
        sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &octets[0], &octets[1], &octets[2], &octets[3],
               &octets[4], &octets[5]) != 6)
        return false;
    for (size_t i = 0; i < 6; i++)
        mac[i] = (uint8_t)octets[i];
    return true;
}

static struct evidence evidence_from(const json_t *json)
{
    struct evidence evidence = {
        .peer_priority = (uint8_t)number_of(json, "peer_priority", UINT8_MAX),
        .own_priority = (uint8_t)number_of(json, "own_priority", UINT8_MAX),
        .silence_ns = span_from(json, "silence_ms"),
        .limit_ns = span_from(json, "limit_ms"),
    };

    if (!ip_address_parse(text_of(json, "peer"), &evidence.peer))
        evidence.peer = (struct ip_address){0};
    if (!ip_address_parse(text_of(json, "address"), &evidence.claimed) ||
        !mac_from(text_of(json, "mac"), evidence.mac))
        evidence.claimed = (struct ip_address){0};
    return evidence;
}

/* Copies a text that fits. */
static bool copy(const char *text, char *out, size_t size)
{
    size_t length = strlen(text);

    if (length >= size)
        return false;
    memcpy(out, text, length + 1);
    return true;
}

bool control_history_from_json(const json_t *json, struct history_entry *out)
{
    *out = (struct history_entry){.sequence = number_of(json, "sequence", INT64_MAX)};
    if (!event_from(text_of(json, "event"), &out->event) ||
        !time_from(text_of(json, "at"), &out->at_ns) ||
        !copy(text_of(json, "text"), out->text, sizeof(out->text)) ||
        !copy(text_of(json, "instance"), out->instance, sizeof(out->instance)))
        return false;
    if (out->event == HISTORY_NOTICE) {
        out->transition.evidence = evidence_from(json_object_get(json, "evidence"));
        return copy(text_of(json, "reason"), out->notice, sizeof(out->notice));
    }
    if (out->event != HISTORY_TRANSITION)
        return true;
    if (!copy(text_of(json, "recording"), out->recording, sizeof(out->recording)))
        return false;
    out->family = family_from(text_of(json, "family"));
    out->transition.reason = reason_from(text_of(json, "reason"));
    out->transition.evidence = evidence_from(json_object_get(json, "evidence"));
    return out->instance[0] != '\0' && state_from(text_of(json, "from"), &out->transition.from) &&
           state_from(text_of(json, "to"), &out->transition.to) &&
           state_from(text_of(json, "state"), &out->state);
}
