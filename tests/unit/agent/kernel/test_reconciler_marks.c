/* Whose an address is: ours that somebody replaced, and somebody else's that we are to take over.
 */
#include "agent/base/clock.h"
#include "agent/kernel/mark.h"
#include "tests/unit/agent/kernel/reconciler_node.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct claimed_address *both(void)
{
    static struct claimed_address list[2];

    list[0] = claim_of("192.0.2.10/24");
    list[1] = claim_of("2001:db8::10/64");
    return list;
}

static bool marked(void *userdata)
{
    (void)userdata;
    return kernel_has_ours("va", "192.0.2.10/24") && kernel_has_ours("va", "2001:db8::10/64");
}

static bool first_marked(void *userdata)
{
    (void)userdata;
    return kernel_has_ours("va", "192.0.2.10/24");
}

/* The view knows that the mark is gone. */
static bool seen(void *userdata)
{
    const struct node *node = userdata;

    return links_prefix(node->links, node->ifindex, &both()[0].prefix)->proto !=
           ADDRESS_MARK_PROTOCOL;
}

static void replace(void)
{
    netns_ip("addr replace 192.0.2.10/24 dev va");
    netns_ip("addr replace 2001:db8::10/64 dev va nodad");
    assert_false(kernel_has_ours("va", "192.0.2.10/24"));
    assert_false(kernel_has_ours("va", "2001:db8::10/64"));
    assert_int_equal(kernel_read("va", "192.0.2.10/24").found.valid_s, UINT32_MAX);
}

static void what_somebody_replaces_gets_mark_and_lease_again(void **state)
{
    struct node *node = *state;
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, both(), 2, 60 * NS_PER_SEC), 0);
    netns_run_for(node->event, QUIET_MS);
    replace();
    assert_true(netns_run_until(node->event, marked, node, WAIT_MS));
    assert_in_range(kernel_read("va", "192.0.2.10/24").found.valid_s, 50, 60);
    assert_in_range(kernel_read("va", "2001:db8::10/64").found.valid_s, 50, 60);
    assert_int_equal(reconciler_repairs(node->reconciler), 0); /* none was gone */
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
    assert_false(kernel_has("va", "192.0.2.10/24"));
    assert_false(kernel_has("va", "2001:db8::10/64"));
}

static bool short_lived(void *userdata)
{
    (void)userdata;
    return kernel_read("va", "192.0.2.10/24").found.valid_s < UINT32_MAX &&
           kernel_read("va", "2001:db8::10/64").found.valid_s < UINT32_MAX;
}

/* As older kernels leave it when somebody replaces it without our mark. */
static void what_keeps_the_mark_but_not_the_lease_gets_it_again(void **state)
{
    struct node *node = *state;
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, both(), 2, 60 * NS_PER_SEC), 0);
    netns_run_for(node->event, QUIET_MS);
    netns_ip("addr replace 192.0.2.10/24 dev va metric 1447645252");
    netns_ip("addr replace 2001:db8::10/64 dev va nodad metric 1447645252");
    const struct observed_address found = kernel_read("va", "192.0.2.10/24").found;
    assert_true(mark_is_ours(&found) && !short_lived(NULL));
    assert_true(netns_run_until(node->event, short_lived, node, WAIT_MS));
    assert_true(marked(NULL));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* Not so what is to live for ever. */
