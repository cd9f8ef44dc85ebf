/* Links and addresses as the agent sees them, against a real kernel in a namespace of its own. */
#include "tests/unit/agent/kernel/links_watcher.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
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
    netns_address("va", "2001:db8::1/64", ADDRESS_MARK_PROTOCOL, UINT32_MAX);
    watcher_start(&w);
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
    assert_int_equal(links_address(w.links, link->ifindex, &six.address)->proto,
                     ADDRESS_MARK_PROTOCOL);
    assert_null(links_address(w.links, netns_ifindex("vb"), &four.address));
    assert_int_equal(w.links_told + w.added, 0);
    watcher_stop(&w);
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

static void set_forwarding(const char *whose, const char *value)
{
    char path[96];

    snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/forwarding", whose);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, value, 1), 1);
    close(fd);
}

static bool va_forwards(void *userdata)
{
    const struct watcher *w = userdata;

    return links_by_name(w->links, "va")->forwards_ipv6;
}

static bool va_does_not_forward(void *userdata)
{
    return !va_forwards(userdata);
}

/* From the beginning, as it changes for one link and for all, and as a link comes and goes down. */
static void knows_where_the_node_is_a_router(void **state)
{
    struct watcher w;

    (void)state;
    netns_veth("va", "vb");
    set_forwarding("va", "1");
    watcher_start(&w);
    assert_true(va_forwards(&w));
    assert_false(links_by_name(w.links, "vb")->forwards_ipv6);
    netns_ip("link set va mtu 1400");
    set_forwarding("va", "0");
    assert_true(netns_run_until(w.event, va_does_not_forward, &w, WAIT_MS));
    set_forwarding("all", "1");
    assert_true(netns_run_until(w.event, va_forwards, &w, WAIT_MS));
    netns_ip("link set va down");
    watcher_settle(&w);
    assert_true(va_forwards(&w));
    netns_ip("link del va");
    netns_veth("va", "vb");
    assert_true(netns_run_until(w.event, va_works, &w, WAIT_MS));
    assert_true(va_forwards(&w));
    watcher_stop(&w);
}

static void follows_a_link_through_its_life(void **state)
{
    struct watcher w;

    (void)state;
    watcher_start(&w);
    netns_veth("va", "vb");
    assert_true(netns_run_until(w.event, va_works, &w, WAIT_MS));
    assert_true(w.links_told > 0);
    int ifindex = netns_ifindex("va");

    watcher_settle(&w);
    netns_ip("link set vb down");
    assert_true(netns_run_until(w.event, va_has_no_carrier, &w, WAIT_MS));
    assert_true(w.links_told > 0);
    netns_ip("link set vb up");
    assert_true(netns_run_until(w.event, va_works, &w, WAIT_MS));

    netns_ip("link set va down");
    netns_ip("link set va name vnew");
    assert_true(netns_run_until(w.event, renamed, &w, WAIT_MS));
    assert_int_equal(links_by_name(w.links, "vnew")->ifindex, ifindex);

    watcher_settle(&w);
    netns_ip("link del vnew");
    assert_true(netns_run_until(w.event, two_gone, &w, WAIT_MS));
    assert_null(links_by_index(w.links, ifindex));
    watcher_stop(&w);
}

