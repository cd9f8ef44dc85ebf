/* What the status says of how often and how long; all of it only ever grows while vipd runs. */
#include "lib/control/status_counts.h"

#include "lib/control/json.h"

/* NULL: none were counted. Every reason is there, zeros too: a first event is to be an increase. */
static json_t *transitions_json(const uint32_t *transitions)
{
    json_t *object = json_object();

    for (unsigned reason = REASON_NONE + 1; reason < REASONS; reason++)
        control_set_number(object, reason_name((enum reason)reason),
                           transitions != NULL ? transitions[reason] : 0);
    return object;
}

/* Each bucket counts those of the ones before, too. */
static json_t *gaps_json(const struct takeover_gaps *gaps)
{
    static const struct takeover_gaps none;
    json_t *buckets = json_array();
    uint64_t count = 0;

    if (gaps == NULL)
        gaps = &none;
    for (size_t i = 0; i < TAKEOVER_GAP_BOUNDS; i++) {
        count += gaps->within[i];
        json_array_append_new(buckets, json_pack("{s:I, s:I}", "le_ms",
                                                 (json_int_t)(takeover_gap_bound_ns(i) / NS_PER_MS),
                                                 "count", (json_int_t)count));
    }
    return json_pack("{s:I, s:o, s:o}", "count", (json_int_t)gaps->count, "sum_ms",
                     control_ms_json(gaps->sum_ns), "buckets", buckets);
}

static json_t *hook_counts_json(const struct status_instance *instance)
{
    json_t *list = json_array();

    for (size_t i = 0; i < instance->hook_count_count; i++) {
        const struct status_hook_count *hook = &instance->hook_counts[i];

        json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "hook", hook->name, "runs",
                                              (json_int_t)hook->runs, "failures",
                                              (json_int_t)hook->failures));
    }
    return list;
}

void control_counts_add(json_t *object, const struct status_instance *instance)
{
    json_object_set_new(object, "transitions", transitions_json(instance->transitions));
    json_object_set_new(object, "failover_gap", gaps_json(instance->gaps));
    json_object_set_new(object, "hook_counts", hook_counts_json(instance));
}
