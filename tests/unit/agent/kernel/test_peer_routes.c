/* The way to unicast peers, followed in a namespace of its own: with a worker, as the agent does.
 */
#include "agent/base/clock.h"
#include "agent/base/priorities.h"
#include "agent/kernel/peer_routes.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum {
    PATIENCE_MS = 30 * 1000,
    BLINK_MS = 250, /* more than changes are waited for to be asked once */
    DOUBT_MS = 500,
    BLINKS_MAX = 50,
};

struct node {
    sd_event *event;
    struct worker *worker;
    struct peer_routes *routes;
    struct peer_route *route;
    unsigned changes;
    int wanted; /* what an answer is waited for to be */
};

static void on_change(void *userdata)
{
    struct node *node = userdata;

    node->changes++;
}

static bool is_wanted(void *userdata)
{
    const struct node *node = userdata;

    return peer_route_ifindex(node->route) == node->wanted;
}

static void wait_for(struct node *node, int ifindex)
{
    node->wanted = ifindex;
    assert_true(netns_run_until(node->event, is_wanted, node, PATIENCE_MS));
}

static struct ip_address parse(const char *text)
{
    struct ip_address address;

    assert_true(ip_address_parse(text, &address));
    return address;
}

static int enter(void **state)
{
    struct node *node = calloc(1, sizeof(*node));
    const struct worker_options options = {
        .name = "test-links", .priority = AGENT_PRIORITY_LINKS, .tasks_max = SIZE_MAX};

    assert_non_null(node);
    netns_enter();
    netns_veth("va", "pa");
    netns_veth("vb", "pb");
    netns_ip("addr add 192.0.2.1/24 dev va");
    netns_ip("addr add 198.51.100.1/24 dev vb");
    assert_true(sd_event_new(&node->event) >= 0);
    assert_int_equal(worker_open(node->event, &options, &node->worker), 0);
    assert_int_equal(peer_routes_open(node->event, &node->routes), 0);
    *state = node;
    return 0;
}

static int leave(void **state)
{
    struct node *node = *state;

    peer_routes_drop(node->route);
    worker_close(node->worker);
    peer_routes_close(node->routes);
    sd_event_unref(node->event);
    free(node);
    return 0;
}

static void want(struct node *node, const char *first, const char *second)
{
    const struct ip_address peers[] = {parse(first), parse(second)};

    const struct peer_way way = {.peers = peers, .count = 2};

    assert_int_equal(peer_routes_want(node->routes, &way, on_change, node, &node->route), 0);
}

static void at_start_it_is_known_at_once(void **state)
{
    struct node *node = *state;

    want(node, "192.0.2.2", "192.0.2.3");
    assert_int_equal(peer_route_ifindex(node->route), netns_ifindex("va"));
    assert_int_equal(node->changes, 0);
}

static void with_a_worker_it_is_told(void **state)
{
    struct node *node = *state;

    peer_routes_set_worker(node->routes, node->worker);
    want(node, "203.0.113.2", "198.51.100.2");
    assert_int_equal(peer_route_ifindex(node->route), -EINPROGRESS);
    wait_for(node, netns_ifindex("vb"));
    assert_int_equal(node->changes, 1);
}

static void no_route_is_an_answer_and_one_that_comes_is_seen(void **state)
{
    struct node *node = *state;

    peer_routes_set_worker(node->routes, node->worker);
    want(node, "203.0.113.2", "192.0.2.1"); /* and our own is none */
    wait_for(node, -ENETUNREACH);
    netns_ip("route add 203.0.113.0/24 via 192.0.2.9");
    wait_for(node, netns_ifindex("va"));
    netns_ip("route replace 203.0.113.0/24 via 198.51.100.9");
    wait_for(node, netns_ifindex("vb"));
    netns_ip("link set vb down");
    wait_for(node, -ENETUNREACH);
    assert_int_equal(node->changes, 4);
}

/* The route goes and comes back: how long it was away. */
static uint64_t blinks_for_ms(struct node *node)
{
    uint64_t began_ns = clock_boot_ns();

    netns_ip("route del 203.0.113.0/24");
    netns_run_for(node->event, BLINK_MS);
    netns_ip("route add 203.0.113.0/24 via 192.0.2.9");
    uint64_t away_ns = clock_boot_ns() - began_ns;
    netns_run_for(node->event, 2 * DOUBT_MS);
    return away_ns / NS_PER_MS;
}

