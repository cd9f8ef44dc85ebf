/* Whole files: what sections and several files make together, how lines are read, the bounds. */
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Four lines: what is put behind begins at line 5. */
#define GOOD "[instance web]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24\n"
#define DUAL GOOD "addresses = 2001:db8::10/64\n"
#define BARE "[instance web]\ninterface = eth0\nvrid = 51\n"

enum { TEXT_SIZE = 8192 };

static void the_node_and_inherited_values(void **state)
{
    struct config_problems problems;
    struct config *config =
        parse_text("[node]\nname = lb1\nlease = 10s\nrealtime = no\nhook-user = daemon\n"
                   "recorder = off\nrecorder-time = 30s\nrecorder-files = 8\n" DUAL
                   "[instance db]\ninterface = eth1\nvrid = 51\naddresses = 192.0.2.10/24\n"
                   "lease = off\nhook-user = nobody\n",
                   &problems);

    (void)state;
    assert_non_null(config);
    assert_int_equal(problems.count, 0);
    assert_string_equal(config->node_name, "lb1");
    assert_false(config->realtime);
    assert_false(config->recorder);
    assert_int_equal(config->recorder_time_ns, 30 * NS_PER_SEC);
    assert_int_equal(config->recorder_files, 8);
    assert_int_equal(config->lease_ns, 10 * NS_PER_SEC);
    assert_int_equal(config->instance_count, 2);
    const struct config_instance *web = config_find_instance(config, "web");
    assert_non_null(web);
    assert_string_equal(web->file, "t.conf");
    assert_string_equal(web->hook_user, "daemon");
    assert_string_equal(config_find_instance(config, "db")->hook_user, "nobody");
    assert_int_equal(web->line, 9);
    assert_int_equal(web->lease_ns, 10 * NS_PER_SEC);
    assert_int_equal(config_find_instance(config, "db")->lease_ns, 0);
    assert_null(config_find_instance(config, "nobody"));
    config_free(config);
    config_problems_free(&problems);
}

static void the_link_local_address_is_first(void **state)
{
    struct config_problems problems;
    char text[ADDRESS_TEXT_SIZE];
    struct config *config = parse_text(DUAL, &problems);

    (void)state;
    assert_non_null(config);
    struct config_instance *web = &config->instances[0];
    assert_int_equal(web->ipv6_count, 2);
    assert_true(web->link_local_derived);
    assert_string_equal(ip_prefix_format(&web->ipv6[0], text, sizeof(text)),
                        "fe80::200:5eff:fe00:233/64");
    config_free(config);
    config_problems_free(&problems);

    config = parse_text(DUAL "addresses = fe80::1/64, 2001:db8::11/64\n", &problems);
    assert_non_null(config);
    web = &config->instances[0];
    assert_int_equal(web->ipv6_count, 3);
    assert_false(web->link_local_derived);
    assert_string_equal(ip_prefix_format(&web->ipv6[0], text, sizeof(text)), "fe80::1/64");
    assert_string_equal(ip_prefix_format(&web->ipv6[1], text, sizeof(text)), "2001:db8::10/64");
    assert_string_equal(ip_prefix_format(&web->ipv6[2], text, sizeof(text)), "2001:db8::11/64");
    config_free(config);
    config_problems_free(&problems);
}

/* What the virtual router of that family claims, as a text. */
static const char *claims_of(const struct config_instance *instance, enum ip_family family,
                             char *buffer, size_t size)
{
    size_t count = 0;
    const struct claimed_address *claims = config_claims(instance, family, &count);
    size_t used = 0;

    buffer[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char text[ADDRESS_TEXT_SIZE];

        used += (size_t)snprintf(buffer + used, size - used, "%s%s%s", i > 0 ? " " : "",
                                 ip_prefix_format(&claims[i].prefix, text, sizeof(text)),
                                 claims[i].extra ? "*" : "");
    }
    return buffer;
}

#define EXTRA "extra-addresses = 2001:db8::9/64, 192.0.2.9/24 dev lo\n"

