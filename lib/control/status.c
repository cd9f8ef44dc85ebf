/* The status as JSON: structs in, one new reference out. The names of counters come from the
 * verdict table of the packets and from RFC 8347 (`statistics`), so that there is one source for
 * each. */
#include "lib/control/control.h"

#include "lib/control/json.h"
#include "lib/control/status_auth.h"
#include "lib/control/status_check.h"
#include "lib/control/status_counts.h"
#include "lib/control/status_route.h"

#include <stdio.h>

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
    return json_pack("{s:o, s:i, s:b}", "address", control_address_json(&master->address),
                     "priority", (int)master->priority, "is_us", (int)master->is_us);
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
    return json_pack("{s:s, s:o}", "event", event, "in_ms",
                     control_span_ms_json(router->timer_in_ns));
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

/* Several verdicts may count into one leaf. */
static void counter_add(json_t *object, const char *name, uint64_t value)
{
    const json_t *before = json_object_get(object, name);

    control_set_number(object, name, value + (uint64_t)json_integer_value(before));
}

static json_t *counters_json(const struct status_router *router)
{
    const struct election_counters *c = &router->counters;
    json_t *object = json_object();

    control_set_number(object, "master-transitions", c->master_transitions);
    control_set_number(object, "advertisement-rcvd", c->advertisement_rcvd);
    control_set_number(object, "advertisement-sent", c->advertisement_sent);
    control_set_number(object, "priority-zero-pkts-rcvd", c->priority_zero_pkts_rcvd);
    control_set_number(object, "priority-zero-pkts-sent", c->priority_zero_pkts_sent);
    for (unsigned verdict = PACKET_OK + 1; verdict < PACKET_VERDICTS; verdict++)
        counter_add(object, packet_verdict_counter((enum packet_verdict)verdict),
                    router->by_verdict[verdict]);
    control_set_number(object, "losing-adverts-rcvd", c->losing_adverts_rcvd);
    control_set_number(object, "answers-suppressed", c->answers_suppressed);
    control_set_number(object, "stray-priority-zero", c->stray_priority_zero);
    control_set_number(object, "oversleeps", c->oversleeps);
    return object;
}

static json_t *drops_json(const struct status_router *router)
{
    json_t *object = json_object();

    for (unsigned verdict = PACKET_OK + 1; verdict < PACKET_VERDICTS; verdict++)
        control_set_number(object, packet_verdict_name((enum packet_verdict)verdict),
                           router->by_verdict[verdict]);
    return object;
}

static json_t *warnings_json(const struct status_router *router)
{
    json_t *object = json_object();

    for (unsigned bit = 0; bit < PACKET_WARNINGS; bit++)
        control_set_number(object, packet_warning_name((enum packet_warning)(1u << bit)),
                           router->by_warning[bit]);
    return object;
}

static json_t *foreign_json(const struct status_foreign *foreign)
{
    char mac[MAC_TEXT_SIZE];

    if (foreign->address.family == IP_FAMILY_NONE)
        return json_null();
    return json_pack("{s:o, s:s, s:I, s:o}", "address", control_address_json(&foreign->address),
                     "mac", mac_format(foreign->mac, mac, sizeof(mac)), "count",
                     (json_int_t)foreign->count, "last_seen", control_time_json(foreign->last_ns));
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
                     control_address_json(&conflict->address), "mac",
                     known ? json_string(mac_format(conflict->mac, mac, sizeof(mac))) : json_null(),
                     "last_seen", control_time_json(conflict->last_ns));
}

static json_t *router_json(const struct status_router *router)
{
    const char *new_master = router->new_master_reason == REASON_NONE
                                 ? "not-master"
                                 : reason_name(router->new_master_reason);

    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:b, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, "
        "s:o}",
        "family", ip_family_name(router->family), "state", vrrp_state_name(router->state),
        "held_by", holds_json(router->held_by), "lingering", (int)router->lingering, "source",
        control_address_json(&router->source), "master", master_json(&router->master),
        "advert_interval_ms", (json_int_t)(router->advert_interval_ns / NS_PER_MS),
        "master_down_interval_ms", (json_int_t)(router->master_down_interval_ns / NS_PER_MS),
        "skew_time_us", (json_int_t)(router->skew_time_ns / NS_PER_US), "last_advert_age_ms",
        control_span_ms_json(router->last_advert_age_ns), "next_event", next_event_json(router),
        "new_master_reason", new_master, "last_event", reason_last_event(router->last_event),
        "up_since", control_time_json(router->up_since_ns), "counters", counters_json(router),
        "drops", drops_json(router), "warnings", warnings_json(router), "foreign_holder",
        foreign_json(&router->foreign));
    control_auth_add(object, router);
    return object;
}

