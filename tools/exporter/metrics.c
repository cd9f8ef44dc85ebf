/* The metrics of a status: one table of families, each written for every instance in turn, as the
 * format wants a family in one piece. */
#include "tools/exporter/metrics.h"

#include "tools/common/addresses.h"
#include "tools/common/field.h"
#include "tools/common/when.h"
#include "tools/exporter/metric_writer.h"

#include <stdint.h>
#include <string.h>

enum {
    /* Counts by a reason are written where they are zero, too, so that the first event is seen as
     * an increase; but not on a node with more instances than this. */
    ZEROS_INSTANCES_MAX = 64,
    VRID_SIZE = 24,
};

#define MS_PER_S 1000.0

/* What is being written, and of what. */
struct pass {
    struct metric_writer *writer;
    const json_t *instance;
    bool zeros;
};

static double seconds_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key)) / MS_PER_S;
}

/* A wall-clock time as metrics have it. False: it is not known. */
static bool timestamp(const json_t *object, const char *key, double *out)
{
    time_t seconds;
    unsigned ms;

    if (!when_parse(json_string_value(json_object_get(object, key)), &seconds, &ms))
        return false;
    *out = (double)seconds + ms / MS_PER_S;
    return true;
}

/* A sample with the instance and one label more (NULL: none). */
static void of_instance(const struct pass *pass, const char *label, const char *of, double value)
{
    const struct metric_label labels[METRIC_LABELS_MAX] = {
        {"instance", field_text(pass->instance, "name")}, {label, of}};

    metric_sample(pass->writer, labels, value);
}

static void write_state(const struct pass *pass)
{
    static const char *const states[] = {"INIT", "BACKUP", "MASTER"};
    const char *state = field_text(pass->instance, "state");
    char vrid[VRID_SIZE];

    snprintf(vrid, sizeof(vrid), "%lld", field_number(pass->instance, "vrid"));
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        const struct metric_label labels[METRIC_LABELS_MAX] = {
            {"instance", field_text(pass->instance, "name")},
            {"interface", field_text(pass->instance, "interface")},
            {"vrid", vrid},
            {"state", states[i]}};

        metric_sample(pass->writer, labels, strcmp(state, states[i]) == 0);
    }
}

static void write_since(const struct pass *pass)
{
    double at;

    if (timestamp(pass->instance, "since", &at))
        of_instance(pass, NULL, NULL, at);
}

static void write_priority(const struct pass *pass)
{
    of_instance(pass, NULL, NULL, (double)field_number(pass->instance, "effective_priority"));
}

static void write_base_priority(const struct pass *pass)
{
    of_instance(pass, NULL, NULL, (double)field_number(pass->instance, "base_priority"));
}

static void write_addresses(const struct pass *pass)
{
    of_instance(pass, NULL, NULL,
                (double)json_array_size(json_object_get(pass->instance, "addresses")));
}

static void write_held(const struct pass *pass)
{
    const json_t *address;
    double held = 0;
    size_t i;

    json_array_foreach (json_object_get(pass->instance, "addresses"), i, address)
        held += field_true(address, "held");
    of_instance(pass, NULL, NULL, held);
}

static void write_drained(const struct pass *pass)
{
    of_instance(pass, NULL, NULL, json_is_object(json_object_get(pass->instance, "drained")));
}

static void write_drained_since(const struct pass *pass)
{
    double at;

    if (timestamp(json_object_get(pass->instance, "drained"), "since", &at))
        of_instance(pass, NULL, NULL, at);
}

/* One sample for each hold or kind of warning there is now. */
static void write_holds(const struct pass *pass)
{
    const json_t *hold;
    size_t i;

    json_array_foreach (json_object_get(pass->instance, "held_by"), i, hold)
        if (json_is_string(hold))
            of_instance(pass, "reason", json_string_value(hold), 1);
}

