/* The watch over ARP and ND on a real kernel: on a link that goes down and comes back, and on one
 * that has neither. */
#include "agent/wire/conflict.h"
#include "agent/wire/neighbour_io.h"
#include "tests/unit/agent/netns.h"
#include "tests/unit/emulated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

enum {
    SETTLE_MS = 200,
    WAIT_MS = 3000,
};

static const uint8_t stranger_mac[6] = {0x02, 0, 0, 0, 0, 0x77};

static int enter(void **state)
{
    (void)state;
    netns_enter();
    netns_veth("va", "vb");
    return 0;
}

static void on_claim(void *userdata, const struct neighbour_claim *claim)
{
    unsigned *claims = userdata;

    assert_memory_equal(claim->mac, stranger_mac, sizeof(stranger_mac));
    (*claims)++;
}

static void on_vrrp(void *userdata, const struct vrrp_frame *frame)
{
    (void)userdata;
    (void)frame;
}

static bool came(void *userdata)
{
    return *(const unsigned *)userdata > 0;
}

/* A gratuitous ARP from the other end. */
static void announce(const struct ip_prefix *prefix)
{
    const struct claimed_address claim = {.prefix = *prefix};
    const struct announcement what = {.ifindex = netns_ifindex("vb"),
                                      .ifname = "vb",
                                      .mac = stranger_mac,
                                      .device = "",
                                      .addresses = &claim,
                                      .count = 1};
    struct neighbour_io *io;

    assert_int_equal(neighbour_io_open(&io), 0);
    assert_int_equal(neighbour_io_announce(io, &what), 0);
    neighbour_io_close(io);
}

/* What a link that goes down leaves on the socket is not the new filter's failure: that would leave
 * it with a filter that lets nothing pass. */
static void a_filter_set_while_the_link_is_down_is_heard_through(void **state)
{
    const struct ip_prefix ours = prefix_of("192.0.2.10/24");
    const struct conflict_vrrp nothing = {.own_count = 0};
    struct wire_problem problem = {0};
    struct conflict_watch *watch;
    sd_event *event;
    unsigned claims = 0;

    (void)state;
    if (emulated_without("options of packet sockets"))
        skip();
    assert_true(sd_event_new(&event) >= 0);
    assert_int_equal(conflict_watch_open("va", &watch, &problem), 0);
    assert_int_equal(conflict_watch_listen(watch, event, 0, on_claim, on_vrrp, &claims), 0);
    netns_ip("link set va down");
    assert_int_equal(conflict_watch_set(watch, &ours.address, 1), 0);
    assert_int_equal(conflict_watch_vrrp(watch, &nothing), 0);
    netns_ip("link set va up");
    netns_run_for(event, SETTLE_MS);
    announce(&ours);
    assert_true(netns_run_until(event, came, &claims, WAIT_MS));
    conflict_watch_silence(watch);
    conflict_watch_close(watch);
    sd_event_unref(event);
}

static void a_link_without_macs_is_not_watched_and_nothing_is_said(void **state)
{
    struct wire_problem problem = {0};
    struct conflict_watch *watch;

    (void)state;
    netns_ip("tuntap add mode tun name tun0");
    netns_ip("link set tun0 up");
    assert_int_equal(conflict_watch_open("tun0", &watch, &problem), -EOPNOTSUPP);
    assert_null(watch);
    assert_string_equal(problem.text, "");
}

static void what_is_wrong_is_said(void **state)
{
    struct wire_problem problem = {0};
    struct conflict_watch *watch;

    (void)state;
    assert_true(conflict_watch_open("nowhere0", &watch, &problem) < 0);
    assert_non_null(strstr(problem.text, "cannot watch ARP and ND: "));
    assert_string_not_equal(problem.text, "cannot watch ARP and ND: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_filter_set_while_the_link_is_down_is_heard_through, enter),
        cmocka_unit_test_setup(a_link_without_macs_is_not_watched_and_nothing_is_said, enter),
        cmocka_unit_test_setup(what_is_wrong_is_said, enter),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
