/* Desired addresses against a real kernel: claiming, changing what is wanted, releasing. */
#include "agent/kernel/address_batch.h"
#include "agent/kernel/address_write.h"
#include "tests/unit/agent/kernel/reconciler_node.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <linux/if_addr.h>

enum {
    MANY = 300,
};

static void claims_with_mark_and_lease_and_releases(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64"),
                                           claim_of("fe80::200:5eff:fe00:233/64")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, list, 3, 5 * NS_PER_SEC - 1), 0);
    assert_int_equal(set.failed, 0);
    struct observed_address four = kernel_read("va", "192.0.2.10/24").found;
    struct observed_address six = kernel_read("va", "2001:db8::10/64").found;
    assert_int_equal(four.proto, ADDRESS_MARK_PROTOCOL);
    assert_in_range(four.valid_s, 4, 5); /* rounded up */
    assert_int_equal(four.flags & IFA_F_DEPRECATED, 0);
    assert_int_equal(six.proto, ADDRESS_MARK_PROTOCOL);
    assert_in_range(six.valid_s, 4, 5);
    assert_int_equal(six.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED), 0);
    assert_true((six.flags & IFA_F_DEPRECATED) != 0); /* never a source address */
    assert_true(kernel_has_ours("va", "fe80::200:5eff:fe00:233/64"));
    for (size_t i = 0; i < 3; i++)
        assert_true(reconciler_held(node->reconciler, &set, &list[i]));

    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
    assert_int_equal(kernel_read("va", "192.0.2.10/24").count, 0);
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
}

static void without_a_lease_it_is_for_ever(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, list, 2, 0), 0);
    assert_int_equal(kernel_read("va", "192.0.2.10/24").found.valid_s, UINT32_MAX);
    assert_int_equal(kernel_read("va", "2001:db8::10/64").found.valid_s, UINT32_MAX);
    /* A reload that brings a lease applies it, and one that takes it away does too. */
    assert_int_equal(node_want(node, &set, list, 2, 60 * NS_PER_SEC), 0);
    assert_in_range(kernel_read("va", "192.0.2.10/24").found.valid_s, 50, 60);
    assert_int_equal(node_want(node, &set, list, 2, 0), 0);
    assert_int_equal(kernel_read("va", "192.0.2.10/24").found.valid_s, UINT32_MAX);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

static void many_go_in_few_calls(void **state)
{
    struct node *node = *state;
    struct address_batch *batch = calloc(1, sizeof(*batch));
    struct claimed_address claim = claim_of("10.1.0.0/32");
    struct desired_set set = {.owner = "test", .ifindex = node->ifindex};
    const struct remembered none = {0};
    struct rtnl_batch *rtnl;

    assert_non_null(batch);
    batch->links = node->links;
    batch->remembered = &none;
    batch->limit = ADDRESS_BATCH_MAX;
    assert_int_equal(rtnl_batch_open(&rtnl), 0);
    for (int i = 0; i < MANY; i++) {
        claim.prefix.address.octets[2] = (uint8_t)(i / 200);
        claim.prefix.address.octets[3] = (uint8_t)(i % 200 + 1);
        assert_true(address_batch_add(batch, &set, &claim, 60));
    }
    address_write(rtnl, batch->changes, batch->count, false);
    for (unsigned i = 0; i < batch->count; i++)
        assert_int_equal(batch->changes[i].result, 0);
    assert_int_equal(rtnl_batch_sends(rtnl),
                     (MANY + RTNL_BATCH_MESSAGES - 1) / RTNL_BATCH_MESSAGES);
    assert_int_equal(kernel_read("va", "10.1.0.1/32").count, MANY);
    rtnl_batch_close(rtnl);
    free(batch);
}

static void an_address_of_two_sets_stays_until_both_are_done(void **state)
{
    struct node *node = *state;
    const struct claimed_address a[] = {claim_of("192.0.2.10/24"), claim_of("192.0.2.11/24")};
    const struct claimed_address b[] = {claim_of("192.0.2.11/24"), claim_of("192.0.2.12/24")};
    struct desired_set first = {0};
    struct desired_set second = {0};

    assert_int_equal(node_want(node, &first, a, 2, 60 * NS_PER_SEC), 0);
    assert_int_equal(node_want(node, &second, b, 2, 60 * NS_PER_SEC), 0);
    assert_int_equal(node_want(node, &first, NULL, 0, 0), 0);
    assert_false(kernel_has("va", "192.0.2.10/24"));
    assert_true(kernel_has_ours("va", "192.0.2.11/24"));
    assert_true(kernel_has_ours("va", "192.0.2.12/24"));
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_int_equal(node_want(node, &second, NULL, 0, 0), 0);
    assert_int_equal(kernel_read("va", "192.0.2.11/24").count, 0);
}

