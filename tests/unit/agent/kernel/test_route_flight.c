/* Flights that do not look, as where looking is a walk through a full table, against the kernel. */
#include "agent/kernel/route_flight.h"

#include "tests/unit/agent/netns.h"

#include "lib/config/config.h"
#include "lib/config/schema.h"
#include "lib/config/values.h"
#include "tests/unit/emulated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int flight_open(void **state)
{
    struct route_flight *flight = calloc(1, sizeof(*flight));

    assert_non_null(flight);
    netns_enter();
    netns_veth("va", "vb");
    netns_ip("addr add 192.0.2.10/24 dev va");
    assert_int_equal(route_flight_open(flight), 0);
    *state = flight;
    return 0;
}

static int flight_close(void **state)
{
    struct route_flight *flight = *state;

    route_flight_close(flight);
    free(flight);
    return 0;
}

/* How many lines of `ip ARGUMENTS` carry our mark. */
static unsigned marked(const char *arguments)
{
    char command[128];
    char line[512];
    unsigned count = 0;

    snprintf(command, sizeof(command), "ip %s | grep 'proto 86'", arguments);
    FILE *lines = popen(command, "r"); /* NOLINT(cert-env33-c): a test */
    assert_non_null(lines);
    while (fgets(line, sizeof(line), lines) != NULL)
        count++;
    (void)pclose(lines);
    return count;
}

/* Flies with these rules as what is wanted, none for NULL. */
static void fly(struct route_flight *flight, bool look, const struct config_instance *config)
{
    flight->count = 0;
    flight->look = look;
    for (size_t i = 0; config != NULL && i < config->rule_count; i++) {
        struct route_wish *wish = route_flight_add(flight);

        assert_non_null(wish);
        wish->item.kind = ROUTE_ITEM_RULE;
        wish->item.rule = config->rules[i];
    }
    route_flight_run(flight);
    assert_int_equal(flight->look_result, 0);
    assert_int_equal(flight->removal_error, 0);
    for (size_t i = 0; i < flight->count; i++)
        assert_int_equal(flight->wishes[i].result, 0);
}

static void add_rule(struct config_instance *config, const char *text)
{
    char error[CONFIG_ERROR_SIZE] = "";
    const struct config_key *key = config_schema_key(config_schema_instance(), "rules");

    if (config_value_parse(key, text, config, error, sizeof(error)) != 0)
        fail_msg("%s: %s", text, error);
}

/* The kernel gives each such rule another priority, and so takes the same one twice. */
static void a_rule_without_a_priority_is_added_once_and_goes(void **state)
{
    struct route_flight *flight = *state;
    struct config_instance config = {0};

    if (emulated_without("rules in rtnetlink (RTM_NEWRULE)"))
        skip();
    add_rule(&config, "from 192.0.2.10 table 100");
    add_rule(&config, "from 2001:db8::10 table 101");
    add_rule(&config, "from 192.0.2.11 table 100 priority 1000");
    fly(flight, true, &config);
    for (int i = 0; i < 3; i++)
        fly(flight, false, &config);
    assert_int_equal(marked("rule"), 2);
    assert_int_equal(marked("-6 rule"), 1);
    fly(flight, false, NULL);
    assert_int_equal(marked("rule"), 0);
    assert_int_equal(marked("-6 rule"), 0);
    free(config.rules);
}

static void a_rule_that_somebody_deleted_comes_back(void **state)
{
    struct route_flight *flight = *state;
    struct config_instance config = {0};

    if (emulated_without("rules in rtnetlink (RTM_NEWRULE)"))
        skip();
    add_rule(&config, "from 192.0.2.10 table 100");
    fly(flight, true, &config);
    netns_ip("rule del from 192.0.2.10 table 100");
    assert_int_equal(marked("rule"), 0);
    fly(flight, false, &config);
    assert_int_equal(marked("rule"), 1);
    fly(flight, false, NULL);
    assert_int_equal(marked("rule"), 0);
    free(config.rules);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, flight_open, flight_close)
    const struct CMUnitTest tests[] = {
        TEST(a_rule_without_a_priority_is_added_once_and_goes),
        TEST(a_rule_that_somebody_deleted_comes_back),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