static const char *scope_of(const struct status_address *address, char *buffer, size_t size)
{
    return address->has_scope ? address_scope_name(address->scope, buffer, size) : NULL;
}

static json_t *addresses_json(const struct status_instance *instance)
{
    json_t *list = json_array();
    char scope[4];
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < instance->address_count; i++) {
        const struct status_address *address = &instance->addresses[i];

        ip_prefix_format(&address->prefix, text, sizeof(text));
        json_array_append_new(list, json_pack("{s:s, s:b, s:s?, s:b, s:s?, s:s?, s:s?, s:s?}",
                                              "address", text, "held", (int)address->held, "owner",
                                              address->owner, "listed", (int)address->listed,
                                              "device", address->device, "label", address->label,
                                              "scope", scope_of(address, scope, sizeof(scope)),
                                              "waits", address->waits));
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
            list,
            json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:s?}", "kind", w->kind, "family",
                      ip_family_name(w->family), "text", w->text, "since",
                      control_time_json(w->since_ns), "last_seen", control_time_json(w->last_ns),
                      "count", (json_int_t)w->count, "peer", control_address_json(&w->peer), "mac",
                      w->has_mac ? json_string(mac_format(w->mac, mac, sizeof(mac))) : json_null(),
                      "drop", w->drop));
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
    json_t *uid = drained->asked ? json_integer((json_int_t)drained->uid) : json_null();
    return json_pack("{s:o, s:o, s:o}", "since", control_time_json(drained->since_ns), "left_ms",
                     control_span_ms_json(drained->left_ns), "uid", uid);
}

static json_t *handover_json(const struct status_handover *handover)
{
    static const char *const kinds[] = {"none", "drain", "take"};
    static const char *const outcomes[] = {"pending", "done", "failed"};

    if (handover->kind == HANDOVER_NONE)
        return json_null();
    return json_pack("{s:I, s:s, s:s, s:o, s:o, s:s}", "id", (json_int_t)handover->id, "kind",
                     kinds[handover->kind], "outcome", outcomes[handover->outcome], "took_ms",
                     control_ms_json(handover->took_ns), "peer",
                     control_address_json(&handover->peer), "text", handover->text);
}

static json_t *hooks_json(const struct status_instance *instance)
{
    json_t *list = json_array();

    for (size_t i = 0; i < instance->hook_count; i++) {
        const struct status_hook *hook = &instance->hooks[i];

        json_array_append_new(
            list, json_pack("{s:s, s:o, s:b, s:o, s:o}", "hook", hook->name, "at",
                            control_time_json(hook->at_ns), "ok", (int)hook->ok, "status",
                            hook->status < 0 ? json_null() : json_integer(hook->status), "text",
                            control_text_to_json(hook->text)));
    }
    return list;
}

static json_t *waiting_json(const struct status_waiting *waiting)
{
    if (waiting->command == NULL)
        return json_null();
    return json_pack("{s:o, s:s, s:I, s:I}", "command", control_text_to_json(waiting->command),
                     "for", waiting->release ? "release" : "command", "for_ms",
                     (json_int_t)(waiting->for_ns / NS_PER_MS), "limit_ms",
                     (json_int_t)(waiting->limit_ns / NS_PER_MS));
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
        vrrp_state_name(instance->state), "since", control_time_json(instance->since_ns), "held_by",
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
    json_object_set_new(object, "accept", json_boolean(instance->accept));
    json_object_set_new(object, "hooks", hooks_json(instance));
    json_object_set_new(object, "waiting", waiting_json(&instance->waiting));
    control_checks_add(object, instance);
    control_routes_add(object, instance);
    control_counts_add(object, instance);
    return object;
}

static json_t *reload_json(const struct status_reload *reload)
{
    if (reload->at_ns == 0)
        return json_null();
    return json_pack("{s:o, s:b, s:o}", "at", control_time_json(reload->at_ns), "ok",
                     (int)reload->ok, "text",
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
                     control_time_json(node->started_at_ns), "config_files", files, "last_reload",
                     reload_json(&node->last_reload), "realtime", "fifo", (int)node->realtime,
                     "memory_locked", (int)node->memory_locked, "repairs",
                     (json_int_t)node->repairs, "recorder", recorder_json(&node->recorder),
                     "instances_total", (json_int_t)node->instances_total, "instances", instances);
}