static void a_lease_that_a_reload_begins_is_no_repair(void **state)
{
    struct node *node = *state;
    struct desired_set set = {.owner = "test"};

    assert_int_equal(node_want(node, &set, both(), 2, 0), 0);
    netns_run_for(node->event, QUIET_MS);
    assert_false(short_lived(NULL));
    assert_int_equal(node_want(node, &set, both(), 2, 60 * NS_PER_SEC), 0);
    assert_null(set.repairs);
    assert_true(short_lived(NULL));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* Before it could get its mark again: with the view knowing of it, and not yet. */
static void what_somebody_replaces_is_removed_on_release(void **state)
{
    struct node *node = *state;
    struct desired_set set = {0};

    for (int i = 0; i < 2; i++) {
        assert_int_equal(node_want(node, &set, both(), 2, 60 * NS_PER_SEC), 0);
        netns_run_for(node->event, QUIET_MS);
        replace();
        if (i == 1)
            assert_true(netns_run_until(node->event, seen, node, WAIT_MS));
        assert_int_equal(
            reconciler_owner(node->reconciler, node->ifindex, &both()[0].prefix.address),
            ADDRESS_OURS);
        assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
        assert_false(kernel_has("va", "192.0.2.10/24"));
        assert_false(kernel_has("va", "2001:db8::10/64"));
        netns_run_for(node->event, QUIET_MS);
    }
    /* What comes after that is somebody else's. */
    netns_ip("addr add 192.0.2.10/24 dev va");
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(node_run(node), 0);
    assert_true(kernel_has("va", "192.0.2.10/24"));
    assert_int_equal(reconciler_owner(node->reconciler, node->ifindex, &both()[0].prefix.address),
                     ADDRESS_OTHERS);
    assert_int_equal(reconciler_owner(node->reconciler, node->ifindex, &both()[1].prefix.address),
                     ADDRESS_NOBODYS);
}

/* Whoever takes it away and brings it back before we do cannot make it his. */
static void what_somebody_deletes_and_adds_stays_ours(void **state)
{
    struct node *node = *state;
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, both(), 2, 60 * NS_PER_SEC), 0);
    netns_run_for(node->event, QUIET_MS);
    netns_ip("addr del 192.0.2.10/24 dev va");
    netns_ip("addr add 192.0.2.10/24 dev va");
    assert_true(netns_run_until(node->event, marked, node, WAIT_MS));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
    assert_false(kernel_has("va", "192.0.2.10/24"));
}

static void adopting_takes_over_what_is_there(void **state)
{
    struct node *node = *state;
    struct desired_set set = {.adopt = true};

    /* First without having been told of them, then knowing them. */
    for (int i = 0; i < 2; i++) {
        netns_ip("addr add 192.0.2.10/24 dev va");
        netns_ip("addr add 2001:db8::10/64 dev va nodad");
        if (i == 1)
            netns_run_for(node->event, QUIET_MS);
        assert_int_equal(node_want(node, &set, both(), 2, 60 * NS_PER_SEC), 0);
        assert_int_equal(set.failed, 0);
        assert_true(marked(NULL));
        assert_in_range(kernel_read("va", "192.0.2.10/24").found.valid_s, 50, 60);
        assert_in_range(kernel_read("va", "2001:db8::10/64").found.valid_s, 50, 60);
        assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
        assert_false(kernel_has("va", "192.0.2.10/24"));
        assert_false(kernel_has("va", "2001:db8::10/64"));
        netns_run_for(node->event, QUIET_MS);
    }
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
}

/* keepalived gives an address without a length /32. */
static void adopting_replaces_another_length(void **state)
{
    struct node *node = *state;
    struct desired_set set = {.adopt = true};

    netns_ip("addr add 192.0.2.10/32 dev va");
    netns_ip("addr add 2001:db8::10/128 dev va nodad");
    assert_true(node_sees(node, "va", "2001:db8::10/128"));
    assert_int_equal(node_want(node, &set, both(), 2, 60 * NS_PER_SEC), 0);
    assert_true(marked(NULL));
    assert_false(kernel_has("va", "192.0.2.10/32"));
    assert_false(kernel_has("va", "2001:db8::10/128"));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
    assert_false(kernel_has("va", "192.0.2.10/24"));
}

/* Added again on sight, taken away on sight. */
static void a_fight_over_an_address_is_no_storm(void **state)
{
    struct node *node = *state;
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, both(), 1, 60 * NS_PER_SEC), 0);
    netns_run_for(node->event, QUIET_MS);
    uint64_t began_ns = clock_boot_ns();
    for (int i = 0; i < 100; i++) {
        if (kernel_has("va", "192.0.2.10/24"))
            netns_ip("addr del 192.0.2.10/24 dev va");
        netns_run_for(node->event, 5);
    }
    /* The back-off grows for 5 s, and is 4 s then; a busy machine takes its time for the rounds. */
    assert_in_range(reconciler_repairs(node->reconciler), 2,
                    10 + (clock_boot_ns() - began_ns) / (4 * NS_PER_SEC));
    /* Left in peace it is there for good, without another push. */
    assert_true(netns_run_until(node->event, first_marked, node, WAIT_MS));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_open, node_close)
    const struct CMUnitTest tests[] = {
        TEST(what_somebody_replaces_gets_mark_and_lease_again),
        TEST(what_keeps_the_mark_but_not_the_lease_gets_it_again),
        TEST(a_lease_that_a_reload_begins_is_no_repair),
        TEST(what_somebody_replaces_is_removed_on_release),
        TEST(what_somebody_deletes_and_adds_stays_ours),
        TEST(adopting_takes_over_what_is_there),
        TEST(adopting_replaces_another_length),
        TEST(a_fight_over_an_address_is_no_storm),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
