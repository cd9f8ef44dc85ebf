/* Whole files: what they mean, and the one problem each mistake brings, word for word. */
#include "lib/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOOD "[instance web]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24\n"

enum { ROUNDS = 20000, TEXT_SIZE = 4096 };

struct mistake {
    const char *text;
    const char *problem; /* the first one */
    size_t count;
};

static const struct mistake mistakes[] = {
    {"[instance web]\nvrid = 51\naddresses = 192.0.2.10/24\n",
     "t.conf:1: [instance web] interface: missing, expected an interface name", 1},
    {"[instance web]\ninterface = eth0\naddresses = 192.0.2.10/24\n",
     "t.conf:1: [instance web] vrid: missing, expected a number from 1 to 255", 1},
    {"[instance web]\ninterface = eth0\nvrid = 51\n",
     "t.conf:1: [instance web] addresses: missing, expected addresses", 1},
    {GOOD "priority = 0\n", "t.conf:5: [instance web] priority: found '0', expected a number", 1},
    {GOOD "priority = 300\n", "t.conf:5: [instance web] priority: found '300', expected", 1},
    {GOOD "prioriti = 100\n",
     "t.conf:5: [instance web] prioriti: unknown key, did you mean 'priority'?", 1},
    {GOOD "advert-interval = 5ms\n",
     "t.conf:5: [instance web] advert-interval: found '5ms', expected multiples of 10ms", 1},
    {GOOD "advert-interval = 1\n",
     "t.conf:5: [instance web] advert-interval: found '1' without a unit, expected", 1},
    {GOOD "vrid = 52\n", "t.conf:5: [instance web] vrid: ", 1},
    {GOOD GOOD, "t.conf:5: [instance web]: a second time, the first is at t.conf:1", 1},
    {GOOD "[instanz db]\n", "t.conf:5: [instanz db]: unknown section, did you mean 'instance'?", 1},
    {GOOD "version = 2\nadvert-interval = 200ms\n",
     "t.conf:6: [instance web] advert-interval: ", 1},
    {"[instance web]\ninterface = eth0\nvrid = 51\nversion = 2\naddresses = 2001:db8::10/64\n",
     "t.conf:4: [instance web] version: found 2, but version 2 cannot carry IPv6", 1},
    {GOOD "unicast-peers = 2001:db8::2\n", "t.conf:5: [instance web] unicast-peers: ", 1},
    {GOOD "source = 192.0.2.10\n", "t.conf:5: [instance web] source: ", 1},
    {GOOD "accept = no\n", "t.conf:5: [instance web] accept: found 'no', expected 'yes'", 1},
    {GOOD "[instance db]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.11/24\n",
     "t.conf:7: [instance db] vrid: ", 1},
    {GOOD "[instance db]\ninterface = eth0\nvrid = 52\naddresses = 192.0.2.10/24\n",
     "t.conf:8: [instance db] addresses: found 192.0.2.10, which instance web (t.conf:4) has", 1},
    {GOOD "[node]\nlease = 500ms\n", "t.conf:6: [node] lease: found '500ms', expected", 1},
    {"interface = eth0\n", "t.conf:1: ", 1},
    {GOOD "this is no line\n", "t.conf:5: ", 1},
};

static struct config *parse(const char *text, struct config_problems *problems)
{
    const struct config_source source = {"t.conf", text};

    return config_parse(&source, 1, problems);
}

static void each_mistake_is_named_where_it_is(void **state)
{
    char line[1024];

    (void)state;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        struct config_problems problems;

        assert_null(parse(mistakes[i].text, &problems));
        assert_true(problems.count > 0);
        config_problem_format(&problems.list[0], line, sizeof(line));
        if (strncmp(line, mistakes[i].problem, strlen(mistakes[i].problem)) != 0)
            fail_msg("got  %s\nwant %s", line, mistakes[i].problem);
        if (problems.count != mistakes[i].count)
            fail_msg("%zu problems, not %zu: %s", problems.count, mistakes[i].count, line);
        config_problems_free(&problems);
    }
}

