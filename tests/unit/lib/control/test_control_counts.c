/* What the status counts of an instance. */
#include "lib/control/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static json_int_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static struct status_instance bare(void)
{
    return (struct status_instance){.name = "web", .interface = "eth0", .vrid = 1};
}

static void test_every_reason_is_there(void **state)
{
    const uint32_t transitions[REASONS] = {[REASON_NO_RESPONSE] = 3};
    struct status_instance instance = bare();

    (void)state;
    instance.transitions = transitions;
    json_t *json = control_instance_to_json(&instance);
    const json_t *counts = json_object_get(json, "transitions");
    assert_int_equal(json_object_size(counts), REASONS - 1);
    assert_int_equal(number(counts, "no-response"), 3);
    assert_int_equal(number(counts, "drained"), 0);
    json_decref(json);
}

static void test_buckets_count_upwards(void **state)
{
    struct takeover_gaps gaps = {0};
    struct status_instance instance = bare();

    (void)state;
    takeover_gap_add(&gaps, 1);
    takeover_gap_add(&gaps, 200 * NS_PER_MS);
    takeover_gap_add(&gaps, 60 * NS_PER_SEC);
    instance.gaps = &gaps;
    json_t *json = control_instance_to_json(&instance);
    const json_t *gap = json_object_get(json, "failover_gap");
    const json_t *buckets = json_object_get(gap, "buckets");
    json_int_t before = 0;
    const json_t *bucket;
    size_t i;

    assert_int_equal(number(gap, "count"), 3);
    assert_true(json_real_value(json_object_get(gap, "sum_ms")) >= 60200.0);
    assert_int_equal(json_array_size(buckets), TAKEOVER_GAP_BOUNDS);
    json_array_foreach (buckets, i, bucket) {
        assert_true(number(bucket, "count") >= before);
        before = number(bucket, "count");
    }
    assert_int_equal(number(json_array_get(buckets, 0), "count"), 1);
    assert_int_equal(before, 2);
    json_decref(json);
}

static void test_hooks_are_counted(void **state)
{
    const struct status_hook_count hooks[] = {{.name = "on-master", .runs = 4, .failures = 1}};
    struct status_instance instance = bare();

    (void)state;
    instance.hook_counts = hooks;
    instance.hook_count_count = 1;
    json_t *json = control_instance_to_json(&instance);
    const json_t *hook = json_array_get(json_object_get(json, "hook_counts"), 0);
    assert_string_equal(json_string_value(json_object_get(hook, "hook")), "on-master");
    assert_int_equal(number(hook, "runs"), 4);
    assert_int_equal(number(hook, "failures"), 1);
    json_decref(json);
}

static void test_nothing_counted_is_zero(void **state)
{
    const struct status_instance instance = bare();

    (void)state;
    json_t *json = control_instance_to_json(&instance);
    assert_int_equal(number(json_object_get(json, "transitions"), "no-response"), 0);
    assert_int_equal(number(json_object_get(json, "failover_gap"), "count"), 0);
    assert_int_equal(json_array_size(json_object_get(json, "hook_counts")), 0);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_reason_is_there),
        cmocka_unit_test(test_buckets_count_upwards),
        cmocka_unit_test(test_hooks_are_counted),
        cmocka_unit_test(test_nothing_counted_is_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
