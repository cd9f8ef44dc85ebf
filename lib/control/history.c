/* Entries of the history as JSON, and read back from it, which is how they outlive the agent. */
#include "lib/control/control.h"

#include "lib/control/json.h"
#include "lib/printable.h"

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

/* Fields that do not apply are left out. */
static json_t *evidence_json(const struct evidence *evidence)
{
    json_t *object = json_object();
    char mac[MAC_TEXT_SIZE];

    if (evidence->peer.family != IP_FAMILY_NONE)
        json_object_set_new(object, "peer", control_address_json(&evidence->peer));
    if (evidence->peer_priority != 0)
        control_set_number(object, "peer_priority", evidence->peer_priority);
    if (evidence->own_priority != 0)
        control_set_number(object, "own_priority", evidence->own_priority);
    if (evidence->silence_ns != 0)
        json_object_set_new(object, "silence_ms", control_ms_json(evidence->silence_ns));
    if (evidence->limit_ns != 0)
        json_object_set_new(object, "limit_ms", control_ms_json(evidence->limit_ns));
    if (evidence->claimed.family != IP_FAMILY_NONE) {
        json_object_set_new(object, "address", control_address_json(&evidence->claimed));
        json_object_set_new(object, "mac",
                            json_string(mac_format(evidence->mac, mac, sizeof(mac))));
    }
    if (evidence->asked)
        json_object_set_new(object, "uid", json_integer((json_int_t)evidence->uid));
    return object;
}

/* What an entry has whatever it is about. */
static json_t *event_json(const struct history_entry *entry)
{
    json_t *object =
        json_pack("{s:o, s:s, s:o, s:o}", "at", control_time_json(entry->at_ns), "event",
                  history_event_name(entry->event), "instance",
                  entry->instance[0] == '\0' ? json_null() : json_string(entry->instance), "text",
                  control_text_to_json(entry->text));

    if (object != NULL && entry->sequence != 0)
        control_set_number(object, "sequence", entry->sequence);
    return object;
}

/* Adds the fields of `more` (consumed). Consumes the object and returns NULL when memory ran out.
 */
static json_t *extend(json_t *object, json_t *more)
{
    if (more == NULL || json_object_update_missing(object, more) < 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(more);
    return object;
}

json_t *control_history_to_json(const struct history_entry *entry)
{
    const struct transition *transition = &entry->transition;
    json_t *object = event_json(entry);

    if (entry->event == HISTORY_NOTICE)
        return extend(object,
                      json_pack("{s:s, s:o*, s:o}", "reason", entry->notice, "since",
                                entry->since_ns != 0 ? control_time_json(entry->since_ns) : NULL,
                                "evidence", evidence_json(&transition->evidence)));
    if (entry->event != HISTORY_TRANSITION)
        return object;
    return extend(
        object,
        json_pack("{s:o, s:s, s:s, s:s, s:s, s:o, s:o*}", "family",
                  entry->family == IP_FAMILY_NONE ? json_null()
                                                  : json_string(ip_family_name(entry->family)),
                  "from", vrrp_state_name(transition->from), "to", vrrp_state_name(transition->to),
                  "state", vrrp_state_name(entry->state), "reason", reason_name(transition->reason),
                  "evidence", evidence_json(&transition->evidence), "recording",
                  entry->recording[0] != '\0' ? control_text_to_json(entry->recording) : NULL));
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
        .asked = json_is_integer(json_object_get(json, "uid")),
        .uid = (uint32_t)number_of(json, "uid", UINT32_MAX),
    };

    if (!ip_address_parse(text_of(json, "peer"), &evidence.peer))
        evidence.peer = (struct ip_address){0};
    if (!ip_address_parse(text_of(json, "address"), &evidence.claimed) ||
        !mac_from(text_of(json, "mac"), evidence.mac))
        evidence.claimed = (struct ip_address){0};
    return evidence;
}

/* Copies a text that fits; it may end on a terminal. */
static bool copy(const char *text, char *out, size_t size)
{
    size_t length = strlen(text);

    if (length >= size)
        return false;
    memcpy(out, text, length + 1);
    printable_make(out, '\0');
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
        if (!time_from(text_of(json, "since"), &out->since_ns))
            out->since_ns = 0;
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
