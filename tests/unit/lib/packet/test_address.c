/* Addresses: parsing is strict, comparison is unsigned network order. */
#include "lib/packet/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void parses_and_formats_both_families(void **state)
{
    static const char *const good[] = {"192.0.2.10/24", "2001:db8::10/64", "fe80::1/128",
                                       "0.0.0.0/0"};
    char text[ADDRESS_TEXT_SIZE];
    struct ip_prefix prefix;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(ip_prefix_parse(good[i], &prefix));
        assert_string_equal(ip_prefix_format(&prefix, text, sizeof(text)), good[i]);
    }
    assert_true(ip_prefix_parse("192.0.2.1", &prefix));
    assert_int_equal(prefix.length, 32);
    assert_true(ip_prefix_parse("::1", &prefix));
    assert_int_equal(prefix.length, 128);
}

static void refuses_malformed_text(void **state)
{
    static const char *const bad[] = {"",           "192.0.2",      "192.0.2.256",   "192.0.2.1/33",
                                      "192.0.2.1/", "192.0.2.1/+8", "192.0.2.1/ 8",  "::1/129",
                                      "fe80::1%0",  "eth0",         "192.0.2.1/024x"};
    struct ip_prefix prefix;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(ip_prefix_parse(bad[i], &prefix));
}

static void compares_unsigned_in_network_order(void **state)
{
    struct ip_address low;
    struct ip_address high;

    (void)state;
    assert_true(ip_address_parse("10.0.0.1", &low));
    assert_true(ip_address_parse("200.0.0.1", &high));
    assert_true(ip_address_compare(&low, &high) < 0);
    assert_true(ip_address_parse("10.0.0.200", &low));
    assert_true(ip_address_parse("10.0.1.1", &high));
    assert_true(ip_address_compare(&low, &high) < 0);
    assert_true(ip_address_equal(&low, &low));
}

static void knows_networks(void **state)
{
    struct ip_address a;
    struct ip_address b;

    (void)state;
    assert_true(ip_address_parse("192.0.2.1", &a));
    assert_true(ip_address_parse("192.0.2.130", &b));
    assert_true(ip_address_same_network(&a, &b, 24));
    assert_false(ip_address_same_network(&a, &b, 25));
    assert_true(ip_address_same_network(&a, &b, 0));
    assert_false(ip_address_same_network(&a, &b, 32));
}

static void derives_virtual_identities(void **state)
{
    static const uint8_t mac4[6] = {0, 0, 0x5e, 0, 1, 51};
    static const uint8_t mac6[6] = {0, 0, 0x5e, 0, 2, 51};
    char text[ADDRESS_TEXT_SIZE];
    uint8_t mac[6];
    struct ip_address address = ip_address_virtual_link_local(51);

    (void)state;
    assert_string_equal(ip_address_format(&address, text, sizeof(text)), "fe80::200:5eff:fe00:233");
    assert_true(ip_address_is_link_local(&address));
    virtual_mac(IP_FAMILY_IPV4, 51, mac);
    assert_memory_equal(mac, mac4, 6);
    virtual_mac(IP_FAMILY_IPV6, 51, mac);
    assert_memory_equal(mac, mac6, 6);
    address = ip_address_vrrp_group(IP_FAMILY_IPV4);
    assert_string_equal(ip_address_format(&address, text, sizeof(text)), "224.0.0.18");
    assert_true(ip_address_is_multicast(&address));
    address = ip_address_vrrp_group(IP_FAMILY_IPV6);
    assert_string_equal(ip_address_format(&address, text, sizeof(text)), "ff02::12");
    assert_true(ip_address_is_multicast(&address));
}

static void every_virtual_link_has_a_name_that_fits(void **state)
{
    static const struct {
        int ifindex;
        enum ip_family family;
        uint8_t vrid;
        const char *name;
    } cases[] = {
        {4, IP_FAMILY_IPV4, 51, "vipd4.51"},
        {4, IP_FAMILY_IPV6, 51, "vipd4.51v6"},
        {100000, IP_FAMILY_IPV6, 16, "vipd100000.16v6"},
        {99999, IP_FAMILY_IPV6, 255, "vipd99999.255v6"},
        {1234567, IP_FAMILY_IPV4, 255, "vipd1234567.255"},
        {123456, IP_FAMILY_IPV6, 255, "vipd1e240_ff"},
        {12345678, IP_FAMILY_IPV4, 255, "vipdbc614e-ff"},
        {INT32_MAX, IP_FAMILY_IPV4, 255, "vipd7fffffff-ff"},
        {INT32_MAX, IP_FAMILY_IPV6, 255, "vipd7fffffff_ff"},
        {INT32_MAX, IP_FAMILY_IPV4, 1, "vipd7fffffff-01"},
    };
    char name[INTERFACE_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *made =
            virtual_link_name(cases[i].ifindex, cases[i].family, cases[i].vrid, name);

        assert_ptr_equal(made, name);
        assert_string_equal(name, cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_virtual_link_has_a_name_that_fits),
        cmocka_unit_test(parses_and_formats_both_families),
        cmocka_unit_test(refuses_malformed_text),
        cmocka_unit_test(compares_unsigned_in_network_order),
        cmocka_unit_test(knows_networks),
        cmocka_unit_test(derives_virtual_identities),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
