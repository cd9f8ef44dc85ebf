/* The status and the history as JSON: structs in, one new reference out. The names of counters come
 * from the verdict table of the packets and from RFC 8347 (`statistics`), so that there is one
 * source for each. */
#include "lib/control/control.h"

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

static json_t *time_json(uint64_t wall_ns)
{
    char text[CONTROL_TIME_SIZE];

    return wall_ns == 0 ? json_null()
                        : json_string(control_time_format(wall_ns, text, sizeof(text)));
}

static json_t *address_json(const struct ip_address *address)
{
    char text[ADDRESS_TEXT_SIZE];

    if (address->family == IP_FAMILY_NONE)
        return json_null();
    return json_string(ip_address_format(address, text, sizeof(text)));
}

/* A span that may not be there. */
static json_t *span_ms_json(uint64_t ns)
{
    return ns == DEADLINE_NEVER ? json_null() : json_integer((json_int_t)(ns / NS_PER_MS));
}

/* Whole microseconds, as milliseconds. */
static json_t *ms_json(uint64_t ns)
{
    uint64_t us = ns / NS_PER_US;

    return json_real((double)us / 1000);
}

static json_t *holds_json(uint32_t held_by)
{
    json_t *list = json_array();

    for (unsigned bit = 0; bit < HOLDS; bit++)
        if ((held_by & (1u << bit)) != 0)
            json_array_append_new(list, json_string(election_hold_name(1u << bit)));
    return list;
}

static json_t *master_json(const struct status_master *master)
{
    if (master->address.family == IP_FAMILY_NONE)
        return json_null();
    return json_pack("{s:o, s:i, s:b}", "address", address_json(&master->address), "priority",
                     (int)master->priority, "is_us", (int)master->is_us);
}

static json_t *next_event_json(const struct status_router *router)
{
    const char *event = "master-down";

    if (router->timer_in_ns == DEADLINE_NEVER)
        return json_null();
    if (router->lingering)
        event = "release";
    else if (router->state == VRRP_MASTER)
        event = "advert";
    return json_pack("{s:s, s:o}", "event", event, "in_ms", span_ms_json(router->timer_in_ns));
}

/* The one that is due first. */
static json_t *instance_next_event_json(const struct status_instance *instance)
{
    const struct status_router *first = NULL;

    for (size_t i = 0; i < instance->router_count; i++)
        if (first == NULL || instance->routers[i].timer_in_ns < first->timer_in_ns)
            first = &instance->routers[i];
    return first == NULL ? json_null() : next_event_json(first);
}

static void counter_set(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

/* Several verdicts may count into one leaf. */
static void counter_add(json_t *object, const char *name, uint64_t value)
{
    const json_t *before = json_object_get(object, name);

    counter_set(object, name, value + (uint64_t)json_integer_value(before));
}

static json_t *counters_json(const struct status_router *router)
{
    const struct election_counters *c = &router->counters;
    json_t *object = json_object();

    counter_set(object, "master-transitions", c->master_transitions);
    counter_set(object, "advertisement-rcvd", c->advertisement_rcvd);
    counter_set(object, "advertisement-sent", c->advertisement_sent);
    counter_set(object, "priority-zero-pkts-rcvd", c->priority_zero_pkts_rcvd);
    counter_set(object, "priority-zero-pkts-sent", c->priority_zero_pkts_sent);
    for (unsigned verdict = PACKET_OK + 1; verdict < PACKET_VERDICTS; verdict++)
        counter_add(object, packet_verdict_counter((enum packet_verdict)verdict),
                    router->by_verdict[verdict]);
    counter_set(object, "losing-adverts-rcvd", c->losing_adverts_rcvd);
    counter_set(object, "answers-suppressed", c->answers_suppressed);
    counter_set(object, "stray-priority-zero", c->stray_priority_zero);
    counter_set(object, "oversleeps", c->oversleeps);
    return object;
}

static json_t *drops_json(const struct status_router *router)
{
    json_t *object = json_object();

    for (unsigned verdict = PACKET_OK + 1; verdict < PACKET_VERDICTS; verdict++)
        counter_set(object, packet_verdict_name((enum packet_verdict)verdict),
                    router->by_verdict[verdict]);
    return object;
}

static json_t *warnings_json(const struct status_router *router)
{
    json_t *object = json_object();

    for (unsigned bit = 0; bit < PACKET_WARNINGS; bit++)
        counter_set(object, packet_warning_name((enum packet_warning)(1u << bit)),
                    router->by_warning[bit]);
    return object;
}

static json_t *foreign_json(const struct status_foreign *foreign)
{
    char mac[MAC_TEXT_SIZE];

    if (foreign->address.family == IP_FAMILY_NONE)
        return json_null();
    return json_pack("{s:o, s:s, s:I, s:o}", "address", address_json(&foreign->address), "mac",
                     mac_format(foreign->mac, mac, sizeof(mac)), "count",
                     (json_int_t)foreign->count, "last_seen", time_json(foreign->last_ns));
}

static json_t *conflict_json(const struct status_conflict *conflict)
{
    bool known = conflict->address.family != IP_FAMILY_NONE;
    char mac[MAC_TEXT_SIZE];

    return json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "mode",
                     conflict_mode_name(conflict->mode), "active", (int)conflict->active,
                     "conflicts", (json_int_t)conflict->conflicts, "claims",
                     (json_int_t)conflict->claims, "defences", (json_int_t)conflict->defences,
                     "defences_suppressed", (json_int_t)conflict->defences_suppressed, "address",
                     address_json(&conflict->address), "mac",
                     known ? json_string(mac_format(conflict->mac, mac, sizeof(mac))) : json_null(),
                     "last_seen", time_json(conflict->last_ns));
}

