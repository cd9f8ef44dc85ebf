/* What arrived too fast to be heard: everything is read again, and the difference is told. */
#include "tests/unit/agent/kernel/links_watcher.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MANY = 300,
};

static int enter(void **state)
{
    (void)state;
    netns_enter();
    return 0;
}

static void write_batch(const char *path, const char *verb)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    for (int i = 0; i < MANY; i++)
        fprintf(file, "addr %s 10.1.%d.%d/32 dev va\n", verb, i / 200, i % 200 + 1);
    assert_int_equal(fclose(file), 0);
}

static void many_addresses(const char *verb)
{
    char path[32];
    int fd = memfd_create("batch", 0);

    assert_true(fd >= 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    write_batch(path, verb);
    netns_ip("-batch %s", path);
    close(fd);
}

static bool resynced(void *userdata)
{
    const struct watcher *w = userdata;

    return w->resyncs > 0;
}

static void take_buffer_away(void)
{
    int small = 1;

    assert_int_equal(
        setsockopt(netns_newest_netlink_socket(true), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)),
        0);
}

static bool count_them(void *userdata, const struct observed_address *address)
{
    int *count = userdata;

    *count += address->prefix.length == 32;
    return true;
}

static void lost_notifications_are_made_good(void **state)
{
    struct watcher w;
    int count = 0;

    (void)state;
    netns_veth("va", "vb");
    netns_veth("vc", "vd");
    netns_ip("addr add 192.0.2.7/32 dev va");
    watcher_start(&w);
    watcher_settle(&w);
    take_buffer_away();
    many_addresses("add");
    netns_ip("addr del 192.0.2.7/32 dev va");
    netns_ip("link del vc");
    assert_true(netns_run_until(w.event, resynced, &w, WAIT_MS));
    netns_run_for(w.event, QUIET_MS);
    links_each_address(w.links, netns_ifindex("va"), count_them, &count);
    assert_int_equal(count, MANY);
    assert_int_equal(w.added, MANY);
    assert_null(links_by_name(w.links, "vc"));
    assert_int_equal(w.gone_told, 2);
    assert_true(w.removed >= 1);
    watcher_stop(&w);
}

/* All of it, when much has come meanwhile. */
static void a_resync_tells_of_what_is_new(void **state)
{
    const struct ip_prefix last = prefix_of("10.1.1.100/32");
    struct watcher w;

    (void)state;
    netns_veth("va", "vb");
    watcher_start(&w);
    watcher_settle(&w);
    take_buffer_away();
    many_addresses("add");
    for (int i = 0; i < 10; i++)
        netns_ip("link add l%d type veth peer name r%d", i, i);
    assert_true(netns_run_until(w.event, resynced, &w, WAIT_MS));
    netns_run_for(w.event, QUIET_MS);
    assert_non_null(links_by_name(w.links, "l9"));
    assert_true(w.links_told >= 20);
    assert_int_equal(w.added, MANY);
    assert_non_null(links_prefix(w.links, netns_ifindex("va"), &last));
    watcher_stop(&w);
}

/* What is told of a link may lead to an address being given up at once. */
static void an_address_may_go_while_links_are_told(void **state)
{
    struct watcher w;

    (void)state;
    netns_veth("va", "vb");
    watcher_start(&w);
    watcher_settle(&w);
    take_buffer_away();
    many_addresses("add");
    netns_ip("link add l0 type veth peer name r0");
    w.releases = true;
    assert_true(netns_run_until(w.event, resynced, &w, WAIT_MS));
    assert_false(w.releases);
    assert_int_equal(w.added, MANY);
    watcher_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lost_notifications_are_made_good, enter),
        cmocka_unit_test_setup(a_resync_tells_of_what_is_new, enter),
        cmocka_unit_test_setup(an_address_may_go_while_links_are_told, enter),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
