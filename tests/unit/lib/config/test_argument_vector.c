/* Splitting of command lines: what a shell would make of them, and what it alone could do. */
#include "lib/config/argument_vector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct good {
    const char *text;
    const char *words[6];
};

static void words_are_found(void **state)
{
    static const struct good rows[] = {
        {"/bin/true", {"/bin/true"}},
        {"  a\tb  c ", {"a", "b", "c"}},
        {"a b c d e", {"a", "b", "c", "d", "e"}},
        {"'a b' \"c d\"", {"a b", "c d"}},
        {"a'b c'd\"e f\"g", {"ab cde fg"}},
        {"'' \"\"", {"", ""}},
        {"a '' b", {"a", "", "b"}},
        {"a\\ b \\' \\\" \\\\", {"a b", "'", "\"", "\\"}},
        {"'a\\b' \"a\\b\" \"a\\\"b\" \"a\\\\b\"", {"a\\b", "a\\b", "a\"b", "a\\b"}},
        {"\"a\\$b\" \\$c '$d`|;'", {"a$b", "$c", "$d`|;"}},
        {"\"a|b;c&d<e>(f)\"", {"a|b;c&d<e>(f)"}},
        {"a\nb", {"a", "b"}},
        {"sh -c 'logger -t \"$VIPD_INSTANCE\" up'",
         {"sh", "-c", "logger -t \"$VIPD_INSTANCE\" up"}},
        {"--x=\"1 2\" *.c ~ # {}", {"--x=1 2", "*.c", "~", "#", "{}"}},
        {"\xc3\xa4 \xff", {"\xc3\xa4", "\xff"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char **argv;
        size_t at;
        size_t count = 0;

        while (count < 6 && rows[i].words[count] != NULL)
            count++;
        assert_true(argument_vector_split(rows[i].text, &argv, &at));
        assert_int_equal(argument_vector_count(argv), count);
        for (size_t w = 0; w < count; w++)
            assert_string_equal(argv[w], rows[i].words[w]);
        free(argv);
    }
}

struct bad {
    const char *text;
    size_t at;
    const char *problem;
};

static void mistakes_are_placed(void **state)
{
    static const struct bad rows[] = {
        {"", 0, "there is no command"},
        {" \t ", 3, "there is no command"},
        {"a 'b c", 2, "the quote at column 3 is never closed"},
        {"a b\"c", 3, "the quote at column 4 is never closed"},
        {"\"a\\\"", 0, "the quote at column 1 is never closed"},
        {"\"a\\", 0, "the quote at column 1 is never closed"},
        {"a b\\", 3, "nothing follows the backslash at column 4"},
        {"a | b", 2, "no shell runs this: quote the '|' at column 3, or write sh -c '...'"},
        {"a $B", 2, "no shell runs this: quote the '$' at column 3, or write sh -c '...'"},
        {"a \"$B\"", 3, "no shell runs this: quote the '$' at column 4, or write sh -c '...'"},
        {"a \"`b`\"", 3, "no shell runs this: quote the '`' at column 4, or write sh -c '...'"},
        {"a >b", 2, "no shell runs this: quote the '>' at column 3, or write sh -c '...'"},
        {"a&", 1, "no shell runs this: quote the '&' at column 2, or write sh -c '...'"},
        {"a;b", 1, "no shell runs this: quote the ';' at column 2, or write sh -c '...'"},
        {"(a)", 0, "no shell runs this: quote the '(' at column 1, or write sh -c '...'"},
    };
    char buffer[128];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char **argv = (char **)buffer;
        size_t at = 99;

        assert_false(argument_vector_split(rows[i].text, &argv, &at));
        assert_null(argv);
        assert_int_equal(at, rows[i].at);
        assert_string_equal(argument_vector_problem(rows[i].text, at, buffer, sizeof(buffer)),
                            rows[i].problem);
    }
    assert_string_equal(argument_vector_problem("a", ARGUMENT_VECTOR_NO_MEMORY, buffer, 128),
                        "out of memory");
}

/* The list has room for as many words as any text of that length has (ASan looks on). */
static void the_most_words_fit(void **state)
{
    char text[2 * 300 + 1];
    char **argv;
    size_t at;

    (void)state;
    for (size_t i = 0; i < 300; i++)
        memcpy(text + 2 * i, "x ", 2);
    for (size_t length = 1; length < sizeof(text); length++) {
        char saved = text[length];

        text[length] = '\0';
        assert_true(argument_vector_split(text, &argv, &at));
        assert_int_equal(argument_vector_count(argv), (length + 1) / 2);
        assert_string_equal(argv[(length - 1) / 2], "x");
        free(argv);
        text[length] = saved;
    }
}

static void vectors_are_compared(void **state)
{
    char *ab[] = {"a", "b", NULL};
    char *other_ab[] = {"a", "b", NULL};
    char *a[] = {"a", NULL};
    char *ac[] = {"a", "c", NULL};

    (void)state;
    assert_true(argument_vector_equal(ab, other_ab));
    assert_false(argument_vector_equal(ab, a));
    assert_false(argument_vector_equal(a, ab));
    assert_false(argument_vector_equal(ab, ac));
    assert_false(argument_vector_equal(NULL, a));
    assert_false(argument_vector_equal(a, NULL));
    assert_true(argument_vector_equal(NULL, NULL));
    assert_int_equal(argument_vector_count(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found),
        cmocka_unit_test(mistakes_are_placed),
        cmocka_unit_test(the_most_words_fit),
        cmocka_unit_test(vectors_are_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
