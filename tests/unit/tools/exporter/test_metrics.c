/* A status as metrics: names, labels, values, escaping, and the two formats. */
#include "tests/unit/tools/exporter/rendered.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_has_line(const char *text, const char *line)
{
    const char *found = text;
    size_t length = strlen(line);

    while ((found = strstr(found, line)) != NULL) {
        if ((found == text || found[-1] == '\n') && found[length] == '\n')
            return;
        found++;
    }
    fail_msg("no line '%s' in:\n%s", line, text);
}

static void assert_lines(bool open_metrics, const char *const *lines, size_t count)
{
    json_t *status = status_new();
    char *text = render_metrics(status, open_metrics);

    assert_non_null(status);
    for (size_t i = 0; i < count; i++)
        assert_has_line(text, lines[i]);
    free(text);
    json_decref(status);
}

#define ASSERT_LINES(open_metrics, lines)                                                          \
    assert_lines(open_metrics, lines, sizeof(lines) / sizeof((lines)[0]))

static void test_what_the_node_says(void **state)
{
    static const char *const lines[] = {
        "vipd_up 1",
        "vipd_exporter_build_info{version=\"" VIPD_VERSION "\"} 1",
        "vipd_build_info{version=\"9.9\",name=\"lb<1>\"} 1",
        "vipd_start_time_seconds 1767225600.25",
        "vipd_instances 1",
        "vipd_config_last_reload_successful 0",
        "vipd_config_last_reload_timestamp_seconds 1767225601",
        "vipd_address_repairs_total 2",
        "vipd_recordings_written_total 4",
        "vipd_recordings_failed_total 0",
    };

    (void)state;
    ASSERT_LINES(false, lines);
}

static void test_what_an_instance_says(void **state)
{
    static const char *const lines[] = {
        "vipd_instance_state{instance=\"web\",interface=\"eth\\\\0\\n`\",vrid=\"51\","
        "state=\"MASTER\"} 1",
        "vipd_instance_state{instance=\"web\",interface=\"eth\\\\0\\n`\",vrid=\"51\","
        "state=\"INIT\"} 0",
        "vipd_state_since_timestamp_seconds{instance=\"web\"} 1767225600.5",
        "vipd_priority{instance=\"web\"} 100",
        "vipd_configured_priority{instance=\"web\"} 150",
        "vipd_addresses{instance=\"web\"} 2",
        "vipd_addresses_held{instance=\"web\"} 1",
        "vipd_drained{instance=\"web\"} 1",
        "vipd_drained_since_timestamp_seconds{instance=\"web\"} 1767225600",
        "vipd_warnings{instance=\"web\",kind=\"second-master\"} 2",
        "vipd_transitions_total{instance=\"web\",reason=\"no-response\"} 2",
        "vipd_transitions_total{instance=\"web\",reason=\"drained\"} 0",
        "vipd_hook_runs_total{instance=\"web\",hook=\"on-master\"} 3",
        "vipd_hook_failures_total{instance=\"web\",hook=\"on-master\"} 1",
    };

    (void)state;
    ASSERT_LINES(false, lines);
}

static void test_what_its_routers_say(void **state)
{
    static const char *const lines[] = {
        "vipd_adverts_sent_total{instance=\"web\",family=\"ipv4\"} 5123",
        "vipd_adverts_received_total{instance=\"web\",family=\"ipv6\"} 88",
        "vipd_advert_errors_total{instance=\"web\",family=\"ipv6\",reason=\"ip_ttl_error\"} 3",
        "vipd_advert_errors_total{instance=\"web\",family=\"ipv4\",reason=\"checksum_error\"} 0",
        "vipd_advert_age_seconds{instance=\"web\",family=\"ipv4\"} 0.412",
        "vipd_advert_interval_seconds{instance=\"web\",family=\"ipv4\"} 1",
        "vipd_master_down_interval_seconds{instance=\"web\",family=\"ipv4\"} 3.414",
        "vipd_conflicts_total{instance=\"web\",family=\"ipv4\"} 1",
    };

    (void)state;
    ASSERT_LINES(false, lines);
}

static void test_checks_that_have_no_result_are_left_out(void **state)
{
    static const char *const lines[] = {
        "vipd_check_up{instance=\"web\",check=\"haproxy\",type=\"http\"} 1",
        "vipd_check_up{instance=\"web\",check=\"role\",type=\"script\"} 0",
        "vipd_check_duration_seconds{instance=\"web\",check=\"haproxy\",type=\"http\"} 0.00125",
    };
    json_t *status = status_new();
    char *text = render_metrics(status, false);

    (void)state;
    ASSERT_LINES(false, lines);
    assert_null(strstr(text, "check=\"new\""));
    assert_null(strstr(text, "vipd_check_duration_seconds{instance=\"web\",check=\"role\""));
    free(text);
    json_decref(status);
}

