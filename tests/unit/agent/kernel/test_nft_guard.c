/* The table of nf_tables by which accept = no drops packets, against the kernel: what it lets pass,
 * who takes it away, and what is left of it. */
#include "agent/kernel/nft_guard.h"

#include "agent/kernel/nft_table.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WAIT_MS = 30 * 1000,
    QUIET_MS = 50,
    /* Over lo it is there at once, unless the kernel leaves that to a thread of its own: who says
     * that it arrives waits for it. */
    ARRIVAL_MS = 30 * 1000,
    DROPPED_MS = 20,
    PORT = 7007,
};

struct node {
    sd_event *event;
    struct worker *worker;
    struct nft_guard *guard;
    struct nft_share share;
};

static int run(const char *command)
{
    int status = system(command); /* NOLINT(cert-env33-c): a test */

    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void nft(const char *arguments)
{
    char command[256];

    snprintf(command, sizeof(command), "nft %s", arguments);
    assert_int_equal(run(command), 0);
}

static int node_open(void **state)
{
    struct node *node = calloc(1, sizeof(*node));
    const struct worker_options options = {.name = "test-kernel", .tasks_max = 8};

    netns_enter();
    netns_veth("va", "vb");
    netns_ip("addr add 192.0.2.10/24 dev va");
    netns_ip("addr add 192.0.2.11/24 dev va");
    netns_ip("addr add 2001:db8::10/64 dev va nodad");
    netns_ip("addr add fe80::10/64 dev va nodad");
    assert_non_null(node);
    assert_true(sd_event_new(&node->event) >= 0);
    assert_int_equal(worker_open(node->event, &options, &node->worker), 0);
    assert_int_equal(nft_guard_open(node->event, 0, node->worker, &node->guard), 0);
    *state = node;
    return 0;
}

static int node_close(void **state)
{
    struct node *node = *state;

    worker_close(node->worker);
    nft_guard_close(node->guard);
    sd_event_unref(node->event);
    free(node);
    return 0;
}

static void want(struct node *node, const struct claimed_address *list, size_t count)
{
    nft_guard_want(node->guard, &node->share, netns_ifindex("va"), list, count);
    assert_true(worker_wait(node->worker, WAIT_MS * NS_PER_MS));
    assert_null(nft_guard_problem(node->guard));
}

/* A datagram from this machine to that address arrives in that time. */
static bool arrives_within(int wait_ms, const char *text, const char *ifname)
{
    struct ip_prefix to = prefix_of(text);
    bool ipv4 = to.address.family == IP_FAMILY_IPV4;
    struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
    struct sockaddr *address = ipv4 ? (struct sockaddr *)&a4 : (struct sockaddr *)&a6;
    socklen_t size = ipv4 ? sizeof(a4) : sizeof(a6);
    int receiver = socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int sender = socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char octet = 'x';

    memcpy(&a4.sin_addr, to.address.octets, sizeof(a4.sin_addr));
    memcpy(&a6.sin6_addr, to.address.octets, sizeof(a6.sin6_addr));
    a6.sin6_scope_id = ifname != NULL ? (uint32_t)netns_ifindex(ifname) : 0;
    assert_int_equal(bind(receiver, address, size), 0);
    assert_int_equal(sendto(sender, &octet, 1, 0, address, size), 1);
    struct pollfd fd = {.fd = receiver, .events = POLLIN};
    bool got = poll(&fd, 1, wait_ms) == 1;
    close(receiver);
    close(sender);
    return got;
}

static bool arrives(const char *text, const char *ifname)
{
    return arrives_within(ARRIVAL_MS, text, ifname);
}

static bool is_dropped(const char *text)
{
    return !arrives_within(DROPPED_MS, text, NULL);
}

static bool has_table(void)
{
    return run("nft list table inet vipd >/dev/null 2>&1") == 0;
}

static bool has_no_table(void *userdata)
{
    (void)userdata;
    return !has_table();
}

static void packets_to_the_addresses_are_dropped_and_no_others(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {{.prefix = prefix_of("192.0.2.10/24")},
                                           {.prefix = prefix_of("2001:db8::10/64")}};

    assert_true(arrives("192.0.2.10", NULL));
    assert_true(arrives("2001:db8::10", NULL));
    want(node, list, 2);
    assert_true(is_dropped("192.0.2.10"));
    assert_true(is_dropped("2001:db8::10"));
    assert_true(arrives("192.0.2.11", NULL));
    assert_true(arrives("fe80::10", "va"));
    nft_guard_want(node->guard, &node->share, 0, NULL, 0);
    assert_int_equal(nft_guard_finish(node->guard, WAIT_MS * NS_PER_MS), 0);
    assert_true(arrives("192.0.2.10", NULL));
    assert_false(has_table());
}

/* The same link-local address may be another router's on another link. */
static void a_link_local_address_is_meant_on_its_link(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {{.prefix = prefix_of("fe80::10/64")}};

    want(node, list, 1);
    assert_int_equal(run("nft list set inet vipd ipv6-link | grep -q 'fe80::10 . \"va\"'"), 0);
    assert_int_equal(run("nft list set inet vipd ipv6 | grep -q fe80"), 1);
    nft_guard_want(node->guard, &node->share, 0, list, 1);
    assert_true(netns_run_until(node->event, has_no_table, node, WAIT_MS));
}

/* By the manual; where the kernel has counters, as this one. */
static void what_is_dropped_is_counted(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {{.prefix = prefix_of("192.0.2.10/24")}};

    want(node, list, 1);
    assert_true(is_dropped("192.0.2.10"));
    assert_int_equal(run("nft list table inet vipd | grep -q 'counter packets [1-9].* drop'"), 0);
}

static bool is_back(void *userdata)
{
    (void)userdata;
    return has_table();
}

static void whoever_flushes_the_ruleset_does_not_open_it(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {{.prefix = prefix_of("192.0.2.10/24")}};

    want(node, list, 1);
    netns_run_for(node->event, QUIET_MS);
    for (int i = 0; i < 3; i++) {
        nft("flush ruleset");
        assert_true(netns_run_until(node->event, is_back, node, WAIT_MS));
        assert_true(is_dropped("192.0.2.10"));
    }
}

static bool drops(void *userdata)
{
    (void)userdata;
    return is_dropped("192.0.2.10");
}

static void an_element_or_rule_that_somebody_deletes_is_put_back(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {{.prefix = prefix_of("192.0.2.10/24")}};

    want(node, list, 1);
    netns_run_for(node->event, QUIET_MS);
    nft("delete element inet vipd ipv4 { 192.0.2.10 }");
    assert_true(netns_run_until(node->event, drops, node, WAIT_MS));
    nft("flush chain inet vipd accept-no");
    assert_true(netns_run_until(node->event, drops, node, WAIT_MS));
    /* What others do with theirs is not ours to mend. */
    nft("add table inet other");
    netns_run_for(node->event, QUIET_MS);
    assert_true(drops(node));
}

static bool is_open(void *userdata)
{
    return !drops(userdata);
}

static void what_is_not_wanted_any_more_goes_a_little_later(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {{.prefix = prefix_of("192.0.2.10/24")},
                                           {.prefix = prefix_of("192.0.2.11/24")}};

    want(node, list, 2);
    want(node, &list[1], 1);
    assert_true(is_dropped("192.0.2.10"));
    assert_true(netns_run_until(node->event, is_open, node, WAIT_MS));
    assert_true(is_dropped("192.0.2.11"));
    want(node, NULL, 0);
    assert_true(is_dropped("192.0.2.11"));
    assert_true(netns_run_until(node->event, has_no_table, node, WAIT_MS));
}

static void more_than_one_message_holds(void **state)
{
    struct node *node = *state;
    struct claimed_address list[3000] = {0};

    for (size_t i = 0; i < 3000; i++) {
        char text[32];

        snprintf(text, sizeof(text), "10.%zu.%zu.1/24", i / 200, i % 200);
        list[i].prefix = prefix_of(text);
    }
    list[2999].prefix = prefix_of("192.0.2.10/24");
    want(node, list, 3000);
    assert_true(is_dropped("192.0.2.10"));
    assert_true(arrives("192.0.2.11", NULL));
    netns_run_for(node->event, QUIET_MS); /* it is looked at, and found to be whole */
    nft_guard_want(node->guard, &node->share, 0, NULL, 0);
}

static void what_a_predecessor_left_goes(void **state)
{
    struct node *node = *state;

    nft("add table inet vipd");
    nft("add table inet other");
    nft_guard_run(node->guard);
    assert_true(worker_wait(node->worker, WAIT_MS * NS_PER_MS));
    assert_false(has_table());
    assert_int_equal(run("nft list table inet other >/dev/null"), 0);
}

static void trying_changes_nothing(void **state)
{
    (void)state;
    assert_null(nft_guard_try());
    assert_false(has_table());
    assert_non_null(strstr(nft_table_problem(-EPROTONOSUPPORT), "no nf_tables"));
    assert_true(nft_table_unknown(-ENOENT));
    assert_non_null(strstr(nft_table_problem(-ENOENT), "lacks a part"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, node_open, node_close)
    const struct CMUnitTest tests[] = {
        TEST(packets_to_the_addresses_are_dropped_and_no_others),
        TEST(a_link_local_address_is_meant_on_its_link),
        TEST(what_is_dropped_is_counted),
        TEST(whoever_flushes_the_ruleset_does_not_open_it),
        TEST(an_element_or_rule_that_somebody_deletes_is_put_back),
        TEST(what_is_not_wanted_any_more_goes_a_little_later),
        TEST(more_than_one_message_holds),
        TEST(what_a_predecessor_left_goes),
        TEST(trying_changes_nothing),
    };

    netns_need();
    if (run("nft --version >/dev/null 2>&1") != 0 || nft_guard_try() != NULL) {
        fprintf(stderr, "skipped: no nft, or a kernel without nf_tables\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
