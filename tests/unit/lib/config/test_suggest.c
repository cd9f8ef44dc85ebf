/* Near names: close enough to help, never a wild guess. */
#include "lib/config/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {"interface",       "vrid",   "priority", "addresses",
                                    "advert-interval", "preempt"};

static const char *near(const char *word)
{
    return suggest(word, names, sizeof(names) / sizeof(names[0]));
}

static void counts_edits(void **state)
{
    char longest[80];

    (void)state;
    assert_int_equal(edit_distance("", ""), 0);
    assert_int_equal(edit_distance("", "abc"), 3);
    assert_int_equal(edit_distance("abc", ""), 3);
    assert_int_equal(edit_distance("kitten", "sitting"), 3);
    assert_int_equal(edit_distance("vrdi", "vrid"), 1);
    assert_int_equal(edit_distance("VRID", "vrid"), 0);
    assert_int_equal(edit_distance("advert_interval", "advert-interval"), 0);
    memset(longest, 'a', sizeof(longest));
    longest[63] = '\0';
    assert_int_equal(edit_distance(longest, "aaa"), 60);
    longest[63] = 'a';
    longest[64] = '\0';
    assert_true(edit_distance(longest, "aaa") == SIZE_MAX);
}

static void finds_what_was_meant(void **state)
{
    (void)state;
    assert_string_equal(near("priorty"), "priority");
    assert_string_equal(near("Priority"), "priority");
    assert_string_equal(near("prio"), "priority");
    assert_string_equal(near("adress"), "addresses");
    assert_string_equal(near("advert_interval"), "advert-interval");
    assert_string_equal(near("vird"), "vrid");
}

static void does_not_guess_wildly(void **state)
{
    (void)state;
    assert_null(near("garp-master-delay"));
    assert_null(near("x"));
    assert_null(near(""));
    assert_null(near("pr"));
    assert_null(suggest("vrid", names, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_edits),
        cmocka_unit_test(finds_what_was_meant),
        cmocka_unit_test(does_not_guess_wildly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
