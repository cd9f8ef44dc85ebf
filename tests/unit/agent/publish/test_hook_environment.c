/* What a hook is told, also by an instance with more addresses than a variable can hold. */
#include "agent/publish/hook_environment.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The value of that variable, or NULL. */
static const char *value_of(char **environment, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; environment[i] != NULL; i++)
        if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=')
            return environment[i] + length + 1;
    return NULL;
}

static void everything_is_told(void **state)
{
    struct claimed_address claims[2] = {0};
    struct config_instance config = {.name = "web", .vrid = 51, .claims = claims, .claim_count = 2};
    const struct hook_event event = {
        .config = &config,
        .interface = "eth0",
        .transition = {.from = VRRP_MASTER, .to = VRRP_INIT, .reason = REASON_LINK_DOWN},
        .priority = 90,
    };
    static const char *const expected[][2] = {
        {"VIPD_HOOK", "on-change"},
        {"VIPD_INSTANCE", "web"},
        {"VIPD_STATE", "INIT"},
        {"VIPD_PREVIOUS", "MASTER"},
        {"VIPD_REASON", "link-down"},
        {"VIPD_INTERFACE", "eth0"},
        {"VIPD_VRID", "51"},
        {"VIPD_PRIORITY", "90"},
        {"VIPD_ADDRESSES", "192.0.2.10/24 2001:db8::10/64"},
        {"PATH", "/somewhere"},
    };

    (void)state;
    assert_true(ip_prefix_parse("192.0.2.10/24", &claims[0].prefix));
    assert_true(ip_prefix_parse("2001:db8::10/64", &claims[1].prefix));
    assert_int_equal(setenv("PATH", "/somewhere", 1), 0);
    assert_int_equal(setenv("SECRET", "secret", 1), 0);
    char **environment = hook_environment_new(&event, HOOK_CHANGE);
    assert_non_null(environment);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        const char *found = value_of(environment, expected[i][0]);

        assert_non_null(found);
        assert_string_equal(found, expected[i][1]);
    }
    assert_null(value_of(environment, "SECRET"));
    assert_true(strlen(value_of(environment, "VIPD_TEXT")) > 0);
    hook_environment_free(environment);
    hook_environment_free(NULL);
}

static void a_rival_is_told_of(void **state)
{
    struct config_instance config = {.name = "web"};
    struct hook_event event = {
        .config = &config,
        .transition = {.from = VRRP_MASTER, .to = VRRP_MASTER, .evidence = {.peer_priority = 90}},
        .priority = 150,
    };
    static const char *const expected[][2] = {
        {"VIPD_HOOK", "on-rival"},   {"VIPD_REASON", "rival"},    {"VIPD_STATE", "MASTER"},
        {"VIPD_PREVIOUS", "MASTER"}, {"VIPD_PEER", "192.0.2.12"}, {"VIPD_PEER_PRIORITY", "90"},
    };

    (void)state;
    assert_true(ip_address_parse("192.0.2.12", &event.transition.evidence.peer));
    char **environment = hook_environment_new(&event, HOOK_RIVAL);
    assert_non_null(environment);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_string_equal(value_of(environment, expected[i][0]), expected[i][1]);
    assert_non_null(strstr(value_of(environment, "VIPD_TEXT"), "192.0.2.12"));
    hook_environment_free(environment);
}

static void the_first_of_too_many_addresses_are_told(void **state)
{
    static struct claimed_address claims[INSTANCE_ADDRESSES_MAX];
    struct config_instance config = {
        .name = "web", .claims = claims, .claim_count = INSTANCE_ADDRESSES_MAX};
    const struct hook_event event = {.config = &config};
    char last[ADDRESS_TEXT_SIZE];
    size_t told = 1;

    (void)state;
    for (unsigned i = 0; i < INSTANCE_ADDRESSES_MAX; i++) {
        char text[ADDRESS_TEXT_SIZE];

        snprintf(text, sizeof(text), "2001:db8:1111:2222:3333:4444:5555:%x/128", 0x1000 + i);
        assert_true(ip_prefix_parse(text, &claims[i].prefix));
    }
    char **environment = hook_environment_new(&event, HOOK_INIT);
    assert_non_null(environment);
    const char *addresses = value_of(environment, "VIPD_ADDRESSES");
    assert_in_range(strlen(addresses), HOOKS_ADDRESSES_SIZE - 200, HOOKS_ADDRESSES_SIZE);
    /* They are whole, and in their order. */
    for (const char *c = addresses; *c != '\0'; c++)
        told += *c == ' ' ? 1 : 0;
    ip_prefix_format(&claims[told - 1].prefix, last, sizeof(last));
    assert_string_equal(strrchr(addresses, ' ') + 1, last);
    hook_environment_free(environment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_told),
        cmocka_unit_test(a_rival_is_told_of),
        cmocka_unit_test(the_first_of_too_many_addresses_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
