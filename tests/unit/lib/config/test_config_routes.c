/* Routes and rules: what is stored of their words, and that what is written of them reads the same
 * again. */
#include "lib/config/config.h"
#include "lib/config/schema.h"
#include "lib/config/values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void parse(const char *key_name, const char *text, struct config_instance *out)
{
    char error[CONFIG_ERROR_SIZE] = "";
    const struct config_key *key = config_schema_key(config_schema_instance(), key_name);

    if (config_value_parse(key, text, out, error, sizeof(error)) != 0)
        fail_msg("%s: %s", text, error);
}

static struct config_route route_of(const char *text)
{
    struct config_instance instance = {0};

    parse("routes", text, &instance);
    struct config_route route;
    memcpy(&route, &instance.routes[0], sizeof(route));
    free(instance.routes);
    return route;
}

static struct config_rule rule_of(const char *text)
{
    struct config_instance instance = {0};

    parse("rules", text, &instance);
    struct config_rule rule;
    memcpy(&rule, &instance.rules[0], sizeof(rule));
    free(instance.rules);
    return rule;
}

static void a_route_has_what_its_words_say(void **state)
{
    struct config_route route = route_of("to  10.1.0.0/16 via 192.0.2.1 dev eth0 src 192.0.2.10 "
                                         "metric 0x10 table 100 scope link mtu 1400 onlink");
    char text[ADDRESS_TEXT_SIZE];

    (void)state;
    assert_int_equal(route.family, IP_FAMILY_IPV4);
    assert_string_equal(ip_prefix_format(&route.to, text, sizeof(text)), "10.1.0.0/16");
    assert_string_equal(ip_address_format(&route.via, text, sizeof(text)), "192.0.2.1");
    assert_string_equal(ip_address_format(&route.source, text, sizeof(text)), "192.0.2.10");
    assert_string_equal(route.dev, "eth0");
    assert_int_equal(route.metric, 16);
    assert_int_equal(route.table, 100);
    assert_int_equal(route.scope, 253);
    assert_int_equal(route.mtu, 1400);
    assert_true(route.onlink);
    route = route_of("default via fe80::1 dev eth0");
    assert_int_equal(route.family, IP_FAMILY_IPV6);
    assert_int_equal(route.to.address.family, IP_FAMILY_IPV6);
    assert_int_equal(route.to.length, 0);
    assert_int_equal(route.table, ROUTE_TABLE_MAIN);
    assert_int_equal(config_route_metric(&route), ROUTE_METRIC_IPV6);
    assert_int_equal(route_of("default dev eth0").family, IP_FAMILY_IPV4);
}

static void what_is_written_of_it_reads_the_same(void **state)
{
    static const char *const routes[] = {
        "default via 192.0.2.1 src 192.0.2.10",
        "10.0.0.0/8 dev eth0 table 100",
        "192.0.2.7 via 192.0.2.1 dev eth0 src 192.0.2.10 metric 7 table local scope 253 mtu 1400 "
        "onlink",
        "unreachable 2001:db8::/32 metric 5",
        "::/0 via fe80::1 dev eth0",
        "local 198.51.100.0/24 dev lo table default",
    };
    static const char *const rules[] = {
        "from 192.0.2.10 table 100",
        "not from 192.0.2.0/24 to 10.0.0.0/8 iif eth0 oif eth1 fwmark 0x1/0xff priority 7 table "
        "main",
        "from all inet6 fwmark 0x10 prohibit",
        "from 2001:db8::/32 blackhole",
        "from all to 10.0.0.0/8 unreachable",
    };
    char text[ROUTE_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        struct config_route route = route_of(routes[i]);

        assert_string_equal(config_route_format(&route, text, sizeof(text)), routes[i]);
    }
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct config_rule rule = rule_of(rules[i]);

        assert_string_equal(config_rule_format(&rule, text, sizeof(text)), rules[i]);
    }
    /* An IPv6 default without anything that tells its family. */
    struct config_route route = route_of("inet6 default dev tun0");
    assert_string_equal(config_route_format(&route, text, sizeof(text)), "::/0 dev tun0");
}

static void two_are_in_one_place_when_the_kernel_takes_one_only(void **state)
{
    struct config_route a = route_of("10.0.0.0/8 via 192.0.2.1");
    struct config_route b = route_of("10.0.0.0/8 via 192.0.2.2 src 192.0.2.10");
    struct config_route other = route_of("10.0.0.0/8 via 192.0.2.1 table 9");
    struct config_route metric = route_of("10.0.0.0/8 via 192.0.2.1 metric 9");
    struct config_route six = route_of("2001:db8::/32 dev eth0 metric 1024");
    struct config_route plain = route_of("2001:db8::/32 dev eth1");

    (void)state;
    assert_true(config_route_same_place(&a, &b));
    assert_false(config_route_same_place(&a, &other));
    assert_false(config_route_same_place(&a, &metric));
    assert_true(config_route_same_place(&six, &plain));
}

static void each_word_makes_another_route(void **state)
{
    static const char *const texts[] = {
        "10.0.0.0/8 via 192.0.2.1",
        "10.0.0.0/9 via 192.0.2.1",
        "10.0.0.0/8 via 192.0.2.2",
        "10.0.0.0/8 via 192.0.2.1 src 192.0.2.10",
        "10.0.0.0/8 via 192.0.2.1 dev eth0",
        "10.0.0.0/8 via 192.0.2.1 table 9",
        "10.0.0.0/8 via 192.0.2.1 metric 9",
        "10.0.0.0/8 via 192.0.2.1 mtu 1400",
        "10.0.0.0/8 via 192.0.2.1 scope link",
        "10.0.0.0/8 via 192.0.2.1 scope global",
        "10.0.0.0/8 via 192.0.2.1 dev eth0 onlink",
        "blackhole 10.0.0.0/8",
        "2001:db8::/32 via 2001:db8::1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++) {
            struct config_route a = route_of(texts[i]);
            struct config_route b = route_of(texts[j]);

            if (config_route_equal(&a, &b) != (i == j))
                fail_msg("%s and %s", texts[i], texts[j]);
        }
    }
}

static void each_word_makes_another_rule(void **state)
{
    static const char *const texts[] = {
        "from 10.0.0.0/8 table 9",
        "from 10.0.0.0/9 table 9",
        "from 10.0.0.0/8 table 10",
        "from 10.0.0.0/8 to 10.1.0.0/16 table 9",
        "from 10.0.0.0/8 iif eth0 table 9",
        "from 10.0.0.0/8 oif eth0 table 9",
        "from 10.0.0.0/8 fwmark 1 table 9",
        "from 10.0.0.0/8 fwmark 1/0xff table 9",
        "from 10.0.0.0/8 table 9 priority 5",
        "not from 10.0.0.0/8 table 9",
        "from 10.0.0.0/8 blackhole",
        "from 2001:db8::/32 table 9",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++) {
            struct config_rule a = rule_of(texts[i]);
            struct config_rule b = rule_of(texts[j]);

            if (config_rule_equal(&a, &b) != (i == j))
                fail_msg("%s and %s", texts[i], texts[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_has_what_its_words_say),
        cmocka_unit_test(what_is_written_of_it_reads_the_same),
        cmocka_unit_test(two_are_in_one_place_when_the_kernel_takes_one_only),
        cmocka_unit_test(each_word_makes_another_route),
        cmocka_unit_test(each_word_makes_another_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
