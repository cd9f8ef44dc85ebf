/* The options of verbs: values where they belong, arguments last, and what is refused. */
#include "tools/common/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 8 };

struct result {
    bool json;
    const char *file;
    long count;
    int first;                            /* as options_read() returns it */
    const char *arguments[ARGUMENTS_MAX]; /* argv afterwards */
    int argc;
};

static bool take_count(const char *text, void *into)
{
    long *count = into;

    *count = strtol(text, NULL, 10);
    return *count > 0;
}

/* The verb's words behind "verb". */
static struct result read_words(const char *const *words)
{
    struct result result = {0};
    const struct verb_option table[] = {
        {.name = "json", .flag = &result.json},
        {.name = "file", .letter = 'r', .text = &result.file},
        {.name = "count", .letter = 'n', .take = take_count, .into = &result.count},
        {.name = "limit", .letter = 'n', .take = take_count, .into = &result.count},
        {.name = "force"},
    };
    char *argv[ARGUMENTS_MAX + 1] = {(char *)"verb"};

    result.argc = 1;
    for (; *words != NULL && result.argc < ARGUMENTS_MAX; words++)
        argv[result.argc++] = (char *)*words;
    result.first = options_read(result.argc, argv, table, sizeof(table) / sizeof(table[0]));
    memcpy(result.arguments, argv, sizeof(result.arguments));
    return result;
}

#define READ(...) read_words((const char *const[]){__VA_ARGS__, NULL})

static void test_nothing(void **state)
{
    (void)state;
    struct result result = read_words((const char *const[]){NULL});

    assert_int_equal(result.first, 1);
    assert_false(result.json);
    assert_null(result.file);
}

static void test_values(void **state)
{
    (void)state;
    struct result result = READ("--json", "--file", "a", "--count=3");

    assert_int_equal(result.first, result.argc);
    assert_true(result.json);
    assert_string_equal(result.file, "a");
    assert_int_equal(result.count, 3);
    /* The last one counts, whatever its form. */
    result = READ("-n", "3", "-ra", "--limit", "4", "-r", "b");
    assert_int_equal(result.count, 4);
    assert_string_equal(result.file, "b");
    /* A beginning that only one has. */
    assert_true(READ("--js").json);
}

static void test_arguments_come_last(void **state)
{
    (void)state;
    struct result result = READ("web", "--json", "dns", "--count", "3");

    assert_true(result.json);
    assert_int_equal(result.argc - result.first, 2);
    assert_string_equal(result.arguments[result.first], "web");
    assert_string_equal(result.arguments[result.first + 1], "dns");
    result = READ("--", "--json");
    assert_false(result.json);
    assert_string_equal(result.arguments[result.first], "--json");
}

static void test_refused(void **state)
{
    (void)state;
    assert_int_equal(READ("--bogus").first, -1);
    assert_int_equal(READ("-j").first, -1); /* has no short form */
    assert_int_equal(READ("--count").first, -1);
    assert_int_equal(READ("--count", "0").first, -1);
    assert_int_equal(READ("--json=1").first, -1);
    /* Known, and of another form of the verb. */
    assert_int_equal(READ("--force").first, -1);
}

/* Nothing of one reading is left for the next. */
static void test_twice(void **state)
{
    (void)state;
    assert_int_equal(READ("-n", "0", "x").first, -1);
    assert_int_equal(READ("x", "--json").first, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_arguments_come_last),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_twice),
    };

    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