/* To the other one where their own family has none. */
static void extra_addresses_go_with_a_virtual_router(void **state)
{
    static const struct {
        const char *text;
        const char *four;
        const char *six;
    } cases[] = {
        {GOOD EXTRA, "192.0.2.10/24 192.0.2.9/24* 2001:db8::9/64*", ""},
        {GOOD "version = 2\n" EXTRA, "192.0.2.10/24 192.0.2.9/24* 2001:db8::9/64*", ""},
        {DUAL EXTRA, "192.0.2.10/24 192.0.2.9/24*",
         "fe80::200:5eff:fe00:233/64 2001:db8::10/64 2001:db8::9/64*"},
        {BARE "addresses = 2001:db8::10/64\n" EXTRA, "",
         "192.0.2.9/24* fe80::200:5eff:fe00:233/64 2001:db8::10/64 2001:db8::9/64*"},
        {BARE EXTRA, "192.0.2.9/24* 2001:db8::9/64*", ""},
        {BARE, "", ""},
        {BARE "source = fe80::5\n", "", "fe80::200:5eff:fe00:233/64"},
        {BARE "addresses = fe80::1/64 dev eth1, 2001:db8::10/64\n", "",
         "fe80::200:5eff:fe00:233/64 fe80::1/64 2001:db8::10/64"},
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_problems problems;
        struct config *config = parse_text(cases[i].text, &problems);

        assert_non_null(config);
        const struct config_instance *web = &config->instances[0];
        assert_string_equal(claims_of(web, IP_FAMILY_IPV4, text, sizeof(text)), cases[i].four);
        assert_string_equal(claims_of(web, IP_FAMILY_IPV6, text, sizeof(text)), cases[i].six);
        assert_int_equal(config_router_count(web),
                         cases[i].four[0] != '\0' && cases[i].six[0] != '\0' ? 2 : 1);
        config_free(config);
        config_problems_free(&problems);
    }
}

static void words_behind_an_address_are_kept(void **state)
{
    struct config_problems problems;
    struct config *config =
        parse_text(BARE "addresses = 192.0.2.10/24 dev eth1 label eth1:a scope link brd + "
                        "noprefixroute 192.0.2.11/24   dev   eth0\n",
                   &problems);

    (void)state;
    assert_non_null(config);
    const struct claimed_address *claims = config->instances[0].claims;
    assert_int_equal(config->instances[0].claim_count, 2);
    assert_string_equal(claims[0].device, "eth1");
    assert_string_equal(claims[0].label, "eth1:a");
    assert_true(claims[0].has_scope);
    assert_int_equal(claims[0].scope, ADDRESS_SCOPE_LINK);
    assert_memory_equal(claims[0].broadcast, "\xc0\x00\x02\xff", 4);
    assert_true(claims[0].no_prefix_route);
    /* The interface itself says nothing new. */
    assert_string_equal(claims[1].device, "");
    assert_false(claims[1].has_scope);
    config_free(config);
    config_problems_free(&problems);
}

static void several_files_are_one_configuration(void **state)
{
    const struct config_source sources[] = {{"a.conf", "[node]\nname = lb1\n"}, {"b.conf", GOOD}};
    const struct config_source twice[] = {
        {"a.conf", GOOD}, {"b.conf", GOOD "[instance x]\n"}, {"c.conf", "nonsense\n"}};
    static const char *const wanted[] = {
        "b.conf:1: [instance web]: a second time, the first is at a.conf:1",
        "b.conf:5: [instance x] interface: missing", "b.conf:5: [instance x] vrid: missing",
        "c.conf:1: found 'nonsense'"};
    struct config_problems problems;
    char line[1024];

    (void)state;
    struct config *config = config_parse(sources, 2, &problems);
    assert_non_null(config);
    assert_int_equal(config->instance_count, 1);
    assert_int_equal(config->file_count, 2);
    assert_string_equal(config->instances[0].file, "b.conf");
    config_free(config);
    config_problems_free(&problems);

    assert_null(config_parse(twice, 3, &problems));
    assert_int_equal(problems.count, sizeof(wanted) / sizeof(wanted[0]));
    for (size_t i = 0; i < problems.count; i++) {
        config_problem_format(&problems.list[i], line, sizeof(line));
        if (strncmp(line, wanted[i], strlen(wanted[i])) != 0)
            fail_msg("got  %s\nwant %s", line, wanted[i]);
    }
    config_problems_free(&problems);
}

