/* What the status says of an instance's checks and of flap-damping. */
#include "lib/control/status_check.h"

#include "lib/control/json.h"

static json_t *check_json(const struct status_check *check)
{
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "name", check->name, "type",
        check_type_name(check->type), "state", check_verdict_name(check->verdict), "since",
        control_time_json(check->since_ns), "weight",
        check->weight != 0 ? json_integer(check->weight) : json_null(), "text",
        control_text_to_json(check->text), "last_result", control_time_json(check->last_ns),
        "run_ms", check->run_ns != DEADLINE_NEVER ? control_ms_json(check->run_ns) : json_null(),
        "good_results", (json_int_t)check->good_results, "bad_results",
        (json_int_t)check->bad_results);
}

static json_t *damping_json(const struct status_damping *damping)
{
    if (!damping->configured)
        return json_null();
    return json_pack("{s:i, s:i, s:b, s:I}", "withdrawals", (int)damping->withdrawals, "limit",
                     (int)damping->limit, "active", (int)(damping->remaining_ns > 0),
                     "remaining_ms", (json_int_t)(damping->remaining_ns / NS_PER_MS));
}

void control_checks_add(json_t *object, const struct status_instance *instance)
{
    json_t *checks = json_array();

    for (size_t i = 0; i < instance->check_count; i++)
        json_array_append_new(checks, check_json(&instance->checks[i]));
    json_object_set_new(object, "checks", checks);
    json_object_set_new(object, "damping", damping_json(&instance->damping));
}
