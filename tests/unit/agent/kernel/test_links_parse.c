/* Netlink messages that the kernel would not send: attributes too short for what they carry. What
 * lies behind the message must never be taken for a part of it. */
#include "agent/kernel/links_parse.h"

#include "agent/kernel/mark.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

/* A message, and room behind it. */
struct message {
    struct nlmsghdr header;
    struct ifaddrmsg info;
    uint8_t rest[128];
};

static void begin(struct message *m)
{
    memset(m, 0xff, sizeof(*m));
    m->header =
        (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(sizeof(m->info)), .nlmsg_type = RTM_NEWADDR};
    m->info = (struct ifaddrmsg){.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 3};
}

static void put(struct message *m, uint16_t type, const void *data, uint16_t size)
{
    uint8_t *at = (uint8_t *)m + m->header.nlmsg_len;
    struct rtattr attribute = {.rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(size)};

    memcpy(at, &attribute, sizeof(attribute));
    memcpy(at + sizeof(attribute), data, size);
    m->header.nlmsg_len += (uint32_t)RTA_SPACE(size);
}

static void reads_an_address_with_its_origin(void **state)
{
    static const uint8_t local[4] = {192, 0, 2, 10};
    static const uint8_t proto = ADDRESS_MARK_PROTOCOL;
    static const uint32_t metric = ADDRESS_MARK_METRIC;
    struct observed_address out;
    struct message m;

    (void)state;
    begin(&m);
    put(&m, IFA_LOCAL, local, sizeof(local));
    put(&m, ATTRIBUTE_IFA_PROTO, &proto, sizeof(proto));
    put(&m, IFA_RT_PRIORITY, &metric, sizeof(metric));
    assert_true(links_parse_address(&m.header, &out));
    assert_int_equal(out.ifindex, 3);
    assert_int_equal(out.prefix.length, 24);
    assert_memory_equal(out.prefix.address.octets, local, sizeof(local));
    assert_int_equal(out.proto, ADDRESS_MARK_PROTOCOL);
    assert_int_equal(out.metric, ADDRESS_MARK_METRIC);
}

static void an_empty_origin_is_none(void **state)
{
    static const uint8_t local[4] = {192, 0, 2, 10};
    struct observed_address out;
    struct message m;

    (void)state;
    begin(&m);
    put(&m, IFA_LOCAL, local, sizeof(local));
    put(&m, ATTRIBUTE_IFA_PROTO, local, 0);
    put(&m, IFA_RT_PRIORITY, local, 3);
    assert_true(links_parse_address(&m.header, &out));
    assert_int_equal(out.proto, 0);
    assert_int_equal(out.metric, 0);
}

static void a_short_address_is_none(void **state)
{
    static const uint8_t local[3] = {192, 0, 2};
    struct observed_address out;
    struct message m;

    (void)state;
    begin(&m);
    put(&m, IFA_LOCAL, local, sizeof(local));
    assert_false(links_parse_address(&m.header, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_address_with_its_origin),
        cmocka_unit_test(an_empty_origin_is_none),
        cmocka_unit_test(a_short_address_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