static void the_same_router_on_other_links_and_of_another_family_is_no_clash(void **state)
{
    struct config_problems problems;
    struct config *config =
        parse_text(GOOD "[instance six]\ninterface = eth0\nvrid = 51\naddresses = 2001:db8::1/64\n"
                        "[instance far]\ninterface = eth1\nvrid = 51\naddresses = 192.0.2.10/24\n"
                        "[instance one]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.11/24\n"
                        "unicast-peers = 192.0.2.2\nmac = virtual\n"
                        "[instance two]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.12/24\n"
                        "unicast-peers = 192.0.2.3\n",
                   &problems);

    (void)state;
    assert_non_null(config);
    config_free(config);
    config_problems_free(&problems);
}

static void unicast_needs_no_interface(void **state)
{
    struct config_problems problems;
    struct config *config =
        parse_text("[instance web]\nvrid = 51\naddresses = 192.0.2.10/24\n"
                   "unicast-peers = 192.0.2.2\n"
                   "[instance db]\nvrid = 51\naddresses = 192.0.2.11/24\n"
                   "unicast-peers = 192.0.2.3\n"
                   "[instance dc]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.12/24\n",
                   &problems);

    (void)state;
    assert_non_null(config);
    assert_string_equal(config->instances[0].interface, "");
    config_free(config);
    config_problems_free(&problems);
}

static void other_line_ends_marks_and_comments(void **state)
{
    struct config_problems problems;
    struct config *config =
        parse_text("\xef\xbb\xbf# \x01 caf\xc3\xa9\r\n[instance web]\r\n; one\r\n"
                   "\r\n\tinterface=eth0\r\n  vrid = 51\r\n  # two = 2\r\n"
                   "addresses = 192.0.2.10/24",
                   &problems);

    (void)state;
    assert_non_null(config);
    assert_string_equal(config->instances[0].interface, "eth0");
    assert_int_equal(config->instances[0].vrid, 51);
    assert_int_equal(config->instances[0].line, 2);
    config_free(config);
    config_problems_free(&problems);
    config = parse_text("", &problems);
    assert_non_null(config);
    assert_int_equal(config->instance_count, 0);
    config_free(config);
    config_problems_free(&problems);
}

/* A '#' or ';' within a line is part of the value, whatever the INI library was built to do. */
static void values_are_whole(void **state)
{
    struct config_problems problems;
    struct config *config =
        parse_text(GOOD "on-master = /bin/sh -c 'echo hi ; touch x # y'\ntrack = web\n"
                        "[check web]\ntype = http\nurl = http://127.0.0.1/#;a\n"
                        "expect-body = Status ; OK #1\n"
                        "[check ask]\ntype = tcp\nconnect = 127.0.0.1:1\n"
                        "send = LOGIN #7;x\nexpect = ;\n",
                   &problems);

    (void)state;
    assert_non_null(config);
    assert_string_equal(config->instances[0].hooks[HOOK_MASTER][2], "echo hi ; touch x # y");
    assert_string_equal(config->checks[0].url, "http://127.0.0.1/#;a");
    assert_string_equal(config->checks[0].body, "Status ; OK #1");
    assert_memory_equal(config->checks[1].send.data, "LOGIN #7;x", 10);
    assert_int_equal(config->checks[1].send.size, 10);
    assert_memory_equal(config->checks[1].expect.data, ";", 1);
    config_free(config);
    config_problems_free(&problems);
}

