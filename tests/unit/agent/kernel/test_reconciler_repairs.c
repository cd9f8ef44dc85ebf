/* What is not as it should be: leftovers, addresses that somebody deletes, refusals of the kernel.
 */
#include "tests/unit/agent/kernel/reconciler_node.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <errno.h>

static void leftovers_are_removed_from_all_links(void **state)
{
    struct node *node = *state;

    netns_address("va", "192.0.2.20/24", ADDRESS_MARK_PROTOCOL, UINT32_MAX);
    netns_address("vb", "2001:db8::20/64", ADDRESS_MARK_PROTOCOL, 100);
    netns_ip("addr add 192.0.2.21/24 dev va");
    assert_true(node_sees(node, "vb", "2001:db8::20/64"));
    assert_true(node_sees(node, "va", "192.0.2.21/24"));
    assert_int_equal(node_run(node), 0);
    assert_false(kernel_has("va", "192.0.2.20/24"));
    assert_false(kernel_has("vb", "2001:db8::20/64"));
    assert_true(kernel_has("va", "192.0.2.21/24"));
}

/* Left by a predecessor and not yet in our view: taken over, lease and all. */
static void a_leftover_that_is_wanted_is_taken_over(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.20/24")};
    struct desired_set set = {0};

    netns_address("va", "192.0.2.20/24", ADDRESS_MARK_PROTOCOL, 3);
    assert_int_equal(node_want(node, &set, list, 1, 100 * NS_PER_SEC), 0);
    assert_true(reconciler_held(node->reconciler, &set, &list[0]));
    assert_in_range(kernel_read("va", "192.0.2.20/24").found.valid_s, 90, 100);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

static bool is_back(void *userdata)
{
    (void)userdata;
    return kernel_has_ours("va", "192.0.2.10/24") && kernel_has_ours("va", "2001:db8::10/64");
}

static bool first_is_back(void *userdata)
{
    (void)userdata;
    return kernel_has_ours("va", "192.0.2.10/24");
}

static void what_somebody_deletes_is_put_back(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, list, 2, 60 * NS_PER_SEC), 0);
    netns_run_for(node->event, QUIET_MS);
    netns_ip("addr del 192.0.2.10/24 dev va");
    netns_ip("addr del 2001:db8::10/64 dev va");
    assert_false(kernel_has("va", "192.0.2.10/24"));
    assert_true(netns_run_until(node->event, is_back, node, WAIT_MS));
    assert_true(node_repairs(node, 2));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* By notifications the view hears that it came and went; only then that our addition has succeeded.
 */
static void what_somebody_deletes_at_once_is_put_back(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct desired_set set = {.owner = "test"};

    reconciler_want(node->reconciler, &set, node->ifindex, list, 1, 60 * NS_PER_SEC);
    while (!kernel_has("va", "192.0.2.10/24"))
        usleep(1000);
    netns_ip("addr del 192.0.2.10/24 dev va");
    assert_true(netns_run_until(node->event, first_is_back, node, WAIT_MS));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
    assert_false(kernel_has("va", "192.0.2.10/24"));
}

static void disable_ipv6(const char *value)
{
    FILE *file = fopen("/proc/sys/net/ipv6/conf/va/disable_ipv6", "w");

    assert_non_null(file);
    assert_true(fputs(value, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static bool both_there(void *userdata)
{
    (void)userdata;
    return kernel_has_ours("va", "2001:db8::10/64") && kernel_has_ours("va", "2001:db8::11/64");
}

static bool none_failed(void *userdata)
{
    return ((const struct desired_set *)userdata)->failed == 0;
}

static void what_the_kernel_refuses_is_tried_again(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64"),
                                           claim_of("2001:db8::11/64")};
    struct desired_set set = {0};

    disable_ipv6("1");
    assert_true(node_want(node, &set, list, 3, 0) < 0);
    assert_int_equal(set.failed, 2);
    assert_true(kernel_has_ours("va", "192.0.2.10/24"));
    netns_run_for(node->event, QUIET_MS);
    disable_ipv6("0");
    assert_true(netns_run_until(node->event, both_there, node, WAIT_MS));
    assert_true(netns_run_until(node->event, none_failed, &set, WAIT_MS));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

static bool none_left(void *userdata)
{
    (void)userdata;
    return kernel_read("va", "192.0.2.10/24").count == 0;
}

static void what_could_not_be_released_is_tried_again(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, list, 2, 0), 0);
    node_permit(node, false);
    int result = node_want(node, &set, NULL, 0, 0);
    node_permit(node, true);
    assert_int_equal(result, -EPERM);
    assert_int_equal(kernel_read("va", "192.0.2.10/24").count, 2);
    assert_true(netns_run_until(node->event, none_left, node, WAIT_MS));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_open, node_close)
    const struct CMUnitTest tests[] = {
        TEST(leftovers_are_removed_from_all_links),
        TEST(a_leftover_that_is_wanted_is_taken_over),
        TEST(what_somebody_deletes_is_put_back),
        TEST(what_somebody_deletes_at_once_is_put_back),
        TEST(what_the_kernel_refuses_is_tried_again),
        TEST(what_could_not_be_released_is_tried_again),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
