/* Passwords from files: what is taken of one, what is refused, and that none is shown. */
#include "lib/config/passwords.h"
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WEB                                                                                        \
    "[instance web]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24\nversion = 2\n"        \
    "password-file = /p\n"

static const char *content; /* NULL: the file cannot be read */

static char *read_password(const char *path, char *error, size_t error_size)
{
    assert_string_equal(path, "/p");
    snprintf(error, error_size, "Permission denied");
    return content != NULL ? strdup(content) : NULL;
}

/* The problem of a file with that content; "" for none. */
static const char *problem_of(const char *text, struct packet_auth *auth)
{
    static char line[1024];
    struct config_problems problems;
    struct config *config = parse_text(WEB, &problems);

    assert_non_null(config);
    content = text;
    line[0] = '\0';
    bool good = config_passwords_read(config, read_password, &problems);
    assert_int_equal(good, problems.count == 0);
    if (!good)
        config_problem_format(&problems.list[0], line, sizeof(line));
    *auth = config->instances[0].auth;
    config_problems_free(&problems);
    config_free(config);
    return line;
}

static void the_first_line_is_the_password(void **state)
{
    static const char *const texts[] = {"hush", "hush\n", "hush\r\n", "hush\nmore\n"};
    const struct packet_auth wanted = packet_password("hush", 4);
    struct packet_auth auth;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_string_equal(problem_of(texts[i], &auth), "");
        assert_memory_equal(&auth, &wanted, sizeof(auth));
    }
    assert_string_equal(problem_of(" # a\n", &auth), "");
    const struct packet_auth odd = packet_password(" # a", 4);
    assert_memory_equal(&auth, &odd, sizeof(auth));
}

static void an_instance_is_never_left_without_its_password(void **state)
{
#define AT "t.conf:1: [instance web] password-file: /p: "
    struct packet_auth auth;

    (void)state;
    assert_string_equal(problem_of(NULL, &auth), AT "cannot be read: Permission denied");
    assert_string_equal(problem_of("", &auth),
                        AT "found nothing, expected a password in its first line");
    assert_string_equal(problem_of("\nhush\n", &auth),
                        AT "found nothing, expected a password in its first line");
    assert_string_equal(
        problem_of("hush\thush\n", &auth),
        AT "found a text with a control character, expected a password in its first line");
#undef AT
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_is_the_password),
        cmocka_unit_test(an_instance_is_never_left_without_its_password),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
