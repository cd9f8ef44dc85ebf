/* [group NAME]: what is refused, who moves with whom and in which order, what a reload restarts. */
#include "lib/config/diff.h"
#include "lib/config/group.h"
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Four lines. */
#define INSTANCE(name, vrid)                                                                       \
    "[instance " name "]\ninterface = if-" name "\nvrid = " vrid "\naddresses = 192.0.2.1/24\n"
#define THREE INSTANCE("a", "30") INSTANCE("b", "20") INSTANCE("c", "20")

static struct config *parse(const char *text)
{
    struct config_problems problems;
    struct config *config = parse_text(text, &problems);
    char line[512] = "";

    if (problems.count > 0)
        fail_msg("%s", config_problem_format(&problems.list[0], line, sizeof(line)));
    config_problems_free(&problems);
    return config;
}

static void mistakes_are_named(void **state)
{
    static const char *const rows[][2] = {
        {THREE "[group g]\n", "t.conf:13: [group g] instances: missing, expected names"},
        {THREE "[group g]\ninstances =\n", "t.conf:14: [group g] instances: found nothing, expe"},
        {THREE "[group g]\ninstances = a, a\n",
         "t.conf:14: [group g] instances: found 'a' a second time"},
        {THREE INSTANCE("outside", "9") "[group g]\ninstances = a, outsid\n",
         "t.conf:18: [group g] instances: found 'outsid', there is no such instance, did you mean "
         "'outside'?"},
        {THREE "[group g]\ninstances = a, b\n[group h]\ninstances = b, c\n",
         "t.conf:16: [group h] instances: found 'b', which is in [group g] (t.conf:13) already"},
        {THREE "[group g]\ninstances = a, b\n[group g]\ninstances = a, c\n",
         "t.conf:15: [group g]: a second time"},
        {THREE "[group]\ninstances = a, b\n", "t.conf:13: [group]: expected [group NAME]"},
        {THREE "priority = 255\n[group g]\ninstances = a, c\n",
         "t.conf:15: [group g] instances: some of its instances have priority 255"},
        {THREE "release-first = yes\n[group g]\ninstances = a, c\n",
         "t.conf:15: [group g] instances: some of its instances have release-first = yes"},
        {THREE "[group g]\nvrid = 3\ninstances = a, c\n",
         "t.conf:14: [group g] vrid: a key of [instance NAME], not of this section"},
    };
    struct config_problems problems;
    char line[512];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_null(parse_text(rows[i][0], &problems));
        assert_int_equal(problems.count, 1);
        config_problem_format(&problems.list[0], line, sizeof(line));
        if (strncmp(line, rows[i][1], strlen(rows[i][1])) != 0)
            fail_msg("found:    %s\nexpected: %s", line, rows[i][1]);
        config_problems_free(&problems);
    }
}

static void the_order_is_by_vrid_then_name_whatever_is_written(void **state)
{
    static const char *const texts[] = {
        THREE "[group g]\ninstances = a, b, c\n",
        "[group g]\ninstances = c, b\ninstances = a\n" INSTANCE("c", "20") INSTANCE("a", "30")
            INSTANCE("b", "20"),
    };
    const struct config_instance *mates[GROUP_INSTANCES_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct config *config = parse(texts[i]);

        assert_int_equal(config_group_mates(config, config_find_instance(config, "a"), mates), 3);
        assert_string_equal(mates[0]->name, "b");
        assert_string_equal(mates[1]->name, "c");
        assert_string_equal(mates[2]->name, "a");
        assert_string_equal(mates[0]->group->name, "g");
        config_free(config);
    }
}

static void the_lowest_priority_counts(void **state)
{
    struct config *config = parse("[group g]\ninstances = a, b\n" THREE
                                  "priority = 7\n" INSTANCE("d", "40") "priority = 200\n");

    (void)state;
    assert_int_equal(config_group_priority(config, config_find_instance(config, "a")), 100);
    assert_int_equal(config_group_priority(config, config_find_instance(config, "c")), 7);
    assert_int_equal(config_group_priority(config, config_find_instance(config, "d")), 200);
    config_free(config);
    config = parse("[group g]\ninstances = a, c\n" THREE "priority = 7\n");
    assert_int_equal(config_group_priority(config, config_find_instance(config, "a")), 7);
    assert_int_equal(config_group_priority(config, config_find_instance(config, "b")), 100);
    config_free(config);
}

/* The kinds of change of a, b and c. */
static void expect(const char *before_text, const char *after_text,
                   const enum config_change_kind kinds[3])
{
    struct config *before = parse(before_text);
    struct config *after = parse(after_text);
    struct config_diff diff;

    assert_int_equal(config_diff(before, after, &diff), 0);
    assert_int_equal(diff.count, 3);
    for (size_t i = 0; i < diff.count; i++) {
        const struct config_instance *one =
            diff.list[i].after != NULL ? diff.list[i].after : diff.list[i].before;
        assert_int_equal(diff.list[i].kind, kinds[one->name[0] - 'a']);
    }
    config_diff_free(&diff);
    config_free(before);
    config_free(after);
}

#define AB "[group g]\ninstances = a, b\n"

static void a_group_is_restarted_as_a_whole(void **state)
{
    const enum config_change_kind pair[] = {CONFIG_REPLACED, CONFIG_REPLACED, CONFIG_UNCHANGED};
    const enum config_change_kind all[] = {CONFIG_REPLACED, CONFIG_REPLACED, CONFIG_REPLACED};
    const enum config_change_kind added[] = {CONFIG_REPLACED, CONFIG_REPLACED, CONFIG_ADDED};
    const enum config_change_kind same[] = {CONFIG_UNCHANGED, CONFIG_UNCHANGED, CONFIG_UNCHANGED};
    const enum config_change_kind updated[] = {CONFIG_UNCHANGED, CONFIG_UPDATED, CONFIG_UNCHANGED};

    (void)state;
    expect(THREE, THREE AB, pair);
    expect(THREE AB, THREE, pair);
    expect(THREE AB, THREE "[group g]\ninstances = b, a\n", same);
    expect(THREE AB, THREE "[group g]\ninstances = a, b, c\n", all);
    expect(INSTANCE("a", "30") INSTANCE("b", "20") AB, THREE "[group g]\ninstances = a, b, c\n",
           added);
    /* One of them is another virtual router now. */
    expect(THREE AB, INSTANCE("a", "30") INSTANCE("b", "21") INSTANCE("c", "20") AB, pair);
    expect(THREE AB,
           INSTANCE("a", "30") INSTANCE("b", "20") "priority = 9\n" INSTANCE("c", "20") AB,
           updated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(the_order_is_by_vrid_then_name_whatever_is_written),
        cmocka_unit_test(the_lowest_priority_counts),
        cmocka_unit_test(a_group_is_restarted_as_a_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
