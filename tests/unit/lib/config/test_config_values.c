/* Each key of the schema: what it takes, what it refuses, and that the table itself is sound. */
#include "lib/config/config.h"
#include "lib/config/schema.h"
#include "lib/config/values.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

struct key_case {
    const char *key;
    const char *const *good;
    const char *const *bad;
};

static int parse(const char *key_name, const char *text, struct config_instance *out)
{
    char error[CONFIG_ERROR_SIZE] = "";
    const struct config_key *key = config_schema_key(config_schema_instance(), key_name);

    assert_non_null(key);
    int result = config_value_parse(key, text, out, error, sizeof(error));
    assert_true(result == 0 || result == -EINVAL);
    assert_true((result != 0) == (error[0] != '\0'));
    return result;
}

/* 32 octets. */
#define KEY_32 "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"

static void drop(struct config_instance *instance)
{
    free(instance->claims);
    free(instance->peers);
    free(instance->routes);
    free(instance->rules);
    free(instance->auth_keys);
    free(instance->password_file);
    free(instance->avoid);
    free(instance->hook_user);
    auth_keys_unref(instance->inline_secrets);
    for (size_t hook = 0; hook < HOOKS; hook++)
        free(instance->hooks[hook]);
    free(instance->track.list);
    *instance = (struct config_instance){0};
}

