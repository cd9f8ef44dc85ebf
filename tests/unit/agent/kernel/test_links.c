/* Links and addresses as the agent sees them, against a real kernel in a namespace of its own. */
#include "agent/kernel/links.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WAIT_MS = 5000,
    QUIET_MS = 50,
    MANY = 300,
};

/* What was told. */
struct watcher {
    sd_event *event;
    struct links *links;
    struct link last;
    unsigned links_told;
    unsigned gone_told;
    int gone_ifindex;
    unsigned added;
    unsigned removed;
    struct observed_address last_address;
    unsigned resyncs;
    bool asks; /* in on_link, as an instance does that makes a virtual MAC's link */
    int answer;
};

static void on_link(void *userdata, const struct link *link)
{
    struct watcher *w = userdata;

    w->last = *link;
    w->links_told++;
    if (w->asks && w->answer == 0)
        w->answer = links_update(w->links, "lo");
}

static void on_link_gone(void *userdata, const struct link *link)
{
    struct watcher *w = userdata;

    w->gone_ifindex = link->ifindex;
    w->gone_told++;
}

static void on_address(void *userdata, const struct observed_address *address, bool present)
{
    struct watcher *w = userdata;

    w->last_address = *address;
    if (present)
        w->added++;
    else
        w->removed++;
}

static void on_resync(void *userdata)
{
    struct watcher *w = userdata;

    w->resyncs++;
}

static void start(struct watcher *w)
{
    const struct links_observer observer = {.on_link = on_link,
                                            .on_link_gone = on_link_gone,
                                            .on_address = on_address,
                                            .on_resync = on_resync,
                                            .userdata = w};

    *w = (struct watcher){0};
    assert_true(sd_event_new(&w->event) >= 0);
    assert_int_equal(links_open(w->event, 0, &observer, &w->links), 0);
}

static void stop(struct watcher *w)
{
    links_close(w->links);
    sd_event_unref(w->event);
}

/* Reads and forgets what has happened so far. */
static void settle(struct watcher *w)
{
    netns_run_for(w->event, QUIET_MS);
    w->links_told = w->gone_told = w->added = w->removed = 0;
}

static int enter(void **state)
{
    (void)state;
    netns_enter();
    return 0;
}

static void reads_what_is_there_without_telling(void **state)
{
    const struct ip_prefix four = prefix_of("192.0.2.1/24");
    const struct ip_prefix six = prefix_of("2001:db8::1/64");
    struct watcher w;

    (void)state;
    netns_veth("va", "vb");
    netns_ip("link set va alias hello");
    netns_ip("addr add 192.0.2.1/24 dev va");
    netns_address("va", "2001:db8::1/64", VIPD_IFA_PROTO, UINT32_MAX);
    start(&w);
    const struct link *link = links_by_name(w.links, "va");
    assert_non_null(link);
    assert_int_equal(link->ifindex, netns_ifindex("va"));
    assert_ptr_equal(link, links_by_index(w.links, link->ifindex));
    assert_true(link->up && link->carrier && link->has_mac);
    assert_int_equal(link->mtu, 1500);
    assert_string_equal(link->kind, "veth");
    assert_string_equal(link->alias, "hello");
    assert_null(links_by_name(w.links, "vc"));
    assert_int_equal(links_prefix(w.links, link->ifindex, &four)->proto, 0);
    assert_int_equal(links_prefix(w.links, link->ifindex, &four)->valid_s, UINT32_MAX);
    assert_int_equal(links_address(w.links, link->ifindex, &six.address)->proto, VIPD_IFA_PROTO);
    assert_null(links_address(w.links, netns_ifindex("vb"), &four.address));
    assert_int_equal(w.links_told + w.added, 0);
    stop(&w);
}

static bool va_works(void *userdata)
{
    const struct watcher *w = userdata;
    const struct link *link = links_by_name(w->links, "va");

    return link != NULL && link->up && link->carrier;
}

static bool va_has_no_carrier(void *userdata)
{
    const struct watcher *w = userdata;
    const struct link *link = links_by_name(w->links, "va");

    return link != NULL && link->up && !link->carrier;
}