/* The kernel reports a port that leaves a bridge as a link deleted, of the bridge's family. */
static void leaving_a_bridge_is_not_the_end(void **state)
{
    struct watcher w;

    (void)state;
    netns_veth("va", "vb");
    netns_ip("link add name br0 type bridge");
    netns_ip("link set va master br0");
    watcher_start(&w);
    netns_ip("link set va nomaster");
    watcher_settle(&w);
    assert_non_null(links_by_name(w.links, "va"));
    watcher_stop(&w);
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
    watcher_start(&w);
    assert_non_null(links_by_name(w.links, "va"));
    assert_int_equal(links_by_name(w.links, "va")->parent, 0);
    watcher_stop(&w);
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
    watcher_start(&w);
    int ifindex = netns_ifindex("va");
    watcher_settle(&w);
    netns_address("va", "192.0.2.7/24", ADDRESS_MARK_PROTOCOL, 100);
    assert_true(netns_run_until(w.event, one_added, &w, WAIT_MS));
    assert_int_equal(w.last_address.proto, ADDRESS_MARK_PROTOCOL);
    assert_int_equal(w.last_address.ifindex, ifindex);
    assert_true(ip_address_equal(&w.last_address.prefix.address, &prefix.address));

    /* A refresh of the lifetime is no news, but known. */
    netns_address("va", "192.0.2.7/24", ADDRESS_MARK_PROTOCOL, 500);
    watcher_settle(&w);
    assert_int_equal(w.added + w.removed, 0);
    assert_true(links_prefix(w.links, ifindex, &prefix)->valid_s > 400);

    netns_ip("addr del 192.0.2.7/24 dev va");
    assert_true(netns_run_until(w.event, one_removed, &w, WAIT_MS));
    assert_null(links_address(w.links, ifindex, &prefix.address));
    watcher_stop(&w);
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
    watcher_start(&w);
    int ifindex = netns_ifindex("va");
    assert_non_null(links_prefix(w.links, ifindex, &wide));
    assert_non_null(links_prefix(w.links, ifindex, &narrow));
    netns_ip("addr del 192.0.2.7/32 dev va");
    assert_true(netns_run_until(w.event, one_removed, &w, WAIT_MS));
    assert_non_null(links_address(w.links, ifindex, &wide.address));
    assert_null(links_prefix(w.links, ifindex, &narrow));
    watcher_stop(&w);
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
    watcher_start(&w);
    int ifindex = netns_ifindex("va");
    netns_ip("link del va");
    assert_true(netns_run_until(w.event, va_gone, &w, WAIT_MS));
    assert_null(links_address(w.links, ifindex, &prefix.address));
    watcher_stop(&w);
}

/* A change of our own is in the view at once, and its notification is no news. */
static void a_noted_change_is_no_news(void **state)
{
    struct watcher w;

    (void)state;
    netns_veth("va", "vb");
    watcher_start(&w);
    watcher_settle(&w);
    const struct observed_address address = {.ifindex = netns_ifindex("va"),
                                             .prefix = prefix_of("192.0.2.9/32"),
                                             .flags = 0x80, /* IFA_F_PERMANENT */
                                             .proto = ADDRESS_MARK_PROTOCOL,
                                             .valid_s = UINT32_MAX};

    netns_address("va", "192.0.2.9/32", ADDRESS_MARK_PROTOCOL, UINT32_MAX);
    links_note_address(w.links, &address, true);
    assert_non_null(links_prefix(w.links, address.ifindex, &address.prefix));
    watcher_settle(&w);
    netns_ip("addr del 192.0.2.9/32 dev va");
    links_note_address(w.links, &address, false);
    assert_null(links_prefix(w.links, address.ifindex, &address.prefix));
    netns_run_for(w.event, QUIET_MS);
    assert_int_equal(w.added + w.removed, 0);
    watcher_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(reads_what_is_there_without_telling, enter),
        cmocka_unit_test_setup(knows_where_the_node_is_a_router, enter),
        cmocka_unit_test_setup(follows_a_link_through_its_life, enter),
        cmocka_unit_test_setup(leaving_a_bridge_is_not_the_end, enter),
        cmocka_unit_test_setup(a_peer_in_another_namespace_is_no_parent, enter),
        cmocka_unit_test_setup(tells_of_addresses, enter),
        cmocka_unit_test_setup(one_address_with_two_lengths_is_two, enter),
        cmocka_unit_test_setup(a_link_takes_its_addresses_along, enter),
        cmocka_unit_test_setup(a_noted_change_is_no_news, enter),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
