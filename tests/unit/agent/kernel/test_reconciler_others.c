/* Addresses that are not ours: the administrator's own, and the networks he shares with us. */
#include "tests/unit/agent/kernel/reconciler_node.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_administrators_address_is_never_touched(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    struct desired_set set = {0};

    netns_ip("addr add 192.0.2.10/24 dev va");
    netns_ip("addr add 2001:db8::10/64 dev va nodad");
    /* First without having been told of them, then knowing them. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(node_want(node, &set, list, 2, 60 * NS_PER_SEC), 0);
        assert_int_equal(set.failed, 0);
        netns_run_for(node->event, QUIET_MS);
        assert_true(reconciler_held(node->reconciler, &set, &list[0]));
        assert_true(reconciler_held(node->reconciler, &set, &list[1]));
        assert_int_equal(node_run(node), 0);
        assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
        struct observed_address four = kernel_read("va", "192.0.2.10/24").found;
        assert_int_equal(four.valid_s, UINT32_MAX);
        assert_int_equal(four.proto, 0);
        assert_int_equal(kernel_read("va", "2001:db8::10/64").found.valid_s, UINT32_MAX);
        assert_int_equal(kernel_read("va", "2001:db8::10/64").found.proto, 0);
    }
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
}

/* With another prefix length it is the same address all the same, and nothing to mend. */
static void held_by_the_administrator_with_another_length(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/32"), claim_of("2001:db8::10/128")};
    struct desired_set set = {0};

    netns_ip("addr add 192.0.2.10/24 dev va");
    netns_ip("addr add 2001:db8::10/64 dev va nodad");
    assert_true(node_sees(node, "va", "2001:db8::10/64"));
    assert_int_equal(node_want(node, &set, list, 2, 60 * NS_PER_SEC), 0);
    assert_int_equal(node_run(node), 0);
    assert_int_equal(node_run(node), 0);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_true(reconciler_held(node->reconciler, &set, &list[0]));
    assert_true(reconciler_held(node->reconciler, &set, &list[1]));
    assert_int_equal(kernel_read("va", "192.0.2.10/32").count, 0);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* The kernel removes a network's other addresses along with the first, unless told otherwise. */
static void others_of_the_network_stay_when_ours_goes(void **state)
{
    struct node *node = *state;
    const struct claimed_address ours[] = {claim_of("192.0.2.10/24")};
    const struct claimed_address more[] = {claim_of("192.0.2.11/24")};
    struct desired_set set = {0};
    struct desired_set other = {0};

    assert_int_equal(node_want(node, &set, ours, 1, 60 * NS_PER_SEC), 0);
    netns_ip("addr add 192.0.2.1/24 dev va");
    assert_int_equal(node_want(node, &other, more, 1, 60 * NS_PER_SEC), 0);
    /* At once: the view does not know yet who is first. */
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
    assert_false(kernel_has("va", "192.0.2.10/24"));
    assert_true(kernel_has("va", "192.0.2.1/24"));
    assert_true(kernel_has_ours("va", "192.0.2.11/24"));
    netns_ip("route get 192.0.2.77");
    assert_int_equal(node_want(node, &other, NULL, 0, 0), 0);
}

static void others_of_the_network_stay_when_our_lease_ends(void **state)
{
    struct node *node = *state;
    const struct claimed_address ours[] = {claim_of("192.0.2.10/24")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, ours, 1, NS_PER_SEC), 0);
    netns_ip("addr add 192.0.2.1/24 dev va");
    assert_true(kernel_loses("192.0.2.10/24")); /* dead */
    assert_true(kernel_has("va", "192.0.2.1/24"));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* DHCP and network managers take an address away and bring it back. */
static void the_network_stays_connected_when_the_administrators_address_returns(void **state)
{
    struct node *node = *state;
    const struct claimed_address ours[] = {claim_of("192.0.2.10/24")};
    struct desired_set set = {0};

    netns_ip("addr add 192.0.2.1/24 dev va");
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(node_want(node, &set, ours, 1, 60 * NS_PER_SEC), 0);
    assert_int_equal(netns_setting("va", "promote_secondaries"), 1);
    netns_run_for(node->event, QUIET_MS);
    netns_ip("addr del 192.0.2.1/24 dev va");
    netns_run_for(node->event, QUIET_MS);
    netns_ip("addr add 192.0.2.1/24 dev va");
    netns_run_for(node->event, QUIET_MS);
    netns_ip("route get 192.0.2.77");
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
    netns_ip("route get 192.0.2.77");
}

static void the_ipv6_network_stays_connected_when_ours_goes(void **state)
{
    struct node *node = *state;
    const struct claimed_address ours[] = {claim_of("2001:db8::10/64")};
    struct desired_set set = {0};

    netns_ip("addr add 2001:db8::1/64 dev va nodad");
    assert_true(node_sees(node, "va", "2001:db8::1/64"));
    assert_int_equal(node_want(node, &set, ours, 1, NS_PER_SEC), 0);
    assert_true(kernel_loses("2001:db8::10/64")); /* dead */
    netns_ip("route get 2001:db8::77");
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_open, node_close)
    const struct CMUnitTest tests[] = {
        TEST(the_administrators_address_is_never_touched),
        TEST(held_by_the_administrator_with_another_length),
        TEST(others_of_the_network_stay_when_ours_goes),
        TEST(others_of_the_network_stay_when_our_lease_ends),
        TEST(the_network_stays_connected_when_the_administrators_address_returns),
        TEST(the_ipv6_network_stays_connected_when_ours_goes),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