static bool renamed(void *userdata)
{
    const struct watcher *w = userdata;

    return links_by_name(w->links, "vnew") != NULL && links_by_name(w->links, "va") == NULL;
}

static bool two_gone(void *userdata)
{
    const struct watcher *w = userdata;

    return w->gone_told == 2;
}

static void follows_a_link_through_its_life(void **state)
{
    struct watcher w;

    (void)state;
    start(&w);
    netns_veth("va", "vb");
    assert_true(netns_run_until(w.event, va_works, &w, WAIT_MS));
    assert_true(w.links_told > 0);
    int ifindex = netns_ifindex("va");

    settle(&w);
    netns_ip("link set vb down");
    assert_true(netns_run_until(w.event, va_has_no_carrier, &w, WAIT_MS));
    assert_true(w.links_told > 0);
    netns_ip("link set vb up");
    assert_true(netns_run_until(w.event, va_works, &w, WAIT_MS));

    netns_ip("link set va down");
    netns_ip("link set va name vnew");
    assert_true(netns_run_until(w.event, renamed, &w, WAIT_MS));
    assert_int_equal(links_by_name(w.links, "vnew")->ifindex, ifindex);

    settle(&w);
    netns_ip("link del vnew");
    assert_true(netns_run_until(w.event, two_gone, &w, WAIT_MS));
    assert_null(links_by_index(w.links, ifindex));
    stop(&w);
}

/* The kernel reports a port that leaves a bridge as a link deleted, of the bridge's family. */
static void leaving_a_bridge_is_not_the_end(void **state)
{
    struct watcher w;

    (void)state;
    netns_veth("va", "vb");
    netns_ip("link add name br0 type bridge");
    netns_ip("link set va master br0");
    start(&w);
    netns_ip("link set va nomaster");
    settle(&w);
    assert_non_null(links_by_name(w.links, "va"));
    stop(&w);
}

/* IFLA_LINK of a veth whose other end is elsewhere is an index of over there. */
static void a_peer_in_another_namespace_is_no_parent(void **state)
{
    struct watcher w;
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_true(fd >= 0);
    netns_enter();
    netns_veth("va", "vb");
    netns_ip("link set vb netns /proc/%d/fd/%d", (int)getpid(), fd);
    start(&w);
    assert_non_null(links_by_name(w.links, "va"));
    assert_int_equal(links_by_name(w.links, "va")->parent, 0);
    stop(&w);
    close(fd);
}

static bool one_added(void *userdata)
{
    const struct watcher *w = userdata;

    return w->added == 1;
}

static bool one_removed(void *userdata)
{
    const struct watcher *w = userdata;

    return w->removed == 1;
}

static void tells_of_addresses(void **state)
{
    const struct ip_prefix prefix = prefix_of("192.0.2.7/24");
    struct watcher w;

    (void)state;
    netns_veth("va", "vb");
    start(&w);
    int ifindex = netns_ifindex("va");
    settle(&w);
    netns_address("va", "192.0.2.7/24", VIPD_IFA_PROTO, 100);
    assert_true(netns_run_until(w.event, one_added, &w, WAIT_MS));
    assert_int_equal(w.last_address.proto, VIPD_IFA_PROTO);
    assert_int_equal(w.last_address.ifindex, ifindex);
    assert_true(ip_address_equal(&w.last_address.prefix.address, &prefix.address));

    /* A refresh of the lifetime is no news, but known. */
    netns_address("va", "192.0.2.7/24", VIPD_IFA_PROTO, 500);
    settle(&w);
    assert_int_equal(w.added + w.removed, 0);
    assert_true(links_prefix(w.links, ifindex, &prefix)->valid_s > 400);

    netns_ip("addr del 192.0.2.7/24 dev va");
    assert_true(netns_run_until(w.event, one_removed, &w, WAIT_MS));
    assert_null(links_address(w.links, ifindex, &prefix.address));
    stop(&w);
}

