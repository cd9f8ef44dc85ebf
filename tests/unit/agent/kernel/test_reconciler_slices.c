/* A claim in slices, on the kernel: what is said to have landed is there, in order, while others
 * are still to come; a claim of few is told once. */
#include "agent/base/clock.h"
#include "tests/unit/agent/kernel/reconciler_node.h"
#include "tests/unit/agent/netns.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    MANY = 700,
    FEW = 128, /* one send */
    /* 16, and five times 256 before the last ones. */
    LONG = 1500,
    PAUSE_US = 1400 * 1000,
    PAUSES = 6,
};

/* Renewed when a third of it is over, or after the pause that is going on then: a machine that
 * stands still has the half of it for that. */
#define LEASE_NS (8 * NS_PER_SEC)

static_assert(PAUSES * PAUSE_US * NS_PER_US > LEASE_NS, "it is to take longer than a lease");

struct told {
    struct node *node;
    unsigned slices;
    size_t landed;
    unsigned settled;
};

static void text_of(size_t i, bool six, char *text, size_t size)
{
    if (six)
        snprintf(text, size, "2001:db8::%zx/128", i + 1);
    else
        snprintf(text, size, "198.51.%zu.%zu/32", 100 + i / 250, i % 250 + 1);
}

static void on_landed(struct desired_set *set)
{
    struct told *told = set->userdata;
    struct reconciler *reconciler = told->node->reconciler;

    assert_in_range(set->landed, told->landed + 1, set->count - 1);
    for (size_t i = told->landed; i < set->landed; i++)
        assert_true(reconciler_held(reconciler, set, &set->addresses[i]));
    told->landed = set->landed;
    told->slices++;
    /* Not only as the view has it. */
    assert_true(kernel_read("va", "192.0.2.1/32").count >= (int)set->landed);
}

static void on_settled(struct desired_set *set)
{
    struct told *told = set->userdata;

    told->settled++;
}

static struct told claim(struct node *node, size_t count, bool six)
{
    static struct claimed_address list[MANY];
    struct told told = {.node = node};
    struct desired_set set = {.on_landed = on_landed, .on_settled = on_settled, .userdata = &told};
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < count; i++) {
        text_of(i, six, text, sizeof(text));
        list[i] = claim_of(text);
    }
    assert_int_equal(node_want(node, &set, list, count, 60 * NS_PER_SEC), 0);
    assert_int_equal(set.failed, 0);
    text_of(count - 1, six, text, sizeof(text));
    struct search last = kernel_read("va", text);
    assert_int_equal(last.count, count);
    assert_int_not_equal(last.found.ifindex, 0);
    set.on_landed = NULL;
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
    return told;
}

static void many_land_slice_by_slice(void **state)
{
    const struct node *node = *state;

    for (int six = 0; six <= 1; six++) {
        uint64_t before = reconciler_progress(node->reconciler);
        const struct told told = claim(*state, MANY, six == 1);

        assert_true(reconciler_progress(node->reconciler) > before + told.slices);
        assert_in_range(told.slices, 2, 8);
        assert_int_equal(told.settled, 1);
    }
}

/* The loop comes to it late each time, so that all takes longer than the lease of the first. */
static void tarry(struct desired_set *set)
{
    (void)set;
    usleep(PAUSE_US);
}

static void a_claim_may_take_longer_than_a_lease(void **state)
{
    static struct claimed_address list[LONG];
    static struct desired_set set; /* so that it is still there when the node is closed */
    struct node *node = *state;
    char text[ADDRESS_TEXT_SIZE];

    set = (struct desired_set){.on_landed = tarry, .owner = "test"};
    for (size_t i = 0; i < LONG; i++) {
        text_of(i, i % 2 == 1, text, sizeof(text));
        list[i] = claim_of(text);
    }
    const uint64_t began_ns = clock_boot_ns();
    reconciler_want(node->reconciler, &set, node->ifindex, list, LONG, LEASE_NS);
    assert_true(netns_run_until(node->event, node_settled, &set, WAIT_MS));
    assert_true(clock_boot_ns() - began_ns > LEASE_NS);
    assert_int_equal(kernel_read("va", "192.0.2.1/32").count, LONG);
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(node->lost, 0);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

static void few_land_at_once(void **state)
{
    const struct told told = claim(*state, FEW, false);

    assert_int_equal(told.slices, 0);
    assert_int_equal(told.settled, 1);
}

/* Each takes longer. */
static void of_ipv6_as_many_do_not(void **state)
{
    const struct told told = claim(*state, FEW, true);

    assert_true(told.slices > 0);
    assert_int_equal(told.settled, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_land_slice_by_slice, node_open, node_close),
        cmocka_unit_test_setup_teardown(a_claim_may_take_longer_than_a_lease, node_open,
                                        node_close),
        cmocka_unit_test_setup_teardown(few_land_at_once, node_open, node_close),
        cmocka_unit_test_setup_teardown(of_ipv6_as_many_do_not, node_open, node_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