static void takes_good_and_refuses_bad_values(void **state)
{
    const struct key_case cases[] = {
        {"interface", TEXTS("eth0", "a", "br-lan.100@x", "fifteen-letters"),
         TEXTS("", "sixteen-letters-", "a/b", "a b", "a:1", ".", "..", "a\tb")},
        {"vrid", TEXTS("1", "255", "051"),
         TEXTS("0", "256", "-1", "+1", "1.5", "x", "", "1 2", "4294967297",
               "99999999999999999999")},
        {"priority", TEXTS("1", "254", "255"), TEXTS("0", "256", "")},
        {"addresses", TEXTS("192.0.2.1", "192.0.2.1/24", "2001:db8::1/64", "fe80::1"),
         TEXTS("192.0.2.300", "192.0.2.1/33", "192.0.2.1/0", "224.0.0.18", "ff02::12", "0.0.0.0",
               "::", "127.0.0.1", "::1/128", "255.255.255.255", "eth0", "fe80::1%eth0")},
        {"extra-addresses",
         TEXTS("192.0.2.1 dev lo", "2001:db8::1/64 dev br-lan.100@x noprefixroute",
               "192.0.2.1/24 brd + label eth0:1 scope host dev eth0", "192.0.2.1/24 scope 130",
               "192.0.2.1/24 broadcast 192.0.2.255", "fe80::1/64 scope link"),
         TEXTS("192.0.2.1 dev", "192.0.2.1 dev a/b", "192.0.2.1 dev a dev b", "dev lo 192.0.2.1",
               "192.0.2.1 label sixteen-letters-", "2001:db8::1 label eth0", "192.0.2.1 scope 255",
               "192.0.2.1 scope here", "2001:db8::1 scope link", "2001:db8::1 brd +",
               "192.0.2.1 brd 2001:db8::1", "192.0.2.1 peer 192.0.2.2", "192.0.2.1 metric 1",
               "192.0.2.1 valid_lft forever", "192.0.2.1 nowhere", "192.0.2.1 192.0.2.2")},
        {"version", TEXTS("2", "3"), TEXTS("1", "4", "v3", "")},
        {"advert-interval", TEXTS("10ms", "1s", "40.95s", "255s"),
         TEXTS("1", "0", "9ms", "15ms", "256s", "off", "")},
        {"unicast-peers", TEXTS("192.0.2.1", "2001:db8::1"),
         TEXTS("192.0.2.1/24", "224.0.0.1", "host", "::")},
        {"source", TEXTS("192.0.2.1", "fe80::1"), TEXTS("192.0.2.1/24", "127.0.0.1", "eth0")},
        {"preempt", TEXTS("yes", "no", "after 5s", "after \t 1.5s"),
         TEXTS("", "after", "after ", "after5s", "after 5", "after 0s", "after 2d", "5s", "Yes")},
        {"mac", TEXTS("interface", "virtual"), TEXTS("", "Virtual", "vmac")},
        {"checksum", TEXTS("auto", "rfc5798", "rfc9568"), TEXTS("", "rfc3768")},
        {"strict", TEXTS("yes", "no"), TEXTS("", "true", "1", "YES")},
        {"accept", TEXTS("yes", "no"), TEXTS("", "off")},
        {"routes",
         TEXTS("default via 192.0.2.1", "10.0.0.0/8 dev eth0 src 192.0.2.10 metric 5 table 100",
               "blackhole 10.0.0.0/8", "2001:db8:1::/48 via fe80::1 dev eth0 onlink",
               "inet6 default dev tun0", "192.0.2.7 dev eth0 scope link mtu 1400"),
         TEXTS("", "default", "via 192.0.2.1", "10.0.0.1/8 dev eth0", "default via 192.0.2.300",
               "default via 2001:db8::1 src 192.0.2.1", "blackhole 10.0.0.0/8 dev eth0",
               "default via 192.0.2.1 onlink", "default via 192.0.2.1 via 192.0.2.2",
               "default via 192.0.2.1 proto static", "default via 192.0.2.1 table 0",
               "default via 192.0.2.1 table office", "default via 192.0.2.1 mtu 67",
               "default via 192.0.2.1 metric", "default via 192.0.2.1 metric -1",
               "default via 192.0.2.1 metric 4294967296", "default via 192.0.2.1 scope wide",
               "default dev a/b", "default nexthop via 192.0.2.1", "inet6 default via 192.0.2.1")},
        {"rules",
         TEXTS("from 192.0.2.10 table 100", "not from 192.0.2.0/24 to all lookup main pref 7",
               "fwmark 0x10/0xff iif eth0 oif eth1 table 4294967295", "inet6 iif eth0 prohibit",
               "from 2001:db8::10 blackhole"),
         TEXTS("", "from 192.0.2.10", "from 192.0.2.10/24 table 100", "table 0", "table",
               "from 192.0.2.10 to 2001:db8::1 table 100", "from 192.0.2.10 inet6 table 100",
               "table 100 prohibit", "table 100 priority 0", "fwmark 1/0 table 100",
               "fwmark 0x100000000 table 100", "tos 4 table 100", "priority 1 pref 2 table 100")},
        {"adopt", TEXTS("yes", "no"), TEXTS("", "true")},
        {"announce-repeat", TEXTS("0", "10"), TEXTS("11", "-1", "")},
        {"announce-refresh", TEXTS("off", "1s", "60s", "1d"), TEXTS("0", "999ms", "25h", "auto")},
        {"announce-form", TEXTS("request", "both"), TEXTS("reply", "")},
        {"lease", TEXTS("off", "1s", "1h"), TEXTS("0", "1.5s", "500ms", "3601s", "auto")},
        {"linger", TEXTS("auto", "10ms", "10m"), TEXTS("0s", "9ms", "601s", "off")},
        {"on-master", TEXTS("/bin/true", "a 'b c'", "unit: mail-x.sh"),
         TEXTS("", "a 'b", "a > b", "a\\", "unit:", "unit: ", "unit:mail", "unit: a b",
               "unit: ../a", "unit: .a", "unit: a@b")},
        {"on-backup", TEXTS("/bin/true", "a \"b c\""), TEXTS("", "a | b", "$HOOK")},
        {"on-init", TEXTS("/bin/true", "a b\\ c"), TEXTS("", "a; b", "(a)")},
        {"unicast-ttl", TEXTS("1", "64", "255"), TEXTS("", "0", "256", "any")},
        {"dead-factor", TEXTS("2", "3", "100"), TEXTS("", "0", "1", "101", "3.5", "three")},
        {"multicast-group", TEXTS("224.0.0.77", "ff02::77"),
         TEXTS("", "192.0.2.1", "fe80::1", "a")},
        {"password", TEXTS("x", "12345678", "a b", "longer than 8"), TEXTS("", "a # b", "a\x7f")},
        {"password-file", TEXTS("/etc/vipd/p"), TEXTS("", "p", "~/p")},
        {"auth-key", TEXTS("1:/etc/vipd/k", "255:web.key", "7:hex:" KEY_32, "2:" KEY_32, "3:hex"),
         TEXTS("", "/etc/vipd/k", "0:/k", "256:/k", "1:", "1:a/b", "1:..", "1:hex:", "1:hex:00",
               "1:hex:" KEY_32 "0", "1:hex:" KEY_32 "zz", "1:hex:" KEY_32 KEY_32 "00", "-1:/k")},
        {"auth-mode", TEXTS("receive-only", "permissive", "enforce"), TEXTS("", "on", "strict")},
        {"auth-replay", TEXTS("time", "monotonic"), TEXTS("", "none")},
        {"auth-window", TEXTS("auto", "1s", "5m"), TEXTS("", "0", "301s", "500ms", "1.5s", "off")},
        {"unicast-min-ttl", TEXTS("0", "1", "255"), TEXTS("", "256", "-1", "any")},
        {"unicast-max-ttl", TEXTS("0", "1", "255"), TEXTS("", "256", "-1", "any")},
        {"on-change", TEXTS("/bin/true", "sh -c 'a > b'"), TEXTS("", "a & b", "`a`")},
        {"on-rival", TEXTS("/bin/true"), TEXTS("", "a & b")},
        {"before-master", TEXTS("/bin/true", "unit: promote"), TEXTS("", "a; b", "unit:")},
        {"before-master-timeout", TEXTS("100ms", "60s", "1h"), TEXTS("99ms", "2h", "off", "0")},
        {"before-master-failure", TEXTS("give-up", "claim"), TEXTS("", "yes", "release")},
        {"release-first", TEXTS("yes", "no"), TEXTS("", "1")},
        {"avoid", TEXTS("db-writer"), TEXTS("", "a b", "a/b")},
        {"hook-timeout", TEXTS("100ms", "30s", "1h"), TEXTS("99ms", "2h", "off", "0", "")},
        {"hook-user", TEXTS("nobody", "_vipd.x-1"), TEXTS("", "a b", "a/b")},
        {"systemd-target", TEXTS("yes", "no"), TEXTS("", "on")},
        {"follow-link", TEXTS("yes", "no"), TEXTS("", "off")},
        {"link-down-delay", TEXTS("0s", "1ms", "10m"), TEXTS("", "11m", "off", "-1s")},
        {"link-up-delay", TEXTS("0s", "1ms", "10m"), TEXTS("", "11m", "off", "3")},
        {"on-conflict", TEXTS("defend", "release"), TEXTS("", "yield", "no")},
        {"conflict-quiet", TEXTS("1s", "60s", "1d"), TEXTS("0", "999ms", "25h", "off")},
        {"track", TEXTS("haproxy", "a.b-c_1"), TEXTS("", "a b", "a/b")},
        {"flap-damping", TEXTS("off", "2 in 1s", "3 in 1m hold 5m", "20 in 1d"),
         TEXTS("", "0", "1 in 1m", "21 in 1m", "3", "3 in", "3 in 1", "3 in 500ms", "3 in 2d",
               "3 in 1m hold", "3 in 1m hold 0s", "3 in 1m hold 5m more", "3 in 1m for 5m",
               "-3 in 1m", "3in 1m hold 5m x")},
    };
    size_t count = sizeof(cases) / sizeof(cases[0]);

    (void)state;
    assert_int_equal(count, INSTANCE_KEYS); /* a new key needs its row here */
    for (size_t i = 0; i < count; i++) {
        struct config_instance instance = {0};

        for (const char *const *text = cases[i].good; *text != NULL; text++) {
            if (parse(cases[i].key, *text, &instance) != 0)
                fail_msg("%s: '%s' was refused", cases[i].key, *text);
            drop(&instance);
        }
        for (const char *const *text = cases[i].bad; *text != NULL; text++) {
            static const struct config_instance untouched;

            if (parse(cases[i].key, *text, &instance) == 0)
                fail_msg("%s: '%s' was taken", cases[i].key, *text);
            assert_memory_equal(&instance, &untouched, sizeof(instance));
        }
    }
}

