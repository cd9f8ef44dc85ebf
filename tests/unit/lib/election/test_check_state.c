/* Results in a row: rise, fall, and what a check counts as before there are any. */
#include "lib/election/check_state.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Results as letters ('g' good, 'b' bad) and the verdict after each: 'P' passing, 'F' failing. */
static const struct run {
    enum check_verdict initially;
    unsigned rise;
    unsigned fall;
    const char *results;
    const char *verdicts;
} runs[] = {
    {CHECK_PENDING, 2, 3, "gbbgbbbgbgg", "PPPPPPFFFFP"},
    {CHECK_PENDING, 2, 3, "bgg", "FFP"},
    {CHECK_PASSING, 1, 2, "bbg", "PFP"},
    {CHECK_FAILING, 3, 1, "gggb", "FFPF"},
    {CHECK_PENDING, 1, 1, "gbgb", "PFPF"},
};

static void results_in_a_row_change_the_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        const struct check_rule rule = {
            .initially = runs[i].initially, .rise = runs[i].rise, .fall = runs[i].fall};
        struct check_state s;

        check_state_init(&s, &rule, false);
        for (size_t j = 0; runs[i].results[j] != '\0'; j++) {
            enum check_verdict before = s.verdict;
            bool changed = check_state_result(&s, runs[i].results[j] == 'g');

            assert_int_equal(changed, before != s.verdict);
            if ((s.verdict == CHECK_PASSING ? 'P' : 'F') != runs[i].verdicts[j])
                fail_msg("%s: result %zu makes it %s", runs[i].results, j,
                         check_verdict_name(s.verdict));
            assert_int_equal(check_state_passes(&s), s.verdict == CHECK_PASSING);
        }
        assert_int_equal(s.good_results + s.bad_results, strlen(runs[i].results));
    }
}

static void pending_counts_as_it_was_told(void **state)
{
    const struct check_rule rule = {.rise = 5, .fall = 5};
    struct check_state s;

    (void)state;
    check_state_init(&s, &rule, false);
    assert_int_equal(s.verdict, CHECK_PENDING);
    assert_false(check_state_passes(&s));
    check_state_init(&s, &rule, true);
    assert_true(check_state_passes(&s));
    assert_true(check_state_result(&s, false));
    assert_false(check_state_passes(&s));
}

static void another_rise_keeps_the_verdict(void **state)
{
    struct check_rule rule = {.initially = CHECK_FAILING, .rise = 5, .fall = 1};
    struct check_state s;

    (void)state;
    check_state_init(&s, &rule, false);
    assert_false(check_state_result(&s, true));
    rule.rise = 2;
    check_state_configure(&s, &rule);
    assert_int_equal(s.verdict, CHECK_FAILING);
    assert_true(check_state_result(&s, true));
}

static void looks_are_spread_over_the_interval(void **state)
{
    enum { CHECKS = 100, TENTHS = 10 };
    unsigned in_tenth[TENTHS] = {0};

    (void)state;
    for (int i = 0; i < CHECKS; i++) {
        uint64_t now = 12345 * NS_PER_MS;
        char name[16];

        snprintf(name, sizeof(name), "check%d", i);
        uint64_t first = check_next_look(name, NS_PER_SEC, now);
        assert_true(first > now && first <= now + NS_PER_SEC);
        /* From whenever it is asked, the same phase; and never twice in one. */
        assert_int_equal(check_next_look(name, NS_PER_SEC, first - 1), first);
        assert_int_equal(check_next_look(name, NS_PER_SEC, first), first + NS_PER_SEC);
        assert_int_equal(check_next_look(name, NS_PER_SEC, 0) % NS_PER_SEC, first % NS_PER_SEC);
        in_tenth[first % NS_PER_SEC * TENTHS / NS_PER_SEC]++;
    }
    for (int i = 0; i < TENTHS; i++)
        assert_in_range(in_tenth[i], 1, CHECKS / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_in_a_row_change_the_verdict),
        cmocka_unit_test(pending_counts_as_it_was_told),
        cmocka_unit_test(another_rise_keeps_the_verdict),
        cmocka_unit_test(looks_are_spread_over_the_interval),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