/* Lines are longer than what the INI library takes at once; a key must not be. */
static void long_lines_are_read_whole(void **state)
{
    struct config_problems problems;
    char text[TEXT_SIZE] = GOOD "addresses = ";
    size_t used = strlen(text);

    (void)state;
    for (int i = 0; i < 200; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "10.0.0.%d/24,", i + 1);
    struct config *config = parse_text(text, &problems);
    assert_non_null(config);
    assert_int_equal(config->instances[0].ipv4_count, 201);
    config_free(config);
    config_problems_free(&problems);

    snprintf(text, sizeof(text), GOOD "on-master = /bin/sh -c '%0400d  %0400d'", 1, 1);
    config = parse_text(text, &problems);
    assert_non_null(config);
    assert_int_equal(strlen(config->instances[0].hooks[HOOK_MASTER][2]), 802);
    config_free(config);
    config_problems_free(&problems);

    snprintf(text, sizeof(text), GOOD "%0500d = 1", 1);
    assert_null(parse_text(text, &problems));
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.list[0].line, 5);
    assert_non_null(strstr(problems.list[0].text, "too long"));
    config_problems_free(&problems);
}

static void problems_are_bounded(void **state)
{
    struct config_problems problems;
    char text[TEXT_SIZE] = "[node]\n";
    char line[128];
    size_t used = strlen(text);

    (void)state;
    for (int i = 0; i < 2 * CONFIG_PROBLEMS_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "zzz = %d\n", i);
    assert_null(parse_text(text, &problems));
    assert_int_equal(problems.count, CONFIG_PROBLEMS_MAX);
    assert_int_equal(problems.list[0].line, 2);
    assert_string_equal(
        config_problem_format(&problems.list[problems.count - 1], line, sizeof(line)),
        "t.conf: there are more problems; these are the first");
    config_problems_free(&problems);
}

/* All files together, and the bound itself is still good. */
static void sizes_are_bounded(void **state)
{
    struct config_problems problems;
    char *text = malloc(CONFIG_BYTES_MAX + 1);
    struct config_source sources[] = {{"a.conf", text}, {"b.conf", ""}};

    (void)state;
    assert_non_null(text);
    memset(text, '\n', CONFIG_BYTES_MAX);
    text[CONFIG_BYTES_MAX] = '\0';
    struct config *config = config_parse(sources, 2, &problems);
    assert_non_null(config);
    config_free(config);
    config_problems_free(&problems);

    sources[1].text = "\n";
    assert_null(config_parse(sources, 2, &problems));
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.list[0].file, "b.conf");
    assert_non_null(strstr(problems.list[0].text, "too large"));
    config_problems_free(&problems);
    free(text);
}

static void instances_are_bounded(void **state)
{
    const size_t room = (size_t)(INSTANCES_MAX + 1) * 96;
    struct config_problems problems;
    char *text = malloc(room);
    size_t used = 0;

    (void)state;
    assert_non_null(text);
    for (int i = 0; i <= INSTANCES_MAX; i++) {
        if (i == INSTANCES_MAX) {
            struct config *config = parse_text(text, &problems);
            assert_non_null(config);
            assert_int_equal(config->instance_count, INSTANCES_MAX);
            config_free(config);
            config_problems_free(&problems);
        }
        used += (size_t)snprintf(text + used, room - used,
                                 "[instance i%d]\ninterface=e%d\nvrid=%d\naddresses=10.0.%d.%d\n",
                                 i, i / 255, i % 255 + 1, i / 256, i % 256);
    }
    assert_true(used < room);
    assert_null(parse_text(text, &problems));
    assert_int_equal(problems.count, 1);
    assert_non_null(strstr(problems.list[0].text, "too many instances"));
    config_problems_free(&problems);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_node_and_inherited_values),
        cmocka_unit_test(the_link_local_address_is_first),
        cmocka_unit_test(extra_addresses_go_with_a_virtual_router),
        cmocka_unit_test(words_behind_an_address_are_kept),
        cmocka_unit_test(several_files_are_one_configuration),
        cmocka_unit_test(the_same_router_on_other_links_and_of_another_family_is_no_clash),
        cmocka_unit_test(unicast_needs_no_interface),
        cmocka_unit_test(other_line_ends_marks_and_comments),
        cmocka_unit_test(values_are_whole),
        cmocka_unit_test(long_lines_are_read_whole),
        cmocka_unit_test(problems_are_bounded),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(instances_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