static void stores_typed_values(void **state)
{
    struct config_instance instance = {.announce_refresh_ns = 1, .preempt = PREEMPT_YES};

    (void)state;
    assert_int_equal(parse("interface", "eth0", &instance), 0);
    assert_string_equal(instance.interface, "eth0");
    assert_int_equal(parse("interface", "x", &instance), 0);
    assert_string_equal(instance.interface, "x");
    assert_int_equal(parse("vrid", "51", &instance), 0);
    assert_int_equal(instance.vrid, 51);
    assert_int_equal(parse("version", "2", &instance), 0);
    assert_int_equal(instance.version, VRRP_V2);
    assert_int_equal(parse("preempt", "after 90s", &instance), 0);
    assert_int_equal(instance.preempt, PREEMPT_AFTER);
    assert_int_equal(instance.preempt_delay_ns, 90 * NS_PER_SEC);
    assert_int_equal(parse("announce-refresh", "off", &instance), 0);
    assert_int_equal(instance.announce_refresh_ns, 0);
    assert_int_equal(parse("announce-form", "both", &instance), 0);
    assert_true(instance.announce_reply);
    assert_int_equal(parse("announce-repeat", "7", &instance), 0);
    assert_int_equal(instance.announce_repeat, 7);
    assert_int_equal(parse("mac", "virtual", &instance), 0);
    assert_int_equal(instance.mac, MAC_VIRTUAL);
    assert_int_equal(parse("checksum", "rfc9568", &instance), 0);
    assert_int_equal(instance.checksum, CHECKSUM_MODE_RFC9568);
    assert_int_equal(parse("addresses", "192.0.2.10", &instance), 0);
    assert_int_equal(instance.claims[0].prefix.length, 32);
    assert_int_equal(parse("unicast-peers", "192.0.2.2", &instance), 0);
    assert_true(instance.unicast);
    drop(&instance);
}