/* A kind may be there once for each family and peer: they count together. */
static void write_warnings(const struct pass *pass)
{
    json_t *kinds = json_object();
    const json_t *warning;
    const char *kind;
    json_t *count;
    size_t i;

    json_array_foreach (json_object_get(pass->instance, "warnings"), i, warning) {
        kind = field_text(warning, "kind");
        json_object_set_new(kinds, kind, json_integer(field_number(kinds, kind) + 1));
    }
    json_object_foreach (kinds, kind, count)
        of_instance(pass, "kind", kind, (double)json_integer_value(count));
    json_decref(kinds);
}

/* {"reason": count, ...} */
static void write_by_reason(const struct pass *pass, const json_t *counts,
                            struct metric_label labels[METRIC_LABELS_MAX], size_t reason)
{
    const char *name;
    json_t *count;

    labels[reason].name = "reason";
    json_object_foreach ((json_t *)(uintptr_t)counts, name, count) {
        labels[reason].value = name;
        if (pass->zeros || json_integer_value(count) != 0)
            metric_sample(pass->writer, labels, (double)json_integer_value(count));
    }
}

static void write_transitions(const struct pass *pass)
{
    struct metric_label labels[METRIC_LABELS_MAX] = {
        {"instance", field_text(pass->instance, "name")}};

    write_by_reason(pass, json_object_get(pass->instance, "transitions"), labels, 1);
}

static void write_gap(const struct pass *pass)
{
    const json_t *gap = json_object_get(pass->instance, "failover_gap");
    struct metric_label labels[METRIC_LABELS_MAX] = {
        {"instance", field_text(pass->instance, "name")}, {"le", "+Inf"}};
    const json_t *bucket;
    char bound[32];
    size_t i;

    if (!json_is_object(gap))
        return;
    json_array_foreach (json_object_get(gap, "buckets"), i, bucket) {
        snprintf(bound, sizeof(bound), "%g", seconds_of(bucket, "le_ms"));
        if (strpbrk(bound, ".e") == NULL)
            strcat(bound, ".0"); /* as OpenMetrics wants it */
        labels[1].value = bound;
        metric_part(pass->writer, "_bucket", labels, (double)field_number(bucket, "count"));
    }
    labels[1].value = "+Inf";
    metric_part(pass->writer, "_bucket", labels, (double)field_number(gap, "count"));
    labels[1].name = NULL;
    metric_part(pass->writer, "_sum", labels, seconds_of(gap, "sum_ms"));
    metric_part(pass->writer, "_count", labels, (double)field_number(gap, "count"));
}

/* One sample of a check. A check that has no result yet is neither up nor down. */
static void of_check(const struct pass *pass, const json_t *check, double value)
{
    const struct metric_label labels[METRIC_LABELS_MAX] = {
        {"instance", field_text(pass->instance, "name")},
        {"check", field_text(check, "name")},
        {"type", field_text(check, "type")}};

    metric_sample(pass->writer, labels, value);
}

static void write_check_up(const struct pass *pass)
{
    const json_t *check;
    size_t i;

    json_array_foreach (json_object_get(pass->instance, "checks"), i, check)
        if (strcmp(field_text(check, "state"), "pending") != 0)
            of_check(pass, check, strcmp(field_text(check, "state"), "passing") == 0);
}

static void write_check_duration(const struct pass *pass)
{
    const json_t *check;
    size_t i;

    json_array_foreach (json_object_get(pass->instance, "checks"), i, check)
        if (json_is_number(json_object_get(check, "run_ms")))
            of_check(pass, check, seconds_of(check, "run_ms"));
}

static void write_hooks(const struct pass *pass, const char *key)
{
    const json_t *hook;
    size_t i;

    json_array_foreach (json_object_get(pass->instance, "hook_counts"), i, hook)
        if (json_is_integer(json_object_get(hook, key)))
            of_instance(pass, "hook", field_text(hook, "hook"), (double)field_number(hook, key));
}

static void write_hook_runs(const struct pass *pass)
{
    write_hooks(pass, "runs");
}

static void write_hook_failures(const struct pass *pass)
{
    write_hooks(pass, "failures");
}