static void a_route_that_blinks_is_believed_to_come_back(void **state)
{
    struct node *node = *state;

    peer_routes_set_worker(node->routes, node->worker);
    netns_ip("route add 203.0.113.0/24 via 192.0.2.9");
    want(node, "203.0.113.2", "203.0.113.3");
    wait_for(node, netns_ifindex("va"));
    /* Where that has taken longer than is doubted the machine stood still: once more. */
    for (unsigned i = 0; i < BLINKS_MAX && blinks_for_ms(node) >= DOUBT_MS; i++) {
        wait_for(node, netns_ifindex("va"));
        node->changes = 1;
    }
    assert_int_equal(node->changes, 1);
    netns_ip("route del 203.0.113.0/24");
    wait_for(node, -ENETUNREACH);
}

static bool one_is_astray(void *userdata)
{
    int other;

    return peer_route_astray(((const struct node *)userdata)->route, &other) != NULL;
}

static void it_stays_while_any_peer_is_there(void **state)
{
    struct node *node = *state;
    int other = 0;

    peer_routes_set_worker(node->routes, node->worker);
    netns_ip("route add 203.0.113.2 via 192.0.2.9");
    netns_ip("route add 203.0.113.3 via 192.0.2.9");
    want(node, "203.0.113.2", "203.0.113.3");
    wait_for(node, netns_ifindex("va"));
    assert_null(peer_route_astray(node->route, &other));
    netns_ip("route replace 203.0.113.2 via 198.51.100.9");
    assert_true(netns_run_until(node->event, one_is_astray, node, PATIENCE_MS));
    assert_int_equal(peer_route_ifindex(node->route), netns_ifindex("va"));
    const struct ip_address *astray = peer_route_astray(node->route, &other);
    const struct ip_address first = parse("203.0.113.2");
    assert_true(astray != NULL && ip_address_equal(astray, &first));
    assert_int_equal(other, netns_ifindex("vb"));
    netns_ip("route replace 203.0.113.3 via 198.51.100.9");
    wait_for(node, netns_ifindex("vb"));
    assert_null(peer_route_astray(node->route, &other));
}

static void other_peers_keep_the_link_until_they_are_known(void **state)
{
    struct node *node = *state;
    const struct ip_address peers[] = {parse("198.51.100.2")};
    const struct peer_way way = {.peers = peers, .count = 1};

    peer_routes_set_worker(node->routes, node->worker);
    want(node, "192.0.2.2", "192.0.2.3");
    wait_for(node, netns_ifindex("va"));
    assert_int_equal(peer_route_change(node->route, &way), 0);
    assert_int_equal(peer_route_ifindex(node->route), netns_ifindex("va"));
    wait_for(node, netns_ifindex("vb"));
}

/* A source that is not there is no part of the question. */
static void rules_for_the_source_are_followed(void **state)
{
    struct node *node = *state;
    const struct ip_address peers[] = {parse("203.0.113.2")};
    struct peer_way way = {.peers = peers, .count = 1, .source4 = parse("198.51.100.1")};

    peer_routes_set_worker(node->routes, node->worker);
    netns_ip("route add 203.0.113.0/24 via 192.0.2.9");
    netns_ip("route add 203.0.113.0/24 via 198.51.100.9 table 7");
    netns_ip("rule add from 198.51.100.1 lookup 7");
    assert_int_equal(peer_routes_want(node->routes, &way, on_change, node, &node->route), 0);
    wait_for(node, netns_ifindex("vb"));
    way.source4 = (struct ip_address){0};
    assert_int_equal(peer_route_change(node->route, &way), 0);
    wait_for(node, netns_ifindex("va"));
    way.source4 = parse("198.51.100.1");
    assert_int_equal(peer_route_change(node->route, &way), 0);
    wait_for(node, netns_ifindex("vb"));
    netns_ip("addr del 198.51.100.1/24 dev vb");
    wait_for(node, netns_ifindex("va"));
}

static void it_is_dropped_while_it_is_asked_for(void **state)
{
    struct node *node = *state;

    peer_routes_set_worker(node->routes, node->worker);
    want(node, "192.0.2.2", "192.0.2.3");
    peer_routes_drop(node->route);
    node->route = NULL;
    netns_run_for(node->event, BLINK_MS);
    assert_int_equal(node->changes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(at_start_it_is_known_at_once, enter, leave),
        cmocka_unit_test_setup_teardown(with_a_worker_it_is_told, enter, leave),
        cmocka_unit_test_setup_teardown(no_route_is_an_answer_and_one_that_comes_is_seen, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_route_that_blinks_is_believed_to_come_back, enter, leave),
        cmocka_unit_test_setup_teardown(it_stays_while_any_peer_is_there, enter, leave),
        cmocka_unit_test_setup_teardown(other_peers_keep_the_link_until_they_are_known, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(rules_for_the_source_are_followed, enter, leave),
        cmocka_unit_test_setup_teardown(it_is_dropped_while_it_is_asked_for, enter, leave),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
