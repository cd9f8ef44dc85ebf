/* The effective priority: the sum, its bounds, and how it is written. */
#include "lib/election/priority.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct sum {
    uint8_t base;
    struct priority_term terms[3];
    uint8_t effective;
    const char *text;
} sums[] = {
    {150, {{"", 0}}, 150, "150"},
    {150, {{"haproxy", -60}}, 90, "150 - 60 (haproxy) = 90"},
    {100, {{"a", 20}, {"off", 0}, {"b", -5}}, 115, "100 + 20 (a) - 5 (b) = 115"},
    {100, {{"a", -100}}, 1, "100 - 100 (a) = 0, taken as 1"},
    {100, {{"a", -253}, {"b", -253}}, 1, "100 - 253 (a) - 253 (b) = -406, taken as 1"},
    {100, {{"a", 253}}, 254, "100 + 253 (a) = 353, taken as 254"},
    {254, {{"a", 1}}, 254, "254 + 1 (a) = 255, taken as 254"},
    {1, {{"a", -1}, {"b", 1}}, 1, "1 - 1 (a) + 1 (b) = 1"},
    {255, {{"a", -60}}, 255, "255"},
};

static void sums_are_kept_within_what_rfc_9568_has(void **state)
{
    char text[PRIORITY_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        assert_int_equal(priority_effective(sums[i].base, sums[i].terms, 3), sums[i].effective);
        assert_string_equal(priority_text(sums[i].base, sums[i].terms, 3, text, sizeof(text)),
                            sums[i].text);
    }
}

/* However many and long the names are, the result is there and nothing is written beyond. */
static void a_long_sum_is_cut_and_keeps_its_result(void **state)
{
    struct priority_term terms[128];
    char names[128][NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < 128; i++) {
        memset(names[i], 'n', sizeof(names[i]));
        names[i][i % (NAME_SIZE - 1) + 1] = '\0';
        names[i][NAME_SIZE - 1] = '\0';
        terms[i] = (struct priority_term){names[i], -253};
    }
    for (size_t size = 64; size <= PRIORITY_TEXT_SIZE; size++) {
        char *text = malloc(size); /* so that a sanitizer sees the end */

        assert_non_null(text);
        priority_text(254, terms, 128, text, size);
        assert_non_null(strstr(text, " ... = -32130, taken as 1"));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_kept_within_what_rfc_9568_has),
        cmocka_unit_test(a_long_sum_is_cut_and_keeps_its_result),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
