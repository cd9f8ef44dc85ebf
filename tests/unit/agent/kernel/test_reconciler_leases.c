/* Leases: renewed while we live, over when we do not, and whose they are. */
#include "tests/unit/agent/kernel/reconciler_node.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

static bool both_are_back(void)
{
    return kernel_has_ours("va", "192.0.2.10/24") && kernel_has_ours("va", "2001:db8::10/64");
}

static void a_lease_is_renewed_while_we_live_and_ends_when_not(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, list, 2, 2 * NS_PER_SEC), 0);
    netns_run_for(node->event, 4000);
    assert_true(both_are_back());
    assert_int_equal(node->lost, 0);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    /* The agent hangs. */
    sleep(4);
    assert_false(kernel_has("va", "192.0.2.10/24"));
    assert_false(kernel_has("va", "2001:db8::10/64"));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* The loop is kept busy with what is more urgent than the lease timer. */
static void a_lease_is_renewed_without_the_loop(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, list, 2, 2 * NS_PER_SEC), 0);
    for (int i = 0; i < 35; i++) {
        reconciler_fire_due(node->reconciler);
        usleep(100 * 1000);
    }
    assert_true(both_are_back());
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* The one that leaves had the shorter lease: the address must not end with it. */
static void what_stays_gets_the_lease_of_who_stays(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct desired_set shorter = {0};
    struct desired_set longer = {0};

    assert_int_equal(node_want(node, &longer, list, 1, 100 * NS_PER_SEC), 0);
    assert_int_equal(node_want(node, &shorter, list, 1, NS_PER_SEC), 0);
    assert_int_equal(node_want(node, &shorter, NULL, 0, 0), 0);
    netns_run_for(node->event, 2500);
    assert_int_equal(node->lost, 0);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_true(kernel_read("va", "192.0.2.10/24").found.valid_s > 10);
    assert_int_equal(node_want(node, &longer, NULL, 0, 0), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_open, node_close)
    const struct CMUnitTest tests[] = {
        TEST(a_lease_is_renewed_while_we_live_and_ends_when_not),
        TEST(a_lease_is_renewed_without_the_loop),
        TEST(what_stays_gets_the_lease_of_who_stays),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
