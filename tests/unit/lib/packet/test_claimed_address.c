/* Addresses as they are claimed: what makes two of them differ, and scopes by name and number. */
#include "lib/packet/claimed_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct claimed_address of(const char *text)
{
    struct claimed_address out = {0};

    assert_true(ip_prefix_parse(text, &out.prefix));
    return out;
}

/* A reload puts on and takes off by this. */
static void each_part_makes_a_difference(void **state)
{
    const struct claimed_address plain = of("192.0.2.10/24");
    struct claimed_address others[] = {plain, plain, plain, plain, plain, plain, plain, plain};
    const size_t count = sizeof(others) / sizeof(others[0]);
    struct claimed_address same = plain;

    (void)state;
    others[0].prefix.length = 32;
    others[1] = of("192.0.2.11/24");
    memcpy(others[2].device, "eth1", 5);
    memcpy(others[3].label, "eth0:1", 7);
    others[4].broadcast[3] = 255;
    others[5].has_scope = true;
    others[6].no_prefix_route = true;
    others[7].extra = true;
    assert_true(claimed_address_equal(&plain, &same));
    for (size_t i = 0; i < count; i++) {
        assert_false(claimed_address_equal(&plain, &others[i]));
        for (size_t j = 0; j < i; j++)
            assert_false(claimed_address_equal(&others[i], &others[j]));
    }
    assert_true(claimed_addresses_equal(others, count, others, count));
    assert_false(claimed_addresses_equal(others, count, others, count - 1));
    same = others[count - 1];
    others[count - 1].extra = false;
    assert_false(claimed_addresses_equal(&same, 1, &others[count - 1], 1));
}

static void a_scope_follows_from_the_address_unless_it_is_given(void **state)
{
    struct claimed_address local = of("fe80::10/64");
    const struct claimed_address global = of("2001:db8::10/64");
    const struct claimed_address four = of("169.254.0.10/24");

    (void)state;
    assert_int_equal(claimed_address_scope(&local), ADDRESS_SCOPE_LINK);
    assert_int_equal(claimed_address_scope(&global), ADDRESS_SCOPE_GLOBAL);
    assert_int_equal(claimed_address_scope(&four), ADDRESS_SCOPE_GLOBAL);
    local.has_scope = true;
    local.scope = ADDRESS_SCOPE_HOST;
    assert_int_equal(claimed_address_scope(&local), ADDRESS_SCOPE_HOST);
}

static void scopes_have_names_and_numbers(void **state)
{
    static const char *const good[] = {"global", "site", "link", "host", "0", "77", "254"};
    static const char *const bad[] = {"", "lan", "255", "256", "1000", "-1", "7x", " 7"};
    char text[4];
    uint8_t scope;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        uint8_t again = 1;

        assert_true(address_scope_parse(good[i], &scope));
        assert_true(address_scope_parse(address_scope_name(scope, text, sizeof(text)), &again));
        assert_int_equal(again, scope);
    }
    assert_true(address_scope_parse("77", &scope));
    assert_string_equal(address_scope_name(scope, text, sizeof(text)), "77");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(address_scope_parse(bad[i], &scope));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_makes_a_difference),
        cmocka_unit_test(a_scope_follows_from_the_address_unless_it_is_given),
        cmocka_unit_test(scopes_have_names_and_numbers),
    };

    return cmocka_run_group_tests_name("claimed_address", tests, NULL, NULL);
}
