/* What follows from what stands below it, and the cause is as severe as the worst of it. */
#include "tools/doctor/causes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* web and db are on eth0. */
static bool relate(const void *userdata, const char *cause, const char *symptom)
{
    (void)userdata;
    return strcmp(cause, symptom) == 0 || strcmp(cause, "this node") == 0 ||
           (strcmp(cause, "eth0") == 0 && strcmp(symptom, "other") != 0);
}

static void fold(struct findings *findings)
{
    causes_fold(findings, relate, NULL);
    findings_sort(findings);
}

/* The codes in their order, those that follow in brackets. */
static void assert_order(struct findings *findings, const char *expected)
{
    char text[256] = "";

    fold(findings);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        size_t used = strlen(text);

        snprintf(text + used, sizeof(text) - used, finding->because != 0 ? " (%s)" : " %s",
                 finding->code);
    }
    assert_string_equal(text, expected);
    findings_free(findings);
}

static void add(struct findings *findings, enum severity severity, const char *code,
                const char *object)
{
    finding_add(findings, severity, code, object, "x");
}

static void test_a_symptom_stands_below_its_cause(void **state)
{
    struct findings findings = {0};

    (void)state;
    finding_add(&findings, SEVERITY_WARNING, "held", "web", "held: link-down");
    add(&findings, SEVERITY_ERROR, "kernel-too-old", "this node");
    add(&findings, SEVERITY_ERROR, "interface-down", "eth0");
    assert_order(&findings, " kernel-too-old interface-down (held)");
}

static void test_only_where_they_have_to_do_with_each_other(void **state)
{
    struct findings findings = {0};

    (void)state;
    finding_add(&findings, SEVERITY_WARNING, "held", "other", "held: link-down");
    finding_add(&findings, SEVERITY_WARNING, "held", "web", "held: check-failed");
    add(&findings, SEVERITY_ERROR, "interface-down", "eth0");
    assert_order(&findings, " interface-down held held");
}

static void test_a_cause_is_as_severe_as_what_follows(void **state)
{
    struct findings findings = {0};

    (void)state;
    add(&findings, SEVERITY_WARNING, "firewall-may-drop", "eth0");
    add(&findings, SEVERITY_ERROR, "two-masters", "web");
    add(&findings, SEVERITY_WARNING, "mtu", "eth0");
    fold(&findings);
    assert_string_equal(findings.list[0].code, "firewall-may-drop");
    assert_int_equal(findings.list[0].severity, SEVERITY_ERROR);
    assert_string_equal(findings.list[1].code, "two-masters");
    json_t *json = findings_to_json(&findings, false);
    assert_string_equal(json_string_value(json_object_get(json_array_get(json, 1), "because")),
                        "firewall-may-drop");
    assert_true(json_is_null(json_object_get(json_array_get(json, 0), "because")));
    json_decref(json);
    findings_free(&findings);
}

static void test_the_first_cause_of_a_chain_has_all(void **state)
{
    struct findings findings = {0};

    (void)state;
    add(&findings, SEVERITY_ERROR, "foreign-holder", "web");
    add(&findings, SEVERITY_ERROR, "advert-lost-here", "web");
    add(&findings, SEVERITY_ERROR, "firewall-drops", "eth0");
    assert_order(&findings, " firewall-drops (foreign-holder) (advert-lost-here)");
}

static void test_what_is_good_causes_nothing(void **state)
{
    struct findings findings = {0};

    (void)state;
    add(&findings, SEVERITY_GOOD, "firewall-drops", "eth0");
    add(&findings, SEVERITY_ERROR, "two-masters", "web");
    assert_order(&findings, " two-masters firewall-drops");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_symptom_stands_below_its_cause),
        cmocka_unit_test(test_only_where_they_have_to_do_with_each_other),
        cmocka_unit_test(test_a_cause_is_as_severe_as_what_follows),
        cmocka_unit_test(test_the_first_cause_of_a_chain_has_all),
        cmocka_unit_test(test_what_is_good_causes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
