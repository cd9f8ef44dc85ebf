/* Addresses on other devices than the set's own, and what else ip-address(8) can say of them. */
#include "tests/unit/agent/kernel/reconciler_node.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_addr.h>
#include <unistd.h>

static struct claimed_address claim_on(const char *text, const char *device)
{
    struct claimed_address claim = claim_of(text);

    snprintf(claim.device, sizeof(claim.device), "%s", device);
    return claim;
}

static void each_goes_on_its_device_and_off_again(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {
        claim_of("192.0.2.10/24"), claim_on("198.51.100.10/24", "vb"),
        claim_on("203.0.113.10/32", "lo"), claim_on("2001:db8::10/64", "vb")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, list, 4, 60 * NS_PER_SEC), 0);
    assert_true(kernel_has_ours("va", "192.0.2.10/24"));
    assert_true(kernel_has_ours("vb", "198.51.100.10/24"));
    assert_true(kernel_has_ours("lo", "203.0.113.10/32"));
    assert_true(kernel_has_ours("vb", "2001:db8::10/64"));
    assert_false(kernel_has("va", "198.51.100.10/24"));
    assert_int_equal(reconciler_count_held(node->reconciler, &set), 4);
    assert_int_equal(node_run(node), 0);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
    assert_false(kernel_has("va", "192.0.2.10/24"));
    assert_false(kernel_has("vb", "198.51.100.10/24"));
    assert_false(kernel_has("lo", "203.0.113.10/32"));
    assert_false(kernel_has("vb", "2001:db8::10/64"));
}

static void leases_are_renewed_there_too(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_on("198.51.100.10/24", "vb")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, list, 1, 3 * NS_PER_SEC), 0);
    for (int i = 0; i < 45; i++) {
        netns_run_for(node->event, 100);
        assert_true(kernel_has_ours("vb", "198.51.100.10/24"));
    }
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

static bool on_second(void *userdata)
{
    (void)userdata;
    return kernel_has_ours("vb", "198.51.100.10/24");
}

static void what_somebody_removes_there_comes_back(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_on("198.51.100.10/24", "vb")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, list, 1, 60 * NS_PER_SEC), 0);
    netns_ip("addr del 198.51.100.10/24 dev vb");
    assert_true(netns_run_until(node->event, on_second, NULL, WAIT_MS));
    assert_true(node_repairs(node, 1));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

static bool on_late(void *userdata)
{
    (void)userdata;
    return kernel_has_ours("late", "198.51.100.10/24");
}

/* The others are served meanwhile, and nothing counts as refused. */
static void one_without_its_device_waits_for_it(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_on("198.51.100.10/24", "late"),
                                           claim_of("192.0.2.10/24")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, list, 2, 60 * NS_PER_SEC), 0);
    assert_true(kernel_has_ours("va", "192.0.2.10/24"));
    assert_int_equal(set.failed, 0);
    assert_int_equal(reconciler_count_held(node->reconciler, &set), 1);
    netns_ip("link add late type veth peer name later");
    netns_run_for(node->event, QUIET_MS);
    assert_false(kernel_has("late", "198.51.100.10/24"));
    netns_ip("link set late up");
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(node_run(node), 0);
    assert_true(netns_run_until(node->event, on_late, NULL, WAIT_MS));
    netns_ip("link del late");
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
    assert_false(kernel_has("va", "192.0.2.10/24"));
}

static void what_is_said_of_it_goes_with_it(void **state)
{
    struct node *node = *state;
    struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("198.51.100.11/24")};
    struct desired_set set = {0};

    snprintf(list[0].label, sizeof(list[0].label), "va:vip");
    list[0].scope = ADDRESS_SCOPE_LINK;
    list[0].has_scope = true;
    memcpy(list[0].broadcast, "\xc0\x00\x02\xff", 4);
    list[0].no_prefix_route = true;
    assert_int_equal(node_want(node, &set, list, 2, 60 * NS_PER_SEC), 0);
    const struct observed_address first = kernel_read("va", "192.0.2.10/24").found;
    const struct observed_address second = kernel_read("va", "198.51.100.11/24").found;
    assert_string_equal(first.label, "va:vip");
    assert_int_equal(first.scope, ADDRESS_SCOPE_LINK);
    assert_memory_equal(first.broadcast, list[0].broadcast, 4);
    assert_true((first.flags & IFA_F_NOPREFIXROUTE) != 0);
    assert_string_equal(second.label, "va");
    assert_int_equal(second.scope, ADDRESS_SCOPE_GLOBAL);
    assert_true((second.flags & IFA_F_NOPREFIXROUTE) == 0);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* The kernel does not change them in place. */
static void another_label_or_scope_replaces_the_address(void **state)
{
    struct node *node = *state;
    struct claimed_address before[] = {claim_of("192.0.2.10/24"), claim_of("192.0.2.11/24")};
    struct claimed_address after[] = {claim_of("192.0.2.10/24"), claim_of("192.0.2.11/24")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, before, 2, 60 * NS_PER_SEC), 0);
    uint32_t created = kernel_read("va", "192.0.2.11/24").found.created;
    netns_run_for(node->event, QUIET_MS);
    snprintf(after[0].label, sizeof(after[0].label), "va:vip");
    assert_false(desired_rebase(&set, after, 2, 60 * NS_PER_SEC));
    assert_int_equal(node_want(node, &set, after, 2, 60 * NS_PER_SEC), 0);
    assert_string_equal(kernel_read("va", "192.0.2.10/24").found.label, "va:vip");
    /* What has not changed is not touched. */
    assert_int_equal(kernel_read("va", "192.0.2.11/24").found.created, created);
    assert_int_equal(node_want(node, &set, before, 2, 60 * NS_PER_SEC), 0);
    assert_string_equal(kernel_read("va", "192.0.2.10/24").found.label, "va");
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_int_equal(reconciler_count_held(node->reconciler, &set), 2);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_open, node_close)
    const struct CMUnitTest tests[] = {
        TEST(each_goes_on_its_device_and_off_again),
        TEST(leases_are_renewed_there_too),
        TEST(what_somebody_removes_there_comes_back),
        TEST(one_without_its_device_waits_for_it),
        TEST(what_is_said_of_it_goes_with_it),
        TEST(another_label_or_scope_replaces_the_address),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
