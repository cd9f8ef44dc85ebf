/* Hooks that systemd runs: their names, and that nothing vipd can write is more than a word. */
#include "lib/config/hook_unit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void names_are_files_and_units(void **state)
{
    static const char *const good[] = {"mail", "conntrackd", "a", "9", "mail.sh", "a-b_c.9"};
    static const char *const bad[] = {"",    ".",   "..",   "-x",   ".hidden",  "a/b", "../x",
                                      "a b", "a@b", "a\\b", "a\nb", "\xc3\xa4", "_x"};
    char long_name[NAME_SIZE + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(hook_unit_name_is_valid(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(hook_unit_name_is_valid(bad[i]));
    memset(long_name, 'a', NAME_SIZE);
    long_name[NAME_SIZE] = '\0';
    assert_false(hook_unit_name_is_valid(long_name));
    long_name[NAME_SIZE - 1] = '\0';
    assert_true(hook_unit_name_is_valid(long_name));
}

static void a_command_is_no_unit(void **state)
{
    char *const unit[] = {"unit:", "mail", NULL};
    char *const command[] = {"/bin/mail", "unit:", NULL};
    char buffer[HOOK_UNIT_SIZE];

    (void)state;
    assert_string_equal(hook_unit_program(unit), "mail");
    assert_null(hook_unit_program(command));
    assert_null(hook_unit_program(NULL));
    assert_string_equal(hook_unit_format("mail", buffer), "vipd-hook@mail.service");
}

static void what_is_usual_stays_as_it_is(void **state)
{
    static const char *const usual[] = {
        "VIPD_HOOK=on-master",
        "VIPD_INSTANCE=web-1.a_b",
        "VIPD_STATE=MASTER",
        "VIPD_REASON=no-response",
        "VIPD_INTERFACE=eth0.100",
        "VIPD_VRID=51",
        "VIPD_PEER=fe80::1",
        "VIPD_ADDRESSES=192.0.2.10/24 2001:db8::10/64",
        "VIPD_TEXT=no advert from 10.0.0.2 for 3.61 s",
        "VIPD_TEXT=",
    };
    char text[128];

    (void)state;
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        snprintf(text, sizeof(text), "%s", usual[i]);
        assert_true(hook_unit_clean(text));
        assert_string_equal(text, usual[i]);
    }
}

static void what_a_shell_would_act_on_does_not(void **state)
{
    static const char *const pairs[][2] = {
        {"VIPD_INSTANCE=a;reboot", "VIPD_INSTANCE=a_reboot"},
        {"VIPD_TEXT=$(reboot) `x` \"'\\|&<>*?~!#", "VIPD_TEXT=__reboot_ _x_ ____________"},
        {"VIPD_TEXT=a\nLD_PRELOAD=/tmp/x", "VIPD_TEXT=a_LD_PRELOAD=/tmp/x"},
        {"VIPD_TEXT=-rf /", "VIPD_TEXT=_rf /"},
        {"VIPD_VRID=51x", "VIPD_VRID=51_"},
        {"VIPD_TEXT=\x1b[2J\xff\x7f", "VIPD_TEXT=__2J__"},
    };
    char text[128];

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        snprintf(text, sizeof(text), "%s", pairs[i][0]);
        assert_true(hook_unit_clean(text));
        assert_string_equal(text, pairs[i][1]);
    }
}

static void other_variables_are_refused(void **state)
{
    static const char *const bad[] = {"LD_PRELOAD=/tmp/x",
                                      "PATH=/tmp",
                                      "VIPD_HOOK",
                                      "",
                                      "=",
                                      "VIPD_HOOKS=x",
                                      "VIPD_HOO=x",
                                      " VIPD_HOOK=x",
                                      "BASH_ENV=/tmp/x",
                                      "VIPD_CONFIG=x"};
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text), "%s", bad[i]);
        assert_false(hook_unit_clean(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_files_and_units),
        cmocka_unit_test(a_command_is_no_unit),
        cmocka_unit_test(what_is_usual_stays_as_it_is),
        cmocka_unit_test(what_a_shell_would_act_on_does_not),
        cmocka_unit_test(other_variables_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
