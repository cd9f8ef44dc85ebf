/* Which addresses are ours, on kernels of every age: what is written, and what is read from it. */
#include "agent/kernel/mark.h"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void either_mark_makes_it_ours(void **state)
{
    (void)state;
    assert_true(mark_is_ours(&(struct observed_address){.proto = ADDRESS_MARK_PROTOCOL}));
    assert_true(mark_is_ours(&(struct observed_address){.metric = ADDRESS_MARK_METRIC}));
    assert_false(mark_is_ours(&(struct observed_address){0}));
    assert_false(mark_is_ours(&(struct observed_address){.proto = 3, .metric = 100}));
}

/* Its loopback address is enough. */
static void a_kernel_that_tells_protocols_gets_no_metric(void **state)
{
    struct mark_support support = {0};
    struct observed_address address = {.metric = 100};

    (void)state;
    mark_learn(&support, &(struct observed_address){.proto = 1});
    assert_true(mark_is_known(&support));
    mark_set(&address, &support);
    assert_int_equal(address.proto, ADDRESS_MARK_PROTOCOL);
    assert_int_equal(address.metric, 0);
}

static void a_kernel_that_has_told_nothing_gets_both(void **state)
{
    struct mark_support support = {0};
    struct observed_address address = {0};

    (void)state;
    mark_learn(&support, &(struct observed_address){.metric = 1024});
    assert_false(mark_is_known(&support));
    mark_set(&address, &support);
    assert_int_equal(address.proto, ADDRESS_MARK_PROTOCOL);
    assert_int_equal(address.metric, ADDRESS_MARK_METRIC);
}

/* What has come back of both. */
static void a_kernel_that_keeps_the_metric_alone_goes_on_with_it(void **state)
{
    struct mark_support support = {0};
    struct observed_address address = {.proto = ADDRESS_MARK_PROTOCOL};

    (void)state;
    mark_learn(&support, &(struct observed_address){.metric = ADDRESS_MARK_METRIC});
    assert_true(mark_is_known(&support));
    mark_set(&address, &support);
    assert_int_equal(address.metric, ADDRESS_MARK_METRIC);
    assert_true(mark_is_ours(&address));
}

/* One that was given both, before the protocol had been seen, loses the metric when it is renewed.
 */
static void the_protocol_is_enough_once_it_has_come_back(void **state)
{
    struct mark_support support = {0};
    struct observed_address address = {.proto = ADDRESS_MARK_PROTOCOL,
                                       .metric = ADDRESS_MARK_METRIC};

    (void)state;
    mark_learn(&support, &address);
    mark_set(&address, &support);
    assert_int_equal(address.proto, ADDRESS_MARK_PROTOCOL);
    assert_int_equal(address.metric, 0);
}

/* Linux 6.1 takes no other protocol for an IPv4 address that is there. */
static void one_without_the_protocol_gets_the_metric_until_it_has_it(void **state)
{
    const struct mark_support support = {.proto = true};
    struct observed_address ipv4 = {.prefix.address.family = IP_FAMILY_IPV4};
    struct observed_address ipv6 = {.prefix.address.family = IP_FAMILY_IPV6};

    (void)state;
    mark_renew(&ipv6, &support);
    assert_int_equal(ipv6.proto, ADDRESS_MARK_PROTOCOL);
    assert_int_equal(ipv6.metric, 0);
    mark_renew(&ipv4, &support);
    assert_int_equal(ipv4.proto, ADDRESS_MARK_PROTOCOL);
    assert_int_equal(ipv4.metric, ADDRESS_MARK_METRIC);
    struct observed_address kept = {.prefix = ipv4.prefix, .metric = ADDRESS_MARK_METRIC};
    mark_renew(&kept, &support);
    assert_int_equal(kept.metric, ADDRESS_MARK_METRIC);
    mark_renew(&ipv4, &support);
    assert_int_equal(ipv4.proto, ADDRESS_MARK_PROTOCOL);
    assert_int_equal(ipv4.metric, 0);
}

static int note_attribute(const struct nlattr *attribute, void *userdata)
{
    struct observed_address *found = userdata;

    if (mnl_attr_get_type(attribute) == ATTRIBUTE_IFA_PROTO)
        found->proto = mnl_attr_get_u8(attribute);
    if (mnl_attr_get_type(attribute) == IFA_RT_PRIORITY)
        found->metric = mnl_attr_get_u32(attribute);
    return MNL_CB_OK;
}

static void what_is_set_is_what_is_written(void **state)
{
    static const struct observed_address addresses[] = {
        {.proto = ADDRESS_MARK_PROTOCOL},
        {.metric = ADDRESS_MARK_METRIC},
        {.proto = ADDRESS_MARK_PROTOCOL, .metric = ADDRESS_MARK_METRIC},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        _Alignas(8) char octets[256] = {0};
        struct nlmsghdr *message = mnl_nlmsg_put_header(octets);
        struct observed_address found = {0};

        (void)mnl_nlmsg_put_extra_header(message, sizeof(struct ifaddrmsg));
        mark_put(message, &addresses[i]);
        assert_int_equal(mnl_attr_parse(message, sizeof(struct ifaddrmsg), note_attribute, &found),
                         MNL_CB_OK);
        assert_int_equal(found.proto, addresses[i].proto);
        assert_int_equal(found.metric, addresses[i].metric);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(either_mark_makes_it_ours),
        cmocka_unit_test(a_kernel_that_tells_protocols_gets_no_metric),
        cmocka_unit_test(a_kernel_that_has_told_nothing_gets_both),
        cmocka_unit_test(a_kernel_that_keeps_the_metric_alone_goes_on_with_it),
        cmocka_unit_test(the_protocol_is_enough_once_it_has_come_back),
        cmocka_unit_test(one_without_the_protocol_gets_the_metric_until_it_has_it),
        cmocka_unit_test(what_is_set_is_what_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
