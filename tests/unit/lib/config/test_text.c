/* Short texts side by side: they stay as they are and where they are, whatever follows. */
#include "lib/config/text.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TEXTS = 500 };

static void write_name(char name[NAME_SIZE], unsigned number)
{
    memset(name, 'n', NAME_SIZE);
    snprintf(name, NAME_SIZE, "%u", number);
    if (number % 3 == 0)
        memset(name + strlen(name), 'n', NAME_SIZE - 1 - strlen(name));
    name[NAME_SIZE - 1] = '\0';
}

static void each_stays_as_it_was(void **state)
{
    struct config_text *texts = NULL;
    const char *kept[TEXTS];
    char name[NAME_SIZE];

    (void)state;
    for (unsigned i = 0; i < TEXTS; i++) {
        write_name(name, i);
        kept[i] = config_text_keep(&texts, name, strlen(name));
        assert_non_null(kept[i]);
    }
    for (unsigned i = 0; i < TEXTS; i++) {
        write_name(name, i);
        assert_string_equal(kept[i], name);
    }
    config_text_free(texts);
}

static void only_so_many_octets_are_taken(void **state)
{
    struct config_text *texts = NULL;

    (void)state;
    assert_string_equal(config_text_keep(&texts, "web and more", 3), "web");
    assert_string_equal(config_text_keep(&texts, "", 0), "");
    config_text_free(texts);
}

/* The longest one fills a block, whatever the last one has left. */
static void a_long_one_begins_a_block(void **state)
{
    struct config_text *texts = NULL;
    char longest[CONFIG_TEXT_BLOCK];

    (void)state;
    memset(longest, 'l', sizeof(longest));
    assert_non_null(config_text_keep(&texts, longest, 1));
    const char *first = config_text_keep(&texts, longest, sizeof(longest) - 1);
    const char *second = config_text_keep(&texts, longest, sizeof(longest) - 1);
    assert_int_equal(strlen(first), sizeof(longest) - 1);
    assert_int_equal(strlen(second), sizeof(longest) - 1);
    config_text_free(texts);
    config_text_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_stays_as_it_was),
        cmocka_unit_test(only_so_many_octets_are_taken),
        cmocka_unit_test(a_long_one_begins_a_block),
    };

    return cmocka_run_group_tests_name("config_text", tests, NULL, NULL);
}