/* A number of each router of the instance, in milliseconds; null is left out. */
static void write_spans(const struct pass *pass, const char *key)
{
    const json_t *router;
    size_t i;

    json_array_foreach (json_object_get(pass->instance, "routers"), i, router)
        if (json_is_number(json_object_get(router, key)))
            of_instance(pass, "family", field_text(router, "family"), seconds_of(router, key));
}

static void write_advert_age(const struct pass *pass)
{
    write_spans(pass, "last_advert_age_ms");
}

static void write_advert_interval(const struct pass *pass)
{
    write_spans(pass, "advert_interval_ms");
}

static void write_master_down(const struct pass *pass)
{
    write_spans(pass, "master_down_interval_ms");
}

static void write_counters(const struct pass *pass, const char *object, const char *key)
{
    const json_t *router;
    size_t i;

    json_array_foreach (json_object_get(pass->instance, "routers"), i, router)
        of_instance(pass, "family", field_text(router, "family"),
                    (double)field_number(json_object_get(router, object), key));
}

static void write_sent(const struct pass *pass)
{
    write_counters(pass, "counters", "advertisement-sent");
}

static void write_received(const struct pass *pass)
{
    write_counters(pass, "counters", "advertisement-rcvd");
}

static void write_conflicts(const struct pass *pass)
{
    write_counters(pass, "conflict", "conflicts");
}

static void write_errors(const struct pass *pass)
{
    const json_t *router;
    size_t i;

    json_array_foreach (json_object_get(pass->instance, "routers"), i, router) {
        struct metric_label labels[METRIC_LABELS_MAX] = {
            {"instance", field_text(pass->instance, "name")},
            {"family", field_text(router, "family")}};

        write_by_reason(pass, json_object_get(router, "drops"), labels, 2);
    }
}

static const struct family {
    const char *name;
    enum metric_type type;
    const char *help;
    void (*write)(const struct pass *pass);
} FAMILIES[] = {
    {"vipd_instance_state", METRIC_GAUGE, "1 for the state the instance is in, 0 for the others.",
     write_state},
    {"vipd_state_since_timestamp_seconds", METRIC_GAUGE, "When it came into that state.",
     write_since},
    {"vipd_priority", METRIC_GAUGE, "Effective priority: as configured and as its checks make it.",
     write_priority},
    {"vipd_configured_priority", METRIC_GAUGE, "Priority as configured.", write_base_priority},
    {"vipd_addresses", METRIC_GAUGE, "Virtual addresses of the instance.", write_addresses},
    {"vipd_addresses_held", METRIC_GAUGE, "Those of them that this node's kernel holds.",
     write_held},
    {"vipd_drained", METRIC_GAUGE, "1 while the administrator keeps the instance away.",
     write_drained},
    {"vipd_drained_since_timestamp_seconds", METRIC_GAUGE, "When it was drained; only while it is.",
     write_drained_since},
    {"vipd_held_back", METRIC_GAUGE, "1 for each reason that keeps the instance in INIT now.",
     write_holds},
    {"vipd_warnings", METRIC_GAUGE, "What is odd now, by its kind as in vipctl status --json.",
     write_warnings},
    {"vipd_transitions", METRIC_COUNTER, "Changes of state, by reason.", write_transitions},
    {"vipd_failover_gap_seconds", METRIC_HISTOGRAM,
     "When this node took over from a master that was gone: from its last advert to our addresses.",
     write_gap},
    {"vipd_adverts_sent", METRIC_COUNTER, "Adverts sent.", write_sent},
    {"vipd_adverts_received", METRIC_COUNTER, "Adverts of others that were accepted.",
     write_received},
    {"vipd_advert_errors", METRIC_COUNTER, "Adverts of others that were refused, by reason.",
     write_errors},
    {"vipd_advert_age_seconds", METRIC_GAUGE, "Since the last accepted advert of another node.",
     write_advert_age},
    {"vipd_advert_interval_seconds", METRIC_GAUGE,
     "Between adverts: our own as MASTER, as BACKUP the master's.", write_advert_interval},
    {"vipd_master_down_interval_seconds", METRIC_GAUGE,
     "After so long without an advert a BACKUP takes over.", write_master_down},
    {"vipd_conflicts", METRIC_COUNTER, "Times that a stranger claimed an address of ours.",
     write_conflicts},
    {"vipd_check_up", METRIC_GAUGE, "1 while the check passes, 0 while it fails.", write_check_up},
    {"vipd_check_duration_seconds", METRIC_GAUGE, "How long its last look took.",
     write_check_duration},
    {"vipd_hook_runs", METRIC_COUNTER, "Runs of a hook that have ended.", write_hook_runs},
    {"vipd_hook_failures", METRIC_COUNTER, "Those of them that failed.", write_hook_failures},
};

