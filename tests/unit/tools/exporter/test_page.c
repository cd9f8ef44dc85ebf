/* A status as a page: what is wrong comes first, with a command, and nothing in it is markup. */
#include "tests/unit/tools/exporter/rendered.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no '%s' in:\n%s", part, text != NULL ? text : "(nothing)");
}

static char *page_of_status(void)
{
    json_t *status = status_new();
    char *page = render_page(status);

    json_decref(status);
    return page;
}

static void test_what_is_wrong_has_a_command(void **state)
{
    char *page = page_of_status();

    (void)state;
    assert_has(page, "<title>BAD: lb&lt;1&gt;</title>");
    assert_has(page, "10.0.0.3 too");
    assert_has(page, "next: <code>vipctl doctor</code>");
    assert_has(page, "check role fails");
    assert_has(page, "next: <code>vipctl status web</code>");
    assert_has(page, "the last reload was refused: line 3");
    assert_has(page, "next: <code>vipctl check</code>");
    free(page);
}

static void test_an_instance_has_its_facts(void **state)
{
    char *page = page_of_status();

    (void)state;
    assert_has(page, "<h2>web</h2>");
    assert_has(page, "192.0.2.10/24 <span class=\"good\">held</span>");
    assert_has(page, "2001:db8::10/64 <span class=\"bad\">not held</span>");
    assert_has(page, "10.0.0.1 (this node), priority 100");
    assert_has(page, "150 - 50 (role) = 100 <span class=\"dim\">(configured 150)</span>");
    assert_has(page, "haproxy <span class=\"good\">passing</span>");
    assert_has(page, "HTTP 200 (1.2 ms)");
    free(page);
}

static void test_nothing_in_it_is_markup(void **state)
{
    char *page = page_of_status();

    (void)state;
    assert_null(strstr(page, "<script"));
    assert_has(page, "&lt;script&gt;alert(1)&lt;/script&gt; &amp; ");
    assert_has(page, "lb&lt;1&gt;");
    free(page);
}

static void test_it_loads_nothing(void **state)
{
    char *page = page_of_status();

    (void)state;
    assert_null(strstr(page, "http:"));
    assert_null(strstr(page, "src="));
    assert_null(strstr(page, "@import"));
    assert_null(strstr(page, "url("));
    free(page);
}

static void test_well_is_said_in_one_line(void **state)
{
    json_t *status = json_loads("{\"node\":\"a\",\"instances\":[]}", 0, NULL);
    char *page = render_page(status);

    (void)state;
    assert_has(page, "All is well");
    assert_has(page, "No instance is configured");
    json_decref(status);
    free(page);
}

static void test_a_check_that_holds_it_in_init_is_said_once(void **state)
{
    json_t *status = status_new();
    json_t *instance = json_array_get(json_object_get(status, "instances"), 0);

    (void)state;
    json_object_set_new(instance, "state", json_string("INIT"));
    json_object_set_new(instance, "drained", json_null());
    json_object_set_new(instance, "held_by", json_pack("[s]", "check-failed"));
    char *page = render_page(status);
    assert_has(page, "INIT (check-failed): check role fails");
    assert_null(strstr(page, "</strong> check role fails"));
    json_decref(status);
    free(page);
}

static void test_of_very_many_addresses_there_are_the_first(void **state)
{
    json_t *status = status_new();
    json_t *instance = json_array_get(json_object_get(status, "instances"), 0);
    json_t *addresses = json_object_get(instance, "addresses");

    (void)state;
    for (int i = 0; i < 500; i++)
        json_array_append(addresses, json_array_get(addresses, 0));
    char *page = render_page(status);
    assert_has(page, "and 490 more");
    json_decref(status);
    free(page);
}

static void test_down_says_what_to_do(void **state)
{
    char *page = render_page(NULL);

    (void)state;
    assert_has(page, "vipd is down");
    assert_has(page, "<title>DOWN: lb&lt;2&gt;</title>");
    assert_has(page, "nobody answers at &lt;here&gt;");
    assert_has(page, "systemctl status vipd");
    assert_has(page, "It answered last at ");
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_wrong_has_a_command),
        cmocka_unit_test(test_an_instance_has_its_facts),
        cmocka_unit_test(test_nothing_in_it_is_markup),
        cmocka_unit_test(test_it_loads_nothing),
        cmocka_unit_test(test_well_is_said_in_one_line),
        cmocka_unit_test(test_a_check_that_holds_it_in_init_is_said_once),
        cmocka_unit_test(test_of_very_many_addresses_there_are_the_first),
        cmocka_unit_test(test_down_says_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