static json_t *router_json(const struct status_router *router)
{
    const char *new_master = router->new_master_reason == REASON_NONE
                                 ? "not-master"
                                 : reason_name(router->new_master_reason);

    return json_pack(
        "{s:s, s:s, s:o, s:b, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, "
        "s:o}",
        "family", ip_family_name(router->family), "state", vrrp_state_name(router->state),
        "held_by", holds_json(router->held_by), "lingering", (int)router->lingering, "source",
        address_json(&router->source), "master", master_json(&router->master), "advert_interval_ms",
        (json_int_t)(router->advert_interval_ns / NS_PER_MS), "master_down_interval_ms",
        (json_int_t)(router->master_down_interval_ns / NS_PER_MS), "skew_time_us",
        (json_int_t)(router->skew_time_ns / NS_PER_US), "last_advert_age_ms",
        span_ms_json(router->last_advert_age_ns), "next_event", next_event_json(router),
        "new_master_reason", new_master, "last_event", reason_last_event(router->last_event),
        "up_since", time_json(router->up_since_ns), "counters", counters_json(router), "drops",
        drops_json(router), "warnings", warnings_json(router), "foreign_holder",
        foreign_json(&router->foreign));
}

static json_t *addresses_json(const struct status_instance *instance)
{
    json_t *list = json_array();
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < instance->address_count; i++) {
        const struct status_address *address = &instance->addresses[i];

        ip_prefix_format(&address->prefix, text, sizeof(text));
        json_array_append_new(list,
                              json_pack("{s:s, s:b}", "address", text, "held", (int)address->held));
    }
    return list;
}

static json_t *routers_json(const struct status_instance *instance)
{
    json_t *list = json_array();

    for (size_t i = 0; i < instance->router_count; i++) {
        json_t *router = router_json(&instance->routers[i]);

        json_object_set_new(router, "conflict", conflict_json(&instance->routers[i].conflict));
        json_array_append_new(list, router);
    }
    return list;
}

static json_t *lan_warnings_json(const struct status_instance *instance)
{
    json_t *list = json_array();
    char mac[MAC_TEXT_SIZE];

    for (size_t i = 0; i < instance->warning_count; i++) {
        const struct status_warning *w = &instance->warnings[i];

        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:o, s:o}", "kind", w->kind, "family",
                            ip_family_name(w->family), "text", w->text, "since",
                            time_json(w->since_ns), "last_seen", time_json(w->last_ns), "count",
                            (json_int_t)w->count, "peer", address_json(&w->peer), "mac",
                            w->has_mac ? json_string(mac_format(w->mac, mac, sizeof(mac)))
                                       : json_null()));
    }
    return list;
}

static const char *preempt_name(enum preempt_mode mode)
{
    switch (mode) {
    case PREEMPT_YES:
        return "yes";
    case PREEMPT_NO:
        return "no";
    case PREEMPT_AFTER:
        return "after";
    case PREEMPT_WHEN_HEALTHY:
        return "when-healthy-for";
    }
    return "?";
}

static json_t *drained_json(const struct status_drained *drained)
{
    if (!drained->drained)
        return json_null();
    return json_pack("{s:o, s:o}", "since", time_json(drained->since_ns), "left_ms",
                     span_ms_json(drained->left_ns));
}

static json_t *handover_json(const struct status_handover *handover)
{
    static const char *const kinds[] = {"none", "drain", "take"};
    static const char *const outcomes[] = {"pending", "done", "failed"};

    if (handover->kind == HANDOVER_NONE)
        return json_null();
    return json_pack("{s:I, s:s, s:s, s:o, s:o, s:s}", "id", (json_int_t)handover->id, "kind",
                     kinds[handover->kind], "outcome", outcomes[handover->outcome], "took_ms",
                     ms_json(handover->took_ns), "peer", address_json(&handover->peer), "text",
                     handover->text);
}

