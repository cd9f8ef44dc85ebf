/* Passwords and keys from files: what is taken of one, what is refused, and that none is shown. */
#include "lib/config/advice_secrets.h"
#include "lib/config/secrets.h"
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define V3    "[instance web]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24\n"
#define KEY_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B "f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_C "e00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
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
    bool good = config_secrets_read(config, read_password, &problems);
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

/* What the files of keys say, by their names. */
static char *read_key(const char *path, char *error, size_t error_size)
{
    snprintf(error, error_size, "no such credential");
    if (strcmp(path, "/a") == 0)
        return strdup(KEY_A "  \r\nmore\n");
    return strcmp(path, "b.key") == 0 ? strdup("hex:" KEY_B "\n") : NULL;
}

/* The problem of that key; "" for none. */
static const char *problem_of_key(const char *written, struct config **config)
{
    static char line[1024];
    char text[1024];
    struct config_problems problems;

    snprintf(text, sizeof(text), V3 "auth-key = %s\n", written);
    *config = parse_text(text, &problems);
    assert_non_null(*config);
    line[0] = '\0';
    bool good = config_secrets_read(*config, read_key, &problems);
    assert_int_equal(good, problems.count == 0);
    if (!good)
        config_problem_format(&problems.list[0], line, sizeof(line));
    config_problems_free(&problems);
    return line;
}

static void keys_come_in_their_order_from_wherever_they_stand(void **state)
{
    struct config *config;

    (void)state;
    assert_string_equal(problem_of_key("9:hex:" KEY_C ", 4:/a, 7:b.key", &config), "");
    const struct auth_policy policy = config_auth(&config->instances[0]);
    assert_int_equal(auth_keys_count(policy.keys), 3);
    assert_int_equal(auth_keys_id(policy.keys, 0), 9);
    assert_int_equal(auth_keys_id(policy.keys, 1), 4);
    assert_int_equal(auth_keys_id(policy.keys, 2), 7);
    config_free(config);
}

static void an_instance_is_never_left_without_its_keys(void **state)
{
#define AT "t.conf:1: [instance web] auth-key: "
    struct config *config;

    (void)state;
    assert_string_equal(problem_of_key("1:/a, 2:/none", &config),
                        AT "/none: cannot be read: no such credential");
    config_free(config);
#undef AT
}

static void keys_are_the_same_by_what_they_are(void **state)
{
    struct config *a;
    struct config *b;
    struct config *c;

    (void)state;
    assert_string_equal(problem_of_key("1:/a, 2:b.key", &a), "");
    assert_string_equal(problem_of_key("1:hex:" KEY_A ", 2:hex:" KEY_B, &b), "");
    assert_string_equal(problem_of_key("2:b.key, 1:/a", &c), "");
    assert_true(auth_keys_equal(a->instances[0].secrets, b->instances[0].secrets));
    assert_false(auth_keys_equal(a->instances[0].secrets, c->instances[0].secrets));
    assert_false(auth_keys_equal(a->instances[0].secrets, NULL));
    config_free(a);
    config_free(b);
    config_free(c);
}

/* ---- Who else can read them */

static struct config_secret_access file;

static bool look(const char *path, struct config_secret_access *out)
{
    *out = file;
    return strcmp(path, "/gone") != 0;
}

/* The pieces of advice about a key in a file like that, one a line. */
static const char *advice_of(const char *text, struct config_secret_access like)
{
    static char lines[2048];
    struct config_problems problems;
    struct config_problems advice = {0};
    struct config *config = parse_text(text, &problems);

    assert_non_null(config);
    file = like;
    config_advise_secrets(config, look, &advice);
    lines[0] = '\0';
    for (size_t i = 0; i < advice.count; i++) {
        size_t used = strlen(lines);
        char line[1024];

        snprintf(lines + used, sizeof(lines) - used, "%s\n",
                 config_problem_format(&advice.list[i], line, sizeof(line)));
    }
    config_problems_free(&advice);
    config_problems_free(&problems);
    config_free(config);
    return lines;
}

static struct config_secret_access like(unsigned mode, bool owner_known, bool group_known)
{
    return (struct config_secret_access){.mode = mode,
                                         .owner = 1000,
                                         .group = 100,
                                         .owner_known = owner_known,
                                         .group_known = group_known};
}

static void who_else_can_read_them_is_said(void **state)
{
#define KEYED V3 "auth-key = 1:/k\n"
#define AT    "t.conf:1: [instance web] auth-key: /k: "
    (void)state;
    assert_string_equal(advice_of(KEYED, like(0600, true, false)), "");
    assert_string_equal(advice_of(KEYED, like(0640, true, true)), "");
    assert_string_equal(advice_of(KEYED, like(0400, true, true)), "");
    assert_string_equal(advice_of(KEYED, like(0644, true, true)),
                        AT "has mode 0644, so that everybody on this machine has permissions on "
                           "it, expected 0600, or 0640 with the group vipd\n");
    assert_string_equal(advice_of(KEYED, like(0640, true, false)),
                        AT "has mode 0640 and the group 100, so that its members have permissions "
                           "on it, expected 0600, or 0640 with the group vipd\n");
    assert_string_equal(advice_of(KEYED, like(0660, true, true)),
                        AT "has mode 0660, so that its group can change it, expected 0600, or 0640 "
                           "with the group vipd\n");
    assert_string_equal(advice_of(KEYED, like(0600, false, false)),
                        AT "belongs to the user 1000, who can read and change it, expected root or "
                           "vipd\n");
    assert_non_null(strstr(advice_of(KEYED, like(0606, false, true)), "1000"));
    assert_non_null(strstr(advice_of(KEYED, like(0606, false, true)), "0606"));
#undef AT
    assert_non_null(
        strstr(advice_of(WEB, like(0644, true, true)), "password-file: /p: has mode 0644"));
    /* Of what is no file of ours nothing is known. */
    assert_string_equal(advice_of(V3 "auth-key = 1:/gone, 2:credential, 3:hex:" KEY_A "\n",
                                  like(0666, false, false)),
                        "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_is_the_password),
        cmocka_unit_test(an_instance_is_never_left_without_its_password),
        cmocka_unit_test(keys_come_in_their_order_from_wherever_they_stand),
        cmocka_unit_test(an_instance_is_never_left_without_its_keys),
        cmocka_unit_test(keys_are_the_same_by_what_they_are),
        cmocka_unit_test(who_else_can_read_them_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
