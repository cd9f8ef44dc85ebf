/* Batches of netlink requests against a real kernel: every message has an answer of its own. */
#include "agent/kernel/rtnl_batch.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

enum {
    NO_SUCH_LINK = 4711,
};

static void put_address(struct rtnl_batch *batch, uint16_t type, int ifindex, uint8_t last)
{
    const uint8_t octets[4] = {192, 0, 2, last};
    struct nlmsghdr *message =
        rtnl_batch_begin(batch, type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_EXCL : 0);
    struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

    header->ifa_family = AF_INET;
    header->ifa_prefixlen = 32;
    header->ifa_index = (unsigned)ifindex;
    mnl_attr_put(message, IFA_LOCAL, sizeof(octets), octets);
}

static int enter(void **state)
{
    netns_enter();
    netns_veth("va", "vb");
    return rtnl_batch_open((struct rtnl_batch **)state);
}

static int leave(void **state)
{
    rtnl_batch_close(*state);
    return 0;
}

static void a_full_batch_is_one_call(void **state)
{
    struct rtnl_batch *batch = *state;
    int ifindex = netns_ifindex("va");

    for (unsigned i = 0; i < RTNL_BATCH_MESSAGES; i++) {
        assert_false(rtnl_batch_full(batch));
        put_address(batch, RTM_NEWADDR, ifindex, (uint8_t)(i + 1));
    }
    assert_true(rtnl_batch_full(batch));
    assert_int_equal(rtnl_batch_send(batch), 0);
    assert_int_equal(rtnl_batch_sends(batch), 1);
    assert_int_equal(rtnl_batch_count(batch), 0);
    for (unsigned i = 0; i < RTNL_BATCH_MESSAGES; i++)
        assert_int_equal(rtnl_batch_result(batch, i), 0);
    /* All of them are there: none can be added twice. */
    for (unsigned i = 0; i < RTNL_BATCH_MESSAGES; i++)
        put_address(batch, RTM_NEWADDR, ifindex, (uint8_t)(i + 1));
    assert_int_equal(rtnl_batch_send(batch), -EEXIST);
    for (unsigned i = 0; i < RTNL_BATCH_MESSAGES; i++)
        assert_int_equal(rtnl_batch_result(batch, i), -EEXIST);
}

static void each_message_has_its_own_result(void **state)
{
    struct rtnl_batch *batch = *state;
    int ifindex = netns_ifindex("va");

    put_address(batch, RTM_NEWADDR, ifindex, 1);
    put_address(batch, RTM_NEWADDR, NO_SUCH_LINK, 2);
    put_address(batch, RTM_NEWADDR, ifindex, 1);
    put_address(batch, RTM_DELADDR, ifindex, 9);
    put_address(batch, RTM_NEWADDR, ifindex, 3);
    assert_int_equal(rtnl_batch_send(batch), -ENODEV);
    assert_int_equal(rtnl_batch_result(batch, 0), 0);
    assert_int_equal(rtnl_batch_result(batch, 1), -ENODEV);
    assert_int_equal(rtnl_batch_result(batch, 2), -EEXIST);
    assert_int_equal(rtnl_batch_result(batch, 3), -EADDRNOTAVAIL);
    assert_int_equal(rtnl_batch_result(batch, 4), 0);
}

static void says_why_where_the_kernel_does(void **state)
{
    struct rtnl_batch *batch = *state;
    const struct ifa_cacheinfo backwards = {.ifa_valid = 1, .ifa_prefered = 2};

    put_address(batch, RTM_NEWADDR, netns_ifindex("va"), 1);
    assert_int_equal(rtnl_batch_send(batch), 0);
    assert_string_equal(rtnl_batch_detail(batch, 0), "");
    const uint8_t octets[4] = {192, 0, 2, 2};
    struct nlmsghdr *message = rtnl_batch_begin(batch, RTM_NEWADDR, NLM_F_CREATE);
    struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->ifa_family = AF_INET;
    header->ifa_prefixlen = 32;
    header->ifa_index = (unsigned)netns_ifindex("va");
    mnl_attr_put(message, IFA_LOCAL, sizeof(octets), octets);
    mnl_attr_put(message, IFA_CACHEINFO, sizeof(backwards), &backwards);
    put_address(batch, RTM_NEWADDR, netns_ifindex("va"), 3);
    assert_int_equal(rtnl_batch_send(batch), -EINVAL);
    assert_true(strlen(rtnl_batch_detail(batch, 0)) > 0);
    assert_string_equal(rtnl_batch_detail(batch, 1), "");
}

static void an_empty_batch_is_not_sent(void **state)
{
    struct rtnl_batch *batch = *state;

    assert_int_equal(rtnl_batch_send(batch), 0);
    assert_int_equal(rtnl_batch_sends(batch), 0);
}

/* From now on there is room for a few answers only. */
static void make_small(void)
{
    int small = 1;

    assert_int_equal(setsockopt(netns_newest_netlink_socket(false), SOL_SOCKET, SO_RCVBUF, &small,
                                sizeof(small)),
                     0);
}

static void what_succeeds_costs_one_answer_for_all(void **state)
{
    struct rtnl_batch *batch = *state;

    make_small();
    for (unsigned i = 0; i < RTNL_BATCH_MESSAGES; i++)
        put_address(batch, RTM_NEWADDR, netns_ifindex("va"), (uint8_t)(i + 1));
    assert_int_equal(rtnl_batch_send(batch), 0);
    for (unsigned i = 0; i < RTNL_BATCH_MESSAGES; i++)
        assert_int_equal(rtnl_batch_result(batch, i), 0);
}

/* Without room for the answers what happened is not known, and that is said. The next batch is not
 * confused by answers to this one. */
static void lost_answers_count_as_errors(void **state)
{
    struct rtnl_batch *batch = *state;

    make_small();
    for (unsigned i = 0; i < RTNL_BATCH_MESSAGES; i++)
        put_address(batch, RTM_NEWADDR, netns_ifindex("va"), 1);
    assert_int_equal(rtnl_batch_send(batch), -ENOBUFS);
    assert_int_equal(rtnl_batch_result(batch, 0), -ENOBUFS);
    assert_int_equal(rtnl_batch_result(batch, 1), -EEXIST);
    assert_int_equal(rtnl_batch_result(batch, RTNL_BATCH_MESSAGES - 1), -ENOBUFS);

    put_address(batch, RTM_NEWADDR, netns_ifindex("va"), 200);
    assert_int_equal(rtnl_batch_send(batch), 0);
    put_address(batch, RTM_NEWADDR, netns_ifindex("va"), 200);
    assert_int_equal(rtnl_batch_send(batch), -EEXIST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_batch_is_one_call, enter, leave),
        cmocka_unit_test_setup_teardown(each_message_has_its_own_result, enter, leave),
        cmocka_unit_test_setup_teardown(says_why_where_the_kernel_does, enter, leave),
        cmocka_unit_test_setup_teardown(an_empty_batch_is_not_sent, enter, leave),
        cmocka_unit_test_setup_teardown(what_succeeds_costs_one_answer_for_all, enter, leave),
        cmocka_unit_test_setup_teardown(lost_answers_count_as_errors, enter, leave),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