static void test_the_histogram_counts_upwards_to_infinity(void **state)
{
    static const char *const lines[] = {
        "# TYPE vipd_failover_gap_seconds histogram",
        "vipd_failover_gap_seconds_bucket{instance=\"web\",le=\"0.25\"} 1",
        "vipd_failover_gap_seconds_bucket{instance=\"web\",le=\"1.0\"} 2",
        "vipd_failover_gap_seconds_bucket{instance=\"web\",le=\"+Inf\"} 3",
        "vipd_failover_gap_seconds_sum{instance=\"web\"} 3.5005",
        "vipd_failover_gap_seconds_count{instance=\"web\"} 3",
    };

    (void)state;
    ASSERT_LINES(false, lines);
    ASSERT_LINES(true, lines);
}

static void test_the_two_formats_name_counters_otherwise(void **state)
{
    static const char *const plain[] = {"# TYPE vipd_adverts_sent_total counter"};
    static const char *const open[] = {
        "# TYPE vipd_adverts_sent counter",
        "vipd_adverts_sent_total{instance=\"web\",family=\"ipv4\"} 5123",
    };
    json_t *status = status_new();
    char *text = render_metrics(status, true);

    (void)state;
    ASSERT_LINES(false, plain);
    ASSERT_LINES(true, open);
    assert_string_equal(text + strlen(text) - strlen("# EOF\n"), "# EOF\n");
    free(text);
    json_decref(status);
}

/* Each family once, in one piece: parsers insist on it. */
static void test_no_family_is_there_twice(void **state)
{
    json_t *status = status_new();
    json_t *instances = json_object_get(status, "instances");
    json_t *seen = json_object();

    json_t *second = json_deep_copy(json_array_get(instances, 0));

    (void)state;
    json_object_set_new(second, "name", json_string("db"));
    json_array_append_new(instances, second);
    char *text = render_metrics(status, false);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strncmp(line, "# TYPE ", 7) != 0)
            continue;
        assert_null(json_object_get(seen, line));
        json_object_set_new(seen, line, json_true());
    }
    assert_true(json_object_size(seen) > 30);
    json_decref(seen);
    json_decref(status);
    free(text);
}

/* A node with very many instances is spared the lines that say nothing. */
static void test_many_instances_have_no_zeros(void **state)
{
    json_t *status = status_new();
    json_t *instances = json_object_get(status, "instances");

    (void)state;
    for (int i = 0; i < 64; i++)
        json_array_append_new(instances, json_deep_copy(json_array_get(instances, 0)));
    char *text = render_metrics(status, false);
    assert_non_null(strstr(text, "reason=\"no-response\"} 2"));
    assert_null(strstr(text, "reason=\"drained\"} 0"));
    free(text);
    json_decref(status);
}

static void test_down_is_said(void **state)
{
    char *text = render_metrics(NULL, false);

    (void)state;
    assert_has_line(text, "vipd_up 0");
    assert_null(strstr(text, "vipd_instance_state"));
    assert_null(strstr(text, "vipd_build_info"));
    free(text);
}

/* Of an older or newer vipd, or of something else that calls itself one. */
static void test_missing_and_odd_fields_are_passed_over(void **state)
{
    static const char *const texts[] = {
        "{\"instances\":[]}",
        "{\"instances\":[{}]}",
        "{\"instances\":[1, null, \"x\", []]}",
        "{\"instances\":[{\"checks\":7,\"routers\":[3],\"hook_counts\":{},\"held_by\":[1],"
        "\"warnings\":[null],\"failover_gap\":{\"buckets\":[0]},\"transitions\":[1]}]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json_t *status = json_loads(texts[i], 0, NULL);

        assert_non_null(status);
        char *text = render_metrics(status, false);
        assert_has_line(text, "vipd_up 1");
        free(text);
        free(render_page(status));
        json_decref(status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_node_says),
        cmocka_unit_test(test_what_an_instance_says),
        cmocka_unit_test(test_what_its_routers_say),
        cmocka_unit_test(test_checks_that_have_no_result_are_left_out),
        cmocka_unit_test(test_the_histogram_counts_upwards_to_infinity),
        cmocka_unit_test(test_the_two_formats_name_counters_otherwise),
        cmocka_unit_test(test_no_family_is_there_twice),
        cmocka_unit_test(test_many_instances_have_no_zeros),
        cmocka_unit_test(test_down_is_said),
        cmocka_unit_test(test_missing_and_odd_fields_are_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