static void bounds_lists(void **state)
{
    struct config_instance instance = {0};
    char text[ADDRESS_TEXT_SIZE];

    (void)state;
    for (int i = 0; i < INSTANCE_PEERS_MAX; i++) {
        snprintf(text, sizeof(text), "192.0.2.%d", i + 1);
        assert_int_equal(parse("unicast-peers", text, &instance), 0);
    }
    assert_int_equal(parse("unicast-peers", "198.51.100.1", &instance), -EINVAL);
    assert_int_equal(instance.peer_count, INSTANCE_PEERS_MAX);
    for (int i = 0; i < INSTANCE_ADDRESSES_MAX - 1; i++) {
        snprintf(text, sizeof(text), "10.0.%d.%d", i / 256, i % 256);
        assert_int_equal(parse("addresses", text, &instance), 0);
    }
    assert_int_equal(parse("addresses", "2001:db8::1", &instance), -EINVAL);
    drop(&instance);
}

static void judges_names(void **state)
{
    char name[NAME_SIZE + 1];

    (void)state;
    memset(name, 'n', sizeof(name));
    assert_true(config_name_valid("lb-1.example_x", 14));
    assert_true(config_name_valid(name, NAME_SIZE - 1));
    assert_false(config_name_valid(name, NAME_SIZE));
    assert_false(config_name_valid("", 0));
    assert_false(config_name_valid("a b", 3));
    assert_false(config_name_valid("a\0b", 3));
    assert_false(config_name_valid("\xc3\xa9", 2));
}

/* Every row can be documented, every default and sample parses, no name hides another. */
static void schema_is_sound(void **state)
{
    size_t count = 0;
    const struct config_section *sections = config_schema(&count);

    (void)state;
    assert_ptr_equal(config_schema_node(), config_schema_section("node"));
    assert_ptr_equal(config_schema_instance(), config_schema_section("instance"));
    assert_ptr_equal(config_schema_check(), config_schema_section("check"));
    assert_null(config_schema_section("nodes"));
    for (size_t i = 0; i < count; i++) {

        assert_non_null(sections[i].help);
        for (size_t j = 0; j < sections[i].key_count; j++) {
            const struct config_key *key = &sections[i].keys[j];
            struct config_instance instance = {0};
            struct config config = {0};
            struct config_check check = {0};
            void *base = &instance;
            char error[CONFIG_ERROR_SIZE];

            if (&sections[i] == config_schema_node())
                base = &config;
            else if (&sections[i] == config_schema_check())
                base = &check;

            assert_non_null(key->name);
            assert_ptr_equal(config_schema_key(&sections[i], key->name), key);
            assert_non_null(key->expected);
            assert_true(key->help[strlen(key->help) - 1] == '.');
            assert_non_null(config_key_default(key));
            assert_true((key->default_text != NULL) + (key->default_note != NULL) +
                            (key->required ? 1 : 0) ==
                        1);
            assert_non_null(config_key_sample(key));
            if (!config_value_is_list(key->type))
                assert_int_equal(
                    config_value_parse(key, config_key_sample(key), base, error, sizeof(error)), 0);
            drop(&instance);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_good_and_refuses_bad_values),
        cmocka_unit_test(stores_typed_values),
        cmocka_unit_test(bounds_lists),
        cmocka_unit_test(judges_names),
        cmocka_unit_test(schema_is_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
