/* Leases: renewed while we live, over when we do not, and whose they are. */
#include "agent/base/clock.h"
#include "agent/kernel/reconciler_state.h"
#include "tests/unit/agent/kernel/reconciler_node.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MANY = 1500,
    /* Renewed each third of it: a machine that stands still has two seconds for that. */
    LEASE_S = 3,
    LONGER_MS = 4500, /* than a lease */
    RENEWALS = 40,
};

static bool both_are_back(void)
{
    return kernel_has_ours("va", "192.0.2.10/24") && kernel_has_ours("va", "2001:db8::10/64");
}

static void a_lease_is_renewed_while_we_live_and_ends_when_not(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, list, 2, LEASE_S * NS_PER_SEC), 0);
    netns_run_for(node->event, LONGER_MS);
    assert_true(both_are_back());
    assert_int_equal(node->lost, 0);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    /* The agent hangs. */
    assert_true(kernel_loses("192.0.2.10/24"));
    assert_true(kernel_loses("2001:db8::10/64"));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* More than one flight of renewals, and nothing else that wakes the loop. */
static void leases_of_many_are_renewed_one_flight_after_the_other(void **state)
{
    static struct claimed_address list[MANY];
    struct node *node = *state;
    struct desired_set set = {0};
    char text[ADDRESS_TEXT_SIZE];

    for (unsigned i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "198.51.%u.%u/32", i / 250, i % 250 + 1);
        list[i] = claim_of(text);
    }
    assert_int_equal(node_want(node, &set, list, MANY, 2 * LEASE_S * NS_PER_SEC), 0);
    netns_run_for(node->event, 2 * LONGER_MS);
    assert_int_equal(node->lost, 0);
    assert_int_equal(kernel_read("va", "198.51.0.1/32").count, MANY);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* The loop is kept busy with what is more urgent than the lease timer. */
static void a_lease_is_renewed_without_the_loop(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, list, 2, LEASE_S * NS_PER_SEC), 0);
    for (int ms = 0; ms < LONGER_MS; ms += 100) {
        reconciler_fire_due(node->reconciler);
        usleep(100 * 1000);
    }
    assert_true(both_are_back());
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

static bool has_long_lease(void *userdata)
{
    (void)userdata;
    return kernel_read("va", "192.0.2.10/24").found.valid_s > 10;
}

/* The one that leaves had the shorter lease: the address must not end with it. */
static void what_stays_gets_the_lease_of_who_stays(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct desired_set shorter = {0};
    struct desired_set longer = {0};

    assert_int_equal(node_want(node, &longer, list, 1, 100 * NS_PER_SEC), 0);
    assert_int_equal(node_want(node, &shorter, list, 1, LEASE_S * NS_PER_SEC), 0);
    assert_in_range(kernel_read("va", "192.0.2.10/24").found.valid_s, 0, LEASE_S);
    assert_int_equal(node_want(node, &shorter, NULL, 0, 0), 0);
    assert_true(netns_run_until(node->event, has_long_lease, node, WAIT_MS));
    assert_int_equal(node->lost, 0);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_int_equal(node_want(node, &longer, NULL, 0, 0), 0);
}

/* Whether the next of them, if there is any, is one about an address. */
static bool hears_of_address(int fd, int flags)
{
    struct nlmsghdr header;

    return recv(fd, &header, sizeof(header), MSG_DONTWAIT | flags) > 0 &&
           header.nlmsg_type == RTM_NEWADDR;
}

static int listen_to_addresses(void)
{
    const struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
    return fd;
}

/* Each would wake the loop for what it knows; only that, though. */
static void our_renewals_are_not_heard(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct desired_set set = {0};
    int ours = netns_newest_netlink_socket(true);
    int others = listen_to_addresses();
    bool renewed = false;

    assert_int_equal(node_want(node, &set, list, 1, 2 * NS_PER_SEC), 0);
    netns_run_for(node->event, QUIET_MS);
    while (hears_of_address(others, 0))
        ;
    assert_false(hears_of_address(ours, MSG_PEEK));
    for (int i = 0; i < WAIT_MS / 50 && !renewed; i++) {
        reconciler_fire_due(node->reconciler);
        usleep(50 * 1000);
        renewed = hears_of_address(others, 0);
    }
    assert_true(renewed);
    assert_false(hears_of_address(ours, MSG_PEEK));
    netns_address("va", "192.0.2.10/24", ADDRESS_MARK_PROTOCOL, 100);
    assert_true(hears_of_address(ours, MSG_PEEK));
    close(others);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* Only renewals that are due may wait until the loop is awake for something else. */
static void who_wants_what_is_there_does_not_wait_for_the_next_advert(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct desired_set set = {.owner = "test"};
    struct desired_set other = {.owner = "other"};

    reconciler_want(node->reconciler, &set, node->ifindex, list, 1, 600 * NS_PER_SEC);
    assert_true(netns_run_until(node->event, node_settled, &set, WAIT_MS));
    reconciler_want(node->reconciler, &other, node->ifindex, list, 1, 900 * NS_PER_SEC);
    assert_false(node->reconciler->quiet);
    assert_true(netns_run_until(node->event, node_settled, &other, WAIT_MS));
    assert_in_range(kernel_read("va", "192.0.2.10/24").found.valid_s, 800, 900);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
    assert_int_equal(node_want(node, &other, NULL, 0, 0), 0);
}

/* As with the next advert: its time is so far over that nobody need wake for it. */
static void renew_early(struct node *node, struct desired_set *set)
{
    set->refresh_ns = clock_boot_ns() + 10 * NS_PER_SEC;
    node->reconciler->early_ns = 1;
    reconciler_go_along(node->reconciler);
    assert_true(node->reconciler->task.submitted);
    for (int ms = 0; ms < WAIT_MS && node->reconciler->task.submitted; ms++) {
        netns_run_for(node->event, 1);
        reconciler_go_along(node->reconciler);
    }
    assert_false(node->reconciler->task.submitted);
}

/* Where each advert's renewal had it look, its code would be fetched for that. */
static void a_renewal_along_with_an_advert_leaves_the_sd_event_alone(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct desired_set set = {.owner = "test"};
    uint64_t before;
    uint64_t after;

    assert_int_equal(node_want(node, &set, list, 1, 600 * NS_PER_SEC), 0);
    netns_run_for(node->event, QUIET_MS);
    assert_true(sd_event_get_iteration(node->event, &before) >= 0);
    for (unsigned i = 0; i < RENEWALS; i++)
        renew_early(node, &set);
    netns_run_for(node->event, QUIET_MS);
    assert_true(sd_event_get_iteration(node->event, &after) >= 0);
    /* The link may have something to say meanwhile. */
    assert_true(after - before < RENEWALS / 2);
    assert_in_range(set.refresh_ns, clock_boot_ns() + 200 * NS_PER_SEC,
                    clock_boot_ns() + 600 * NS_PER_SEC);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_open, node_close)
    const struct CMUnitTest tests[] = {
        TEST(a_lease_is_renewed_while_we_live_and_ends_when_not),
        TEST(leases_of_many_are_renewed_one_flight_after_the_other),
        TEST(a_lease_is_renewed_without_the_loop),
        TEST(our_renewals_are_not_heard),
        TEST(a_renewal_along_with_an_advert_leaves_the_sd_event_alone),
        TEST(who_wants_what_is_there_does_not_wait_for_the_next_advert),
        TEST(what_stays_gets_the_lease_of_who_stays),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