json_t *control_instance_to_json(const struct status_instance *instance)
{
    char number[8];
    const char *priority = instance->priority_text;

    if (priority == NULL) {
        snprintf(number, sizeof(number), "%u", instance->effective_priority);
        priority = number;
    }
    json_t *object = json_pack(
        "{s:s, s:o, s:i, s:i, s:s, s:o, s:o, s:b, s:i, s:i, s:s, s:b, s:I, s:s, s:b, s:o, s:o, "
        "s:o, s:o, s:o, s:o, s:o, s:s, s:o}",
        "name", instance->name, "interface", control_text_to_json(instance->interface), "vrid",
        (int)instance->vrid, "version", (int)instance->version, "state",
        vrrp_state_name(instance->state), "since", time_json(instance->since_ns), "held_by",
        holds_json(instance->held_by), "lingering", (int)instance->lingering, "base_priority",
        (int)instance->base_priority, "effective_priority", (int)instance->effective_priority,
        "priority_text", priority, "preempt", (int)(instance->preempt != PREEMPT_NO),
        "preempt_delay_ms", (json_int_t)(instance->preempt_delay_ns / NS_PER_MS), "mac",
        instance->mac == MAC_VIRTUAL ? "virtual" : "interface", "unicast", (int)instance->unicast,
        "master", master_json(&instance->master), "addresses", addresses_json(instance),
        "next_event", instance_next_event_json(instance), "routers", routers_json(instance),
        "last_transition",
        instance->last_transition == NULL ? json_null()
                                          : control_history_to_json(instance->last_transition),
        "drained", drained_json(&instance->drained), "handover", handover_json(&instance->handover),
        "preempt_mode", preempt_name(instance->preempt), "group",
        instance->group != NULL ? json_string(instance->group) : json_null());
    json_object_set_new(object, "warnings", lan_warnings_json(instance));
    control_checks_add(object, instance);
    return object;
}

static json_t *reload_json(const struct status_reload *reload)
{
    if (reload->at_ns == 0)
        return json_null();
    return json_pack("{s:o, s:b, s:o}", "at", time_json(reload->at_ns), "ok", (int)reload->ok,
                     "text",
                     reload->text == NULL ? json_null() : control_text_to_json(reload->text));
}

static json_t *recorder_json(const struct status_recorder *recorder)
{
    return json_pack("{s:b, s:I, s:I}", "enabled", (int)recorder->enabled, "written",
                     (json_int_t)recorder->written, "failed", (json_int_t)recorder->failed);
}

json_t *control_status_to_json(const struct status_node *node)
{
    json_t *files = json_array();
    json_t *instances = json_array();

    for (size_t i = 0; i < node->config_file_count; i++)
        json_array_append_new(files, control_text_to_json(node->config_files[i]));
    for (size_t i = 0; i < node->instance_count; i++)
        json_array_append_new(instances, control_instance_to_json(&node->instances[i]));
    return json_pack("{s:i, s:o, s:s, s:i, s:o, s:o, s:o, s:{s:b, s:b}, s:I, s:o, s:I, s:o}",
                     "version", CONTROL_STATUS_VERSION, "node", control_text_to_json(node->node),
                     "software", node->software, "pid", node->pid, "started_at",
                     time_json(node->started_at_ns), "config_files", files, "last_reload",
                     reload_json(&node->last_reload), "realtime", "fifo", (int)node->realtime,
                     "memory_locked", (int)node->memory_locked, "repairs",
                     (json_int_t)node->repairs, "recorder", recorder_json(&node->recorder),
                     "instances_total", (json_int_t)node->instances_total, "instances", instances);
}

/* Fields that do not apply are left out. */
static json_t *evidence_json(const struct evidence *evidence)
{
    json_t *object = json_object();
    char mac[MAC_TEXT_SIZE];

    if (evidence->peer.family != IP_FAMILY_NONE)
        json_object_set_new(object, "peer", address_json(&evidence->peer));
    if (evidence->peer_priority != 0)
        counter_set(object, "peer_priority", evidence->peer_priority);
    if (evidence->own_priority != 0)
        counter_set(object, "own_priority", evidence->own_priority);
    if (evidence->silence_ns != 0)
        json_object_set_new(object, "silence_ms", ms_json(evidence->silence_ns));
    if (evidence->limit_ns != 0)
        json_object_set_new(object, "limit_ms", ms_json(evidence->limit_ns));
    if (evidence->claimed.family != IP_FAMILY_NONE) {
        json_object_set_new(object, "address", address_json(&evidence->claimed));
        json_object_set_new(object, "mac",
                            json_string(mac_format(evidence->mac, mac, sizeof(mac))));
    }
    return object;
}

/* What an entry has whatever it is about. */
static json_t *event_json(const struct history_entry *entry)
{
    json_t *object =
        json_pack("{s:o, s:s, s:o, s:o}", "at", time_json(entry->at_ns), "event",
                  history_event_name(entry->event), "instance",
                  entry->instance[0] == '\0' ? json_null() : json_string(entry->instance), "text",
                  control_text_to_json(entry->text));

    if (object != NULL && entry->sequence != 0)
        counter_set(object, "sequence", entry->sequence);
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
        return extend(object, json_pack("{s:s, s:o}", "reason", entry->notice, "evidence",
                                        evidence_json(&transition->evidence)));
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
