/* When the kernel answers for an IPv6 address: not before it has the address, nor after. */
#include "agent/kernel/local_route.h"
#include "tests/unit/agent/netns.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

enum {
    TRIES_MAX = 30 * 1000, /* the kernel has a thread for that, which waits for the lock of links */
    GAP = 40,
};

/* Questions since a test began, and those of them about more than the table. */
static size_t asked;
static size_t asked_for_more;

/* The library's, with a look at what is sent. */
ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *octets, size_t size)
{
    int left = (int)size;

    for (const struct nlmsghdr *header = octets; mnl_nlmsg_ok(header, left);
         header = mnl_nlmsg_next(header, &left)) {
        const struct rtmsg *route = mnl_nlmsg_get_payload(header);

        asked += header->nlmsg_type == RTM_GETROUTE ? 1 : 0;
        asked_for_more += (route->rtm_flags & RTM_F_FIB_MATCH) == 0 ? 1 : 0;
    }
    return send(mnl_socket_get_fd(socket), octets, size, 0);
}

static int enter(void **state)
{
    asked = 0;
    asked_for_more = 0;
    netns_enter();
    netns_veth("va", "vb");
    return local_route_open((struct local_route **)state);
}

static int leave(void **state)
{
    local_route_close(*state);
    return 0;
}

static struct ip_address parse(const char *text)
{
    struct ip_address address;

    assert_true(ip_address_parse(text, &address));
    return address;
}

static bool has(struct local_route *routes, const struct ip_address *address)
{
    const struct local_question question = {.ifindex = netns_ifindex("va"), .address = *address};

    return local_route_count(routes, &question, 1) == 1;
}

static bool answers_in_the_end(struct local_route *routes, const struct ip_address *address)
{
    const struct timespec millisecond = {.tv_nsec = 1000 * 1000};

    for (int i = 0; i < TRIES_MAX; i++) {
        if (has(routes, address))
            return true;
        nanosleep(&millisecond, NULL);
    }
    return false;
}

static void an_address_is_answered_for_while_it_is_there(void **state)
{
    const struct ip_address here = parse("2001:db8::10");
    const struct ip_address neighbour = parse("2001:db8::11");

    assert_false(has(*state, &here));
    netns_ip("addr add 2001:db8::10/64 dev va nodad");
    assert_true(answers_in_the_end(*state, &here));
    /* Reached, but not here. */
    assert_false(has(*state, &neighbour));
    netns_ip("addr del 2001:db8::10/64 dev va");
    assert_false(has(*state, &here));
}

static void a_link_local_address_too(void **state)
{
    const struct ip_address here = parse("fe80::200:5eff:fe00:233");

    assert_false(has(*state, &here));
    netns_ip("addr add fe80::200:5eff:fe00:233/64 dev va nodad");
    assert_true(answers_in_the_end(*state, &here));
}

/* All in one call, and the answer is how far it goes without a gap. */
static void many_are_asked_for_at_once(void **state)
{
    struct local_question list[LOCAL_ROUTE_QUESTIONS];
    char text[ADDRESS_TEXT_SIZE];

    for (unsigned i = 0; i < LOCAL_ROUTE_QUESTIONS; i++) {
        snprintf(text, sizeof(text), "2001:db8::%x", i + 1);
        list[i] = (struct local_question){.ifindex = netns_ifindex("va"), .address = parse(text)};
        netns_ip("addr add %s/128 dev va nodad", text);
        assert_true(answers_in_the_end(*state, &list[i].address));
    }
    assert_int_equal(local_route_count(*state, list, LOCAL_ROUTE_QUESTIONS), LOCAL_ROUTE_QUESTIONS);
    list[GAP].address = parse("2001:db8::ffff");
    list[GAP + 9].address = list[GAP].address;
    assert_int_equal(local_route_count(*state, list, LOCAL_ROUTE_QUESTIONS), GAP);
    assert_int_equal(local_route_count(*state, list, GAP), GAP);
    assert_int_equal(local_route_count(*state, list, 0), 0);
}

/* Else each answer costs the kernel a look at every address of the link. */
static void only_the_table_is_asked(void **state)
{
    struct local_question list[LOCAL_ROUTE_QUESTIONS];

    for (size_t i = 0; i < LOCAL_ROUTE_QUESTIONS; i++)
        list[i] = (struct local_question){.ifindex = netns_ifindex("va"),
                                          .address = parse("2001:db8::10")};
    assert_int_equal(local_route_count(*state, list, LOCAL_ROUTE_QUESTIONS), 0);
    assert_int_equal(asked, LOCAL_ROUTE_QUESTIONS);
    assert_int_equal(asked_for_more, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_address_is_answered_for_while_it_is_there, enter, leave),
        cmocka_unit_test_setup_teardown(a_link_local_address_too, enter, leave),
        cmocka_unit_test_setup_teardown(many_are_asked_for_at_once, enter, leave),
        cmocka_unit_test_setup_teardown(only_the_table_is_asked, enter, leave),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