static void one_address_with_two_lengths_is_two(void **state)
{
    const struct ip_prefix wide = prefix_of("192.0.2.7/24");
    const struct ip_prefix narrow = prefix_of("192.0.2.7/32");
    struct watcher w;

    (void)state;
    netns_veth("va", "vb");
    netns_ip("addr add 192.0.2.7/24 dev va");
    netns_ip("addr add 192.0.2.7/32 dev va");
    start(&w);
    int ifindex = netns_ifindex("va");
    assert_non_null(links_prefix(w.links, ifindex, &wide));
    assert_non_null(links_prefix(w.links, ifindex, &narrow));
    netns_ip("addr del 192.0.2.7/32 dev va");
    assert_true(netns_run_until(w.event, one_removed, &w, WAIT_MS));
    assert_non_null(links_address(w.links, ifindex, &wide.address));
    assert_null(links_prefix(w.links, ifindex, &narrow));
    stop(&w);
}

static bool va_gone(void *userdata)
{
    const struct watcher *w = userdata;

    return links_by_name(w->links, "va") == NULL;
}

static void a_link_takes_its_addresses_along(void **state)
{
    const struct ip_prefix prefix = prefix_of("192.0.2.7/24");
    struct watcher w;

    (void)state;
    netns_veth("va", "vb");
    netns_ip("addr add 192.0.2.7/24 dev va");
    start(&w);
    int ifindex = netns_ifindex("va");
    netns_ip("link del va");
    assert_true(netns_run_until(w.event, va_gone, &w, WAIT_MS));
    assert_null(links_address(w.links, ifindex, &prefix.address));
    stop(&w);
}

/* A change of our own is in the view at once, and its notification is no news. */
static void a_noted_change_is_no_news(void **state)
{
    struct watcher w;

    (void)state;
    netns_veth("va", "vb");
    start(&w);
    settle(&w);
    const struct observed_address address = {.ifindex = netns_ifindex("va"),
                                             .prefix = prefix_of("192.0.2.9/32"),
                                             .flags = 0x80, /* IFA_F_PERMANENT */
                                             .proto = VIPD_IFA_PROTO,
                                             .valid_s = UINT32_MAX};

    netns_address("va", "192.0.2.9/32", VIPD_IFA_PROTO, UINT32_MAX);
    links_note_address(w.links, &address, true);
    assert_non_null(links_prefix(w.links, address.ifindex, &address.prefix));
    settle(&w);
    netns_ip("addr del 192.0.2.9/32 dev va");
    links_note_address(w.links, &address, false);
    assert_null(links_prefix(w.links, address.ifindex, &address.prefix));
    netns_run_for(w.event, QUIET_MS);
    assert_int_equal(w.added + w.removed, 0);
    stop(&w);
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
    start(&w);
    settle(&w);
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
    stop(&w);
}

/* What is told of a new dump may lead to a question to the kernel at once. */
static void may_be_asked_while_telling_of_a_resync(void **state)
{
    const struct ip_prefix last = prefix_of("10.1.1.100/32");
    struct watcher w;

    (void)state;
    netns_veth("va", "vb");
    start(&w);
    settle(&w);
    take_buffer_away();
    many_addresses("add");
    for (int i = 0; i < 10; i++)
        netns_ip("link add l%d type veth peer name r%d", i, i);
    w.asks = true;
    assert_true(netns_run_until(w.event, resynced, &w, WAIT_MS));
    netns_run_for(w.event, QUIET_MS);
    assert_int_equal(w.answer, 0);
    assert_non_null(links_by_name(w.links, "l9"));
    assert_true(w.links_told >= 20);
    assert_int_equal(w.added, MANY);
    assert_non_null(links_prefix(w.links, netns_ifindex("va"), &last));
    stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(reads_what_is_there_without_telling, enter),
        cmocka_unit_test_setup(follows_a_link_through_its_life, enter),
        cmocka_unit_test_setup(leaving_a_bridge_is_not_the_end, enter),
        cmocka_unit_test_setup(a_peer_in_another_namespace_is_no_parent, enter),
        cmocka_unit_test_setup(tells_of_addresses, enter),
        cmocka_unit_test_setup(one_address_with_two_lengths_is_two, enter),
        cmocka_unit_test_setup(a_link_takes_its_addresses_along, enter),
        cmocka_unit_test_setup(a_noted_change_is_no_news, enter),
        cmocka_unit_test_setup(lost_notifications_are_made_good, enter),
        cmocka_unit_test_setup(may_be_asked_while_telling_of_a_resync, enter),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
