/* Routes and rules that come and go, against the kernel: added, shared, replaced, put back, and
 * what is somebody else's left alone. */
#include "agent/kernel/route_keeper.h"

#include "tests/unit/agent/links_nobody.h"
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
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/wait.h>

enum {
    WAIT_MS = 30 * 1000,
    QUIET_MS = 50,
};

struct node {
    sd_event *event;
    struct links *links;
    struct worker *worker;
    struct route_keeper *keeper;
};

/* What an [instance] would have, and its share. */
struct wanted {
    struct config_instance config;
    struct route_set set;
};

static int run(const char *command)
{
    int status = system(command); /* NOLINT(cert-env33-c): a test */

    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* True when `ip ARGUMENTS` shows a line with all of that text. */
static bool shows(const char *arguments, const char *text)
{
    char command[512];

    snprintf(command, sizeof(command),
             "ip %s 2>/dev/null | tr -s '[:blank:]' ' ' | grep -qF -- '%s'", arguments, text);
    return run(command) == 0;
}

static int node_open(void **state)
{
    struct node *node = calloc(1, sizeof(*node));
    const struct worker_options options = {.name = "test-kernel", .tasks_max = 8};

    netns_enter();
    netns_veth("va", "vb");
    netns_ip("addr add 192.0.2.2/24 dev va");
    netns_ip("addr add 192.0.2.10/32 dev va");
    netns_ip("addr add 2001:db8::2/64 dev va nodad");
    assert_non_null(node);
    assert_true(sd_event_new(&node->event) >= 0);
    assert_int_equal(links_open(node->event, 0, &links_nobody, &node->links), 0);
    assert_int_equal(worker_open(node->event, &options, &node->worker), 0);
    links_use_worker(node->links, node->worker);
    assert_int_equal(route_keeper_open(node->event, 0, node->links, node->worker, &node->keeper),
                     0);
    *state = node;
    return 0;
}

static int node_close(void **state)
{
    struct node *node = *state;

    worker_close(node->worker);
    route_keeper_close(node->keeper);
    links_close(node->links);
    sd_event_unref(node->event);
    free(node);
    return 0;
}

static void add_to(struct wanted *wanted, const char *key_name, const char *text)
{
    char error[CONFIG_ERROR_SIZE] = "";
    const struct config_key *key = config_schema_key(config_schema_instance(), key_name);

    if (config_value_parse(key, text, &wanted->config, error, sizeof(error)) != 0)
        fail_msg("%s: %s", text, error);
}

static struct route_lists lists_of(const struct wanted *wanted)
{
    return (struct route_lists){wanted->config.routes, wanted->config.route_count,
                                wanted->config.rules, wanted->config.rule_count};
}

static bool is_settled(void *userdata)
{
    return route_keeper_settled(userdata);
}

static void want(struct node *node, struct wanted *wanted)
{
    const struct route_lists lists = lists_of(wanted);

    wanted->set.owner = "test";
    route_keeper_want(node->keeper, &wanted->set, &lists);
    assert_true(netns_run_until(node->event, is_settled, &wanted->set, WAIT_MS));
}

static void give_up(struct node *node, struct wanted *wanted)
{
    route_keeper_want(node->keeper, &wanted->set, NULL);
    assert_int_equal(route_keeper_finish(node->keeper, WAIT_MS * NS_PER_MS), 0);
}

static void drop(struct wanted *wanted)
{
    route_keeper_free_set(&wanted->set);
    free(wanted->config.routes);
    free(wanted->config.rules);
    *wanted = (struct wanted){0};
}

static void they_come_with_our_mark_and_go(void **state)
{
    struct node *node = *state;
    struct wanted w = {0};

    if (emulated_without("rules in rtnetlink (RTM_NEWRULE)"))
        skip();
    add_to(&w, "routes", "default via 192.0.2.1 dev va src 192.0.2.10 table 100");
    add_to(&w, "routes", "10.0.0.0/8 via 192.0.2.1 metric 7 mtu 1400");
    add_to(&w, "routes", "192.0.2.77 dev va scope link");
    add_to(&w, "routes", "unreachable 10.9.0.0/16");
    add_to(&w, "routes", "2001:db8:9::/48 via 2001:db8::1 table 70000");
    add_to(&w, "routes", "198.51.100.1 via 203.0.113.1 dev va onlink");
    add_to(&w, "rules", "from 192.0.2.10 table 100 priority 1000");
    add_to(&w, "rules", "inet6 fwmark 0x7/0xff iif va table 70000");
    add_to(&w, "rules", "not to 10.0.0.0/8 oif va unreachable priority 1001");
    want(node, &w);
    assert_true(
        shows("route show table 100", "default via 192.0.2.1 dev va proto 86 src 192.0.2.10"));
    assert_true(shows("route", "10.0.0.0/8 via 192.0.2.1 dev va proto 86 metric 7 mtu 1400"));
    assert_true(shows("route", "192.0.2.77 dev va proto 86 scope link"));
    assert_true(shows("route", "unreachable 10.9.0.0/16 proto 86"));
    assert_true(shows("route", "198.51.100.1 via 203.0.113.1 dev va proto 86 onlink"));
    assert_true(shows("-6 route show table 70000",
                      "2001:db8:9::/48 via 2001:db8::1 dev va proto 86 metric 1024"));
    assert_true(shows("rule", "1000: from 192.0.2.10 lookup 100 proto 86"));
    assert_true(shows("rule", "1001: not from all to 10.0.0.0/8 oif va unreachable proto 86"));
    assert_true(shows("-6 rule", "from all fwmark 0x7/0xff iif va lookup 70000 proto 86"));
    for (size_t i = 0; i < w.config.route_count; i++)
        assert_true(route_keeper_route(&w.set, i).held);
    for (size_t i = 0; i < w.config.rule_count; i++)
        assert_true(route_keeper_rule(&w.set, i).held);
    /* The kernel has filled in what was left open: nothing is done again. */
    route_keeper_run(node->keeper);
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(route_keeper_repairs(node->keeper), 0);
    give_up(node, &w);
    assert_false(shows("route show table all", "proto 86"));
    assert_false(shows("-6 route show table all", "proto 86"));
    assert_false(shows("rule", "proto 86"));
    assert_false(shows("-6 rule", "proto 86"));
    assert_false(route_keeper_route(&w.set, 0).held);
    drop(&w);
}

static void what_two_want_stays_for_the_second(void **state)
{
    struct node *node = *state;
    struct wanted a = {0};
    struct wanted b = {0};

    add_to(&a, "routes", "10.0.0.0/8 via 192.0.2.1");
    add_to(&b, "routes", "10.0.0.0/8 via 192.0.2.1");
    want(node, &a);
    want(node, &b);
    assert_true(route_keeper_route(&b.set, 0).held);
    give_up(node, &a);
    assert_true(shows("route", "10.0.0.0/8 via 192.0.2.1"));
    give_up(node, &b);
    assert_false(shows("route", "10.0.0.0/8"));
    drop(&a);
    drop(&b);
}

static bool is_back(void *userdata)
{
    (void)userdata;
    return shows("route", "10.0.0.0/8 via 192.0.2.1") && shows("rule", "from 192.0.2.10") &&
           shows("-6 route", "2001:db8:9::/48");
}

static bool nine_repaired(void *userdata)
{
    return route_keeper_repairs(((const struct node *)userdata)->keeper) >= 9;
}

static void what_somebody_deletes_is_put_back(void **state)
{
    struct node *node = *state;
    struct wanted w = {0};

    if (emulated_without("rules in rtnetlink (RTM_NEWRULE)"))
        skip();
    add_to(&w, "routes", "10.0.0.0/8 via 192.0.2.1");
    add_to(&w, "routes", "2001:db8:9::/48 via 2001:db8::1");
    add_to(&w, "rules", "from 192.0.2.10 table 100 priority 1000");
    want(node, &w);
    for (int i = 0; i < 3; i++) {
        netns_ip("route del 10.0.0.0/8");
        netns_ip("-6 route del 2001:db8:9::/48");
        netns_ip("rule del priority 1000");
        assert_true(netns_run_until(node->event, is_back, NULL, WAIT_MS));
    }
    /* The kernel has a route before the loop is told. */
    assert_true(netns_run_until(node->event, nine_repaired, node, WAIT_MS));
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(route_keeper_repairs(node->keeper), 9);
    give_up(node, &w);
    drop(&w);
}

static bool replaced_is_told(void *userdata)
{
    struct wanted *w = userdata;

    return route_keeper_route(&w->set, 0).result == -EEXIST;
}

static bool held_again(void *userdata)
{
    struct wanted *w = userdata;

    return route_keeper_route(&w->set, 0).held;
}

static void what_is_somebody_elses_stays(void **state)
{
    struct node *node = *state;
    struct wanted w = {0};

    if (emulated_without("rules in rtnetlink (RTM_NEWRULE)"))
        skip();
    netns_ip("route add 10.0.0.0/8 via 192.0.2.3");
    netns_ip("rule add from 192.0.2.10 table 100 priority 1000");
    netns_ip("rule add from 192.0.2.11 table 100 priority 1001");
    add_to(&w, "routes", "10.0.0.0/8 via 192.0.2.1");
    add_to(&w, "rules", "from 192.0.2.10 table 100 priority 1000");
    want(node, &w);
    assert_int_equal(route_keeper_route(&w.set, 0).result, -EEXIST);
    assert_false(route_keeper_route(&w.set, 0).held);
    /* Rules stand beside each other. */
    assert_true(route_keeper_rule(&w.set, 0).held);
    assert_true(shows("rule", "1000: from 192.0.2.10 lookup 100 proto 86"));
    assert_true(shows("route", "10.0.0.0/8 via 192.0.2.3"));
    give_up(node, &w);
    assert_true(shows("route", "10.0.0.0/8 via 192.0.2.3"));
    assert_true(shows("rule", "1000: from 192.0.2.10"));
    assert_false(shows("rule", "proto 86"));
    /* Put in the place of ours later: found by looking, and given up for it. */
    netns_ip("route del 10.0.0.0/8");
    want(node, &w);
    assert_true(route_keeper_route(&w.set, 0).held);
    netns_ip("route replace 10.0.0.0/8 via 192.0.2.3");
    assert_true(netns_run_until(node->event, replaced_is_told, &w, WAIT_MS));
    netns_ip("route del 10.0.0.0/8");
    assert_true(netns_run_until(node->event, held_again, &w, WAIT_MS));
    give_up(node, &w);
    drop(&w);
}

/* `ip monitor` into $D/out, until it is seen to tell of routes. */
#define START_MONITOR                                                                              \
    "ip monitor route >$D/out 2>&1 & echo $! >$D/pid; "                                            \
    "for i in $(seq 200); do ip route add 198.51.100.0/24 dev va; ip route del 198.51.100.0/24; "  \
    "grep -q 198.51.100.0 $D/out && exit 0; sleep 0.1; done; exit 1"
#define SHOWN_AT_LAST                                                                              \
    "for i in $(seq 200); do grep -q 10.3.0.0/16 $D/out && exit 0; sleep 0.1; done; exit 1"

static void a_changed_list_leaves_the_rest_alone(void **state)
{
    struct node *node = *state;
    char directory[] = "/tmp/vipd-routes-XXXXXX";
    struct wanted before = {0};
    struct wanted after = {0};

    add_to(&before, "routes", "10.0.0.0/8 via 192.0.2.1");
    add_to(&before, "routes", "10.1.0.0/16 via 192.0.2.1");
    add_to(&before, "routes", "10.2.0.0/16 via 192.0.2.1");
    add_to(&after, "routes", "10.0.0.0/8 via 192.0.2.1");
    add_to(&after, "routes", "10.1.0.0/16 via 192.0.2.9");
    add_to(&after, "routes", "10.3.0.0/16 via 192.0.2.1");
    want(node, &before);
    assert_non_null(mkdtemp(directory));
    assert_int_equal(setenv("D", directory, 1), 0);
    assert_int_equal(run(START_MONITOR), 0);
    const struct route_lists lists = lists_of(&after);
    route_keeper_rebase(node->keeper, &before.set, &lists);
    assert_true(netns_run_until(node->event, is_settled, &before.set, WAIT_MS));
    assert_int_equal(run(SHOWN_AT_LAST), 0);
    assert_int_equal(run("kill $(cat $D/pid)"), 0);
    assert_true(shows("route", "10.1.0.0/16 via 192.0.2.9 dev va proto 86"));
    assert_true(shows("route", "10.3.0.0/16 via 192.0.2.1"));
    assert_false(shows("route", "10.2.0.0/16"));
    assert_int_equal(run("grep -q '10.0.0.0/8' $D/out"), 1);
    assert_int_equal(run("grep -q 'Deleted 10.1.0.0/16' $D/out"), 1);
    assert_int_equal(run("rm -r $D"), 0);
    give_up(node, &before);
    drop(&before);
    drop(&after);
}

static void leftovers_go_and_others_stay(void **state)
{
    struct node *node = *state;

    if (emulated_without("rules in rtnetlink (RTM_NEWRULE)"))
        skip();
    netns_ip("route add 10.0.0.0/8 via 192.0.2.1 proto 86 table 9");
    netns_ip("route add 10.1.0.0/16 via 192.0.2.1 proto static");
    netns_ip("-6 route add unreachable 2001:db8:9::/48 proto 86");
    netns_ip("rule add from 192.0.2.10 table 9 proto 86");
    netns_ip("rule add from 192.0.2.11 table 9");
    route_keeper_run(node->keeper);
    assert_int_equal(route_keeper_finish(node->keeper, WAIT_MS * NS_PER_MS), 0);
    assert_false(shows("route show table 9", "10.0.0.0/8"));
    assert_false(shows("-6 route", "2001:db8:9::/48"));
    assert_false(shows("rule", "192.0.2.10"));
    assert_true(shows("route", "10.1.0.0/16"));
    assert_true(shows("rule", "192.0.2.11"));
}

static void what_the_kernel_refuses_is_said_and_tried_again(void **state)
{
    struct node *node = *state;
    struct wanted w = {0};

    add_to(&w, "routes", "10.0.0.0/8 via 203.0.113.1");
    add_to(&w, "routes", "10.1.0.0/16 dev later0");
    want(node, &w);
    assert_int_equal(route_keeper_route(&w.set, 0).result, -ENETUNREACH);
    assert_int_equal(route_keeper_route(&w.set, 1).result, -ENODEV);
    netns_ip("addr add 203.0.113.2/24 dev va");
    assert_true(netns_run_until(node->event, held_again, &w, WAIT_MS));
    give_up(node, &w);
    drop(&w);
}

/* IPv4's in the main table go with the address, without a word of the kernel's: whoever hears of
 * that says so. */
static void a_route_goes_with_its_source_and_comes_back_with_it(void **state)
{
    struct node *node = *state;
    struct wanted w = {0};

    add_to(&w, "routes", "10.0.0.0/8 via 192.0.2.1 src 192.0.2.10");
    want(node, &w);
    netns_ip("addr del 192.0.2.10/32 dev va");
    assert_false(shows("route", "10.0.0.0/8"));
    netns_ip("addr add 192.0.2.10/32 dev va");
    route_keeper_run(node->keeper);
    assert_int_equal(route_keeper_finish(node->keeper, WAIT_MS * NS_PER_MS), 0);
    assert_true(shows("route", "10.0.0.0/8"));
    give_up(node, &w);
    drop(&w);
}

/* Of two families each router has its own. */
static void a_set_of_one_family_leaves_the_other_out(void **state)
{
    struct node *node = *state;
    struct wanted w = {.set = {.family = IP_FAMILY_IPV6}};

    add_to(&w, "routes", "10.0.0.0/8 via 192.0.2.1");
    add_to(&w, "routes", "2001:db8:9::/48 via 2001:db8::1");
    want(node, &w);
    assert_false(shows("route", "10.0.0.0/8"));
    assert_true(shows("-6 route", "2001:db8:9::/48"));
    assert_false(route_keeper_route(&w.set, 0).held);
    assert_true(route_keeper_route(&w.set, 1).held);
    give_up(node, &w);
    drop(&w);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, node_open, node_close)
    const struct CMUnitTest tests[] = {
        TEST(they_come_with_our_mark_and_go),
        TEST(what_two_want_stays_for_the_second),
        TEST(what_somebody_deletes_is_put_back),
        TEST(what_is_somebody_elses_stays),
        TEST(a_changed_list_leaves_the_rest_alone),
        TEST(leftovers_go_and_others_stay),
        TEST(what_the_kernel_refuses_is_said_and_tried_again),
        TEST(a_route_goes_with_its_source_and_comes_back_with_it),
        TEST(a_set_of_one_family_leaves_the_other_out),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
