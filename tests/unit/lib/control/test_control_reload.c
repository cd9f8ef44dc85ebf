/* Replies to Reload, which name keys and never their values; and of the status what checks and
 * damping are. */
#include "lib/config/schema.h"
#include "lib/control/control.h"
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define INSTANCE(name, vrid, rest)                                                                 \
    "[instance " name "]\ninterface = eth0\nvrid = " vrid "\naddresses = 192.0.2." vrid "/24"      \
    "\n" rest
#define CHECK(name, interval)                                                                      \
    "[check " name "]\ntype = tcp\nconnect = 127.0.0.1:80\ninterval = " interval "\n"

static struct config *parse(const char *text)
{
    struct config_problems problems;
    struct config *config = parse_text(text, &problems);

    config_problems_free(&problems);
    assert_non_null(config);
    return config;
}

/* Its parameters have these, in JSON of sorted keys. */
static void has(json_t *reply, const char *const *wanted)
{
    char *text = json_dumps(reply, JSON_COMPACT | JSON_SORT_KEYS);

    assert_non_null(text);
    for (; *wanted != NULL; wanted++)
        if (strstr(text, *wanted) == NULL)
            fail_msg("no %s in %s", *wanted, text);
    assert_null(strstr(text, "secret"));
    free(text);
    json_decref(reply);
}

static void changes_are_named_by_key(void **state)
{
    struct config *before = parse(
        "[node]\nname = n1\n" CHECK("gone", "1s") CHECK("app", "1s") INSTANCE("same", "11", "")
            INSTANCE("old", "12", "") INSTANCE("web", "13", "version = 2\npassword = secret1\n"));
    struct config *after =
        parse("[node]\nname = n2\n" CHECK("app", "2s") INSTANCE("same", "11", "")
                  INSTANCE("web", "13", "priority = 150\nversion = 2\npassword = secret2\n")
                      INSTANCE("new", "14", ""));
    static const char *const wanted[] = {
        "\"dry_run\":true",
        "\"unchanged\":1",
        "{\"change\":\"added\",\"instance\":\"new\"}",
        "{\"change\":\"removed\",\"instance\":\"old\"}",
        "\"priority\"",
        "\"password\"",
        "{\"change\":\"removed\",\"check\":\"gone\"}",
        "\"check\":\"app\",\"keys\":[\"interval\",",
        "\"node_changed\":true",
        NULL,
    };
    struct config_diff diff;

    (void)state;
    assert_int_equal(config_diff(before, after, &diff), 0);
    has(control_reply_reload(&diff, true), wanted);
    config_diff_free(&diff);
    config_free(before);
    config_free(after);
}

static void problems_are_told_twice(void **state)
{
    static const char *const wanted[] = {"\"details\":[{\"file\":", "\"line\":3",
                                         "\"problems\":[\"", "\"section\":\"instance web\"", NULL};
    static const char *const wanted_text[] = {"\"file\":\"\"", "\"text\":\"no memory today\"",
                                              "\"problems\":[\"no memory today\"]", NULL};
    struct config_problems problems;
    struct config *config = parse_text("[instance web]\ninterface = eth0\nvrid = 0\n", &problems);

    (void)state;
    assert_null(config);
    assert_true(problems.count > 0);
    has(control_error_reload(&problems), wanted);
    config_problems_free(&problems);
    has(control_error_reload_text("no memory today"), wanted_text);
}

static void checks_and_damping_are_in_the_status(void **state)
{
    const struct status_check checks[] = {
        {.name = "app",
         .type = CHECK_TCP,
         .weight = -20,
         .text = "refused",
         .run_ns = DEADLINE_NEVER,
         .bad_results = 3},
        {.name = "link",
         .type = CHECK_LINK,
         .text = "up",
         .run_ns = 2 * NS_PER_MS,
         .good_results = 7},
    };
    const struct status_instance instance = {
        .name = "web",
        .interface = "eth0",
        .checks = checks,
        .check_count = 2,
        .damping = {.configured = true, .withdrawals = 2, .limit = 3, .remaining_ns = NS_PER_SEC}};
    static const char *const wanted[] = {
        "\"bad_results\":3",
        "\"weight\":-20",
        "\"weight\":null",
        "\"run_ms\":null",
        "\"damping\":{\"active\":true,\"limit\":3,\"remaining_ms\":1000,\"withdrawals\":2}",
        NULL};

    (void)state;
    has(control_instance_to_json(&instance), wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_named_by_key),
        cmocka_unit_test(problems_are_told_twice),
        cmocka_unit_test(checks_and_damping_are_in_the_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