static void a_change_of_the_list_touches_only_the_difference(void **state)
{
    struct node *node = *state;
    const struct claimed_address before[] = {claim_of("192.0.2.10/24"), claim_of("192.0.2.11/24")};
    const struct claimed_address after[] = {claim_of("192.0.2.11/24"), claim_of("192.0.2.12/24")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, before, 2, 60 * NS_PER_SEC), 0);
    assert_int_equal(node_want(node, &set, after, 2, 60 * NS_PER_SEC), 0);
    assert_false(kernel_has("va", "192.0.2.10/24"));
    assert_true(kernel_has_ours("va", "192.0.2.11/24"));
    assert_true(kernel_has_ours("va", "192.0.2.12/24"));
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* A reload that changes nothing. What somebody did to the lease shows whether it was written. */
static void an_equal_list_elsewhere_is_not_written(void **state)
{
    struct node *node = *state;
    const struct claimed_address before[] = {claim_of("192.0.2.10/24"),
                                             claim_of("2001:db8::10/64")};
    const struct claimed_address equal[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    const struct claimed_address other[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/48")};
    struct desired_set set = {0};

    assert_false(desired_rebase(&set, equal, 2, 60 * NS_PER_SEC));
    assert_int_equal(node_want(node, &set, before, 2, 60 * NS_PER_SEC), 0);
    netns_address("va", "192.0.2.10/24", ADDRESS_MARK_PROTOCOL, 1000);
    netns_address("va", "2001:db8::10/64", ADDRESS_MARK_PROTOCOL, 1000);
    assert_true(desired_rebase(&set, equal, 2, 60 * NS_PER_SEC));
    assert_ptr_equal(set.addresses, equal);
    assert_false(desired_rebase(&set, before, 1, 60 * NS_PER_SEC));
    assert_false(desired_rebase(&set, other, 2, 60 * NS_PER_SEC));
    assert_false(desired_rebase(&set, before, 2, 30 * NS_PER_SEC));
    assert_ptr_equal(set.addresses, equal);
    netns_run_for(node->event, QUIET_MS);
    assert_in_range(kernel_read("va", "192.0.2.10/24").found.valid_s, 900, 1000);
    assert_in_range(kernel_read("va", "2001:db8::10/64").found.valid_s, 900, 1000);
    assert_int_equal(node_want(node, &set, before, 2, 60 * NS_PER_SEC), 0);
    assert_in_range(kernel_read("va", "192.0.2.10/24").found.valid_s, 30, 60);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* IPv6 knows an address with one prefix length at a time; IPv4 with several. */
static void a_change_of_the_prefix_length_is_carried_out(void **state)
{
    struct node *node = *state;
    const struct claimed_address before[] = {claim_of("192.0.2.10/24"),
                                             claim_of("2001:db8::10/64")};
    const struct claimed_address after[] = {claim_of("192.0.2.10/32"),
                                            claim_of("2001:db8::10/128")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, before, 2, 0), 0);
    assert_int_equal(node_want(node, &set, after, 2, 0), 0);
    assert_true(kernel_has_ours("va", "192.0.2.10/32"));
    assert_true(kernel_has_ours("va", "2001:db8::10/128"));
    assert_int_equal(kernel_read("va", "192.0.2.10/32").count, 2);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
    assert_int_equal(kernel_read("va", "192.0.2.10/32").count, 0);
}

static void moves_to_another_link(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct desired_set set = {.owner = "test"};

    assert_int_equal(node_want(node, &set, list, 1, 0), 0);
    assert_int_equal(node_want_on(node, &set, netns_ifindex("vb"), list, 1, 0), 0);
    assert_false(kernel_has("va", "192.0.2.10/24"));
    assert_true(kernel_has_ours("vb", "192.0.2.10/24"));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

static void releasing_what_went_with_its_link_is_no_error(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, list, 1, 0), 0);
    netns_ip("link del va");
    assert_int_equal(node_want_on(node, &set, 0, NULL, 0, 0), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_open, node_close)
    const struct CMUnitTest tests[] = {
        TEST(claims_with_mark_and_lease_and_releases),
        TEST(without_a_lease_it_is_for_ever),
        TEST(many_go_in_few_calls),
        TEST(an_address_of_two_sets_stays_until_both_are_done),
        TEST(a_change_of_the_list_touches_only_the_difference),
        TEST(an_equal_list_elsewhere_is_not_written),
        TEST(a_change_of_the_prefix_length_is_carried_out),
        TEST(moves_to_another_link),
        TEST(releasing_what_went_with_its_link_is_no_error),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