static void a_good_file_has_its_values_and_defaults(void **state)
{
    struct config_problems problems;
    struct config *config = parse("[node]\nname = lb1\nlease = 10s\n" GOOD
                                  "addresses = 2001:db8::10/64\n[instance db]\ninterface = eth1\n"
                                  "vrid = 51\naddresses = 192.0.2.10/24\nlease = off\n",
                                  &problems);

    (void)state;
    assert_non_null(config);
    assert_int_equal(problems.count, 0);
    assert_string_equal(config->node_name, "lb1");
    assert_int_equal(config->instance_count, 2);
    const struct config_instance *web = config_find_instance(config, "web");
    assert_non_null(web);
    assert_int_equal(web->priority, 100);
    assert_int_equal(web->advert_interval_ns, NS_PER_SEC);
    assert_int_equal(web->lease_ns, 10 * NS_PER_SEC);
    assert_int_equal(web->ipv4_count, 1);
    /* The link-local one is derived and comes first. */
    assert_int_equal(web->ipv6_count, 2);
    assert_true(web->link_local_derived);
    assert_true(ip_address_is_link_local(&web->ipv6[0].address));
    assert_int_equal(config_find_instance(config, "db")->lease_ns, 0);
    assert_null(config_find_instance(config, "nobody"));
    config_free(config);
    config_problems_free(&problems);
}

static void several_files_are_one_configuration(void **state)
{
    const struct config_source sources[] = {{"a.conf", "[node]\nname = lb1\n"}, {"b.conf", GOOD}};
    const struct config_source twice[] = {{"a.conf", GOOD}, {"b.conf", GOOD}};
    struct config_problems problems;
    char line[1024];

    (void)state;
    struct config *config = config_parse(sources, 2, &problems);
    assert_non_null(config);
    assert_int_equal(config->instance_count, 1);
    assert_int_equal(config->file_count, 2);
    config_free(config);
    config_problems_free(&problems);
    assert_null(config_parse(twice, 2, &problems));
    config_problem_format(&problems.list[0], line, sizeof(line));
    assert_non_null(strstr(line, "b.conf:1: [instance web]: a second time"));
    assert_non_null(strstr(line, "a.conf:1"));
    config_problems_free(&problems);
}

static void other_systems_line_ends_and_an_empty_file(void **state)
{
    struct config_problems problems;
    struct config *config = parse("\xef\xbb\xbf[instance web]\r\ninterface = eth0\r\nvrid = 51\r\n"
                                  "addresses = 192.0.2.10/24\r\n",
                                  &problems);

    (void)state;
    assert_non_null(config);
    assert_string_equal(config->instances[0].interface, "eth0");
    config_free(config);
    config_problems_free(&problems);
    config = parse("", &problems);
    assert_non_null(config);
    assert_int_equal(config->instance_count, 0);
    config_free(config);
    config_problems_free(&problems);
}

/* Damaged files: never a crash, and either a configuration or at least one problem. */
static void no_text_does_harm(void **state)
{
    static const char whole[] = "[node]\nname = lb1\nlease = 5s\n" GOOD
                                "priority = 150\npreempt = after 30s\nmac = virtual\n"
                                "unicast-peers = 192.0.2.2\nsource = 192.0.2.1\nlinger = 1s\n";
    static const char stuff[] = "[]=;#\n\t ,/:.0159azAZ\xff\x80\r\"\\";

    (void)state;
    srandom(3);
    for (int round = 0; round < ROUNDS; round++) {
        struct config_problems problems;
        char text[TEXT_SIZE];
        size_t size = sizeof(whole) - 1;

        memcpy(text, whole, sizeof(whole));
        for (long changes = random() % 8; changes >= 0; changes--) {
            size_t at = (size_t)random() % size;
            if (random() % 3 == 0)
                memmove(text + at, text + at + 1, size-- - at);
            else
                text[at] = stuff[(size_t)random() % (sizeof(stuff) - 1)];
        }
        struct config *config = parse(text, &problems);
        assert_true((config == NULL) == (problems.count > 0));
        config_free(config);
        config_problems_free(&problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_is_named_where_it_is),
        cmocka_unit_test(a_good_file_has_its_values_and_defaults),
        cmocka_unit_test(several_files_are_one_configuration),
        cmocka_unit_test(other_systems_line_ends_and_an_empty_file),
        cmocka_unit_test(no_text_does_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