enum { FAMILIES_COUNT = sizeof(FAMILIES) / sizeof(FAMILIES[0]) };

static void write_one(struct metric_writer *writer, const char *name, enum metric_type type,
                      const char *help, double value)
{
    const struct metric_label none[METRIC_LABELS_MAX] = {{NULL, NULL}};

    metric_family(writer, name, type, help);
    metric_sample(writer, none, value);
}

static void write_version(struct metric_writer *writer, const char *name, const char *help,
                          const char *node, const char *version)
{
    const struct metric_label labels[METRIC_LABELS_MAX] = {{"version", version}, {"name", node}};

    metric_family(writer, name, METRIC_GAUGE, help);
    metric_sample(writer, labels, 1);
}

static void write_node(struct metric_writer *writer, const json_t *status)
{
    const json_t *recorder = json_object_get(status, "recorder");
    const json_t *reload = json_object_get(status, "last_reload");
    double at;

    write_version(writer, "vipd_build_info", "Version of the vipd that runs, and its node's name.",
                  field_text(status, "node"), field_text(status, "software"));
    if (timestamp(status, "started_at", &at))
        write_one(writer, "vipd_start_time_seconds", METRIC_GAUGE,
                  "When vipd was started; its counters begin there.", at);
    write_one(writer, "vipd_instances", METRIC_GAUGE, "Instances of this node.",
              (double)json_array_size(json_object_get(status, "instances")));
    if (json_is_object(reload)) {
        write_one(writer, "vipd_config_last_reload_successful", METRIC_GAUGE,
                  "1 when the last reload was applied, 0 when it was refused.",
                  field_true(reload, "ok"));
        if (timestamp(reload, "at", &at))
            write_one(writer, "vipd_config_last_reload_timestamp_seconds", METRIC_GAUGE,
                      "When that was.", at);
    }
    write_one(writer, "vipd_address_repairs", METRIC_COUNTER,
              "Addresses added again after somebody deleted them.",
              (double)field_number(status, "repairs"));
    write_one(writer, "vipd_recordings_written", METRIC_COUNTER,
              "Recordings of the flight recorder that were written.",
              (double)field_number(recorder, "written"));
    write_one(writer, "vipd_recordings_failed", METRIC_COUNTER,
              "Recordings that could not be written.", (double)field_number(recorder, "failed"));
}

static void write_family(struct metric_writer *writer, const struct family *family,
                         const json_t *instances)
{
    const bool zeros = json_array_size(instances) <= ZEROS_INSTANCES_MAX;
    const json_t *instance;
    size_t i;

    metric_family(writer, family->name, family->type, family->help);
    json_array_foreach (instances, i, instance) {
        const struct pass pass = {.writer = writer, .instance = instance, .zeros = zeros};

        family->write(&pass);
    }
}

void metrics_write(FILE *out, const json_t *status, bool open_metrics)
{
    struct metric_writer writer = {.out = out, .open_metrics = open_metrics};

    write_one(&writer, "vipd_up", METRIC_GAUGE, "1 when vipd answers at its control socket.",
              status != NULL);
    write_version(&writer, "vipd_exporter_build_info", "Version of this exporter.", NULL,
                  VIPD_VERSION);
    if (status != NULL) {
        write_node(&writer, status);
        for (size_t i = 0; i < FAMILIES_COUNT; i++)
            write_family(&writer, &FAMILIES[i], json_object_get(status, "instances"));
    }
    metric_end(&writer);
}
