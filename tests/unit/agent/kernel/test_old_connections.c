/* Connections in TIME-WAIT are forgotten for the addresses that are named, and no others, against
 * the kernel. */
#include "agent/kernel/old_connections.h"

#include "tests/unit/agent/netns.h"
#include "tests/unit/emulated.h"

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
#include <sys/socket.h>
#include <unistd.h>

enum {
    WAIT_MS = 30 * 1000,
    QUIET_MS = 100,
    PORT = 7007,
    TIME_WAIT = 6, /* as /proc/net/tcp has it */
    MANY = 300,    /* more than are asked to end at a time */
    PILE = 4096,
    PILES = 16, /* of these wait and no more */
};

struct node {
    sd_event *event;
    struct worker *worker;
    struct old_connections *old;
};

static int node_open(void **state)
{
    struct node *node = calloc(1, sizeof(*node));
    const struct worker_options options = {.name = "test-links", .tasks_max = 8};

    netns_enter();
    netns_ip("addr add 192.0.2.10/32 dev lo");
    netns_ip("addr add 192.0.2.11/32 dev lo");
    netns_ipv6("2001:db8::10/128", "lo");
    assert_non_null(node);
    assert_true(sd_event_new(&node->event) >= 0);
    assert_int_equal(worker_open(node->event, &options, &node->worker), 0);
    node->old = old_connections_new(node->worker);
    assert_non_null(node->old);
    *state = node;
    return 0;
}

static int node_close(void **state)
{
    struct node *node = *state;

    worker_close(node->worker);
    old_connections_free(node->old);
    sd_event_unref(node->event);
    free(node);
    return 0;
}

static int listen_to_all(void)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int no = 0;

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)), 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static int listen_to(const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static int call(const char *text)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    bool is_four = inet_pton(AF_INET, text, &four.sin_addr) == 1;
    int fd = socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    if (!is_four)
        assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
    assert_int_equal(is_four ? connect(fd, (const struct sockaddr *)&four, sizeof(four))
                             : connect(fd, (const struct sockaddr *)&six, sizeof(six)),
                     0);
    return fd;
}

/* A connection that the server has closed first: its side stays in TIME-WAIT. */
static void have_been_called(int server, const char *text)
{
    int client = call(text);
    int accepted = accept(server, NULL, NULL);

    assert_true(accepted >= 0);
    assert_int_equal(close(accepted), 0);
    char octet;
    assert_int_equal(recv(client, &octet, 1, 0), 0);
    assert_int_equal(close(client), 0);
}

static unsigned count_in(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[512];
    unsigned count = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        unsigned state = 0;

        if (sscanf(line, "%*s %*s %*s %x", &state) == 1 &&
            state == TIME_WAIT) /* NOLINT(cert-err34-c) */
            count++;
    }
    fclose(file);
    return count;
}

static unsigned remembered(void)
{
    return count_in("/proc/net/tcp") + count_in("/proc/net/tcp6");
}

struct expectation {
    unsigned count;
};

static bool as_expected(void *userdata)
{
    return remembered() == ((const struct expectation *)userdata)->count;
}

static void note(struct node *node, const char *text)
{
    const struct claimed_address claim = claim_of(text);

    old_connections_forget(node->old, &claim, 1);
}

static void forget(struct node *node, const char *text)
{
    note(node, text);
    old_connections_go(node->old);
}

static void expect(struct node *node, unsigned count)
{
    struct expectation expectation = {.count = count};

    assert_true(netns_run_until(node->event, as_expected, &expectation, WAIT_MS));
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(remembered(), count);
}

static void test_only_those_of_the_address(void **state)
{
    struct node *node = *state;
    int one = listen_to("192.0.2.10");
    int other = listen_to("192.0.2.11");

    for (int i = 0; i < MANY; i++)
        have_been_called(one, "192.0.2.10");
    have_been_called(other, "192.0.2.11");
    expect(node, MANY + 1);
    forget(node, "192.0.2.10/24");
    expect(node, 1);
    forget(node, "192.0.2.11/24");
    expect(node, 0);
    close(one);
    close(other);
}

static void test_a_server_of_both_families(void **state)
{
    struct node *node = *state;
    int server = listen_to_all();

    have_been_called(server, "192.0.2.10");
    have_been_called(server, "192.0.2.11");
    have_been_called(server, "2001:db8::10");
    expect(node, 3);
    forget(node, "2001:db8::10/64");
    forget(node, "192.0.2.10/24"); /* asked while the first is on its way */
    expect(node, 1);
    close(server);
}

static void test_not_before_the_kernel_has_what_was_claimed(void **state)
{
    struct node *node = *state;
    int server = listen_to_all();

    have_been_called(server, "192.0.2.10");
    have_been_called(server, "192.0.2.11");
    note(node, "192.0.2.10/24");
    assert_int_equal(worker_pending(node->worker), 0);
    expect(node, 2);
    old_connections_go(node->old);
    note(node, "192.0.2.11/24"); /* while the first is on its way: of a later claim */
    expect(node, 1);
    old_connections_go(node->old);
    expect(node, 0);
    old_connections_go(node->old);
    assert_int_equal(worker_pending(node->worker), 0);
    close(server);
}

static void test_what_nobody_ever_has_does_not_pile_up(void **state)
{
    static struct claimed_address list[PILE];
    struct node *node = *state;

    for (size_t i = 0; i < PILE; i++)
        list[i] = claim_of("192.0.2.10/24");
    for (size_t i = 0; i < PILES; i++)
        old_connections_forget(node->old, list, PILE);
    assert_int_equal(worker_pending(node->worker), 0);
    old_connections_forget(node->old, list, PILE);
    assert_int_equal(worker_pending(node->worker), 1);
    assert_true(worker_wait(node->worker, WAIT_MS * NS_PER_MS));
}

static void test_an_open_one_stays(void **state)
{
    struct node *node = *state;
    int server = listen_to("192.0.2.10");
    int client = call("192.0.2.10");
    int accepted = accept(server, NULL, NULL);

    assert_true(accepted >= 0);
    have_been_called(server, "192.0.2.10");
    expect(node, 1);
    forget(node, "192.0.2.10/24");
    expect(node, 0);
    assert_int_equal(send(accepted, "x", 1, MSG_NOSIGNAL), 1);
    char octet = 0;
    assert_int_equal(recv(client, &octet, 1, 0), 1);
    close(accepted);
    close(client);
    close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_only_those_of_the_address, node_open, node_close),
        cmocka_unit_test_setup_teardown(test_a_server_of_both_families, node_open, node_close),
        cmocka_unit_test_setup_teardown(test_not_before_the_kernel_has_what_was_claimed, node_open,
                                        node_close),
        cmocka_unit_test_setup_teardown(test_what_nobody_ever_has_does_not_pile_up, node_open,
                                        node_close),
        cmocka_unit_test_setup_teardown(test_an_open_one_stays, node_open, node_close),
    };

    if (emulated_without("netlink of sockets (sock_diag)"))
        return EXIT_EMULATED;
    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
