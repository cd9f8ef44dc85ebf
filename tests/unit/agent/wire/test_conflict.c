/* The watch over ARP, ND and owners' adverts on a real kernel: on a link that goes down and comes
 * back, on one that has neither, and whose adverts it hears. */
#include "agent/wire/conflict.h"
#include "agent/wire/neighbour_io.h"
#include "agent/wire/room.h"
#include "tests/unit/agent/netns.h"
#include "tests/unit/emulated.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <errno.h>

enum {
    SETTLE_MS = 200,
    WAIT_MS = 30 * 1000,
};

static const uint8_t stranger_mac[6] = {0x02, 0, 0, 0, 0, 0x77};

static int enter(void **state)
{
    (void)state;
    netns_enter();
    netns_veth("va", "vb");
    return 0;
}

enum { SEEN_MAX = 8 };

static uint8_t seen_vrids[SEEN_MAX];
static unsigned seen_count;

static void on_claim(void *userdata, const struct neighbour_claim *claim)
{
    unsigned *claims = userdata;

    assert_memory_equal(claim->mac, stranger_mac, sizeof(stranger_mac));
    (*claims)++;
}

static void on_vrrp(void *userdata, const struct vrrp_frame *frame)
{
    (void)userdata;
    seen_vrids[seen_count++ % SEEN_MAX] = frame->vrid;
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
    struct room *room = room_new();
    struct conflict_watch *watch;
    sd_event *event;
    unsigned claims = 0;

    (void)state;
    if (emulated_without("options of packet sockets"))
        skip();
    assert_true(sd_event_new(&event) >= 0);
    assert_int_equal(conflict_watch_open("va", room, &watch, &problem), 0);
    assert_int_equal(conflict_watch_listen(watch, event, 0, on_claim, on_vrrp, &claims), 0);
    netns_ip("link set va down");
    assert_int_equal(conflict_watch_set(watch, &ours.address, 1), 0);
    assert_int_equal(conflict_watch_vrrp(watch, &nothing), 0);
    netns_ip("link set va up");
    netns_await_link("vb");
    netns_run_for(event, SETTLE_MS);
    announce(&ours);
    assert_true(netns_run_until(event, came, &claims, WAIT_MS));
    conflict_watch_silence(watch);
    conflict_watch_close(watch);
    room_free(room);
    sd_event_unref(event);
}

static bool two_came(void *userdata)
{
    (void)userdata;
    return seen_count >= 2;
}

/* An advert of an owner comes out of the other end. */
static void advert_of_owner(uint8_t vrid)
{
    uint8_t frame[] = {1,    0, 0x5e, 0,  0,    0x12, 2,   0, 0,   0,   0, 9, 8,   0, /* Ethernet */
                       0x45, 0, 0,    32, 0,    0,    0,   0, 255, 112, 0, 0, 192, 0, 2, 9, /* IP */
                       224,  0, 0,    18, 0x31, vrid, 255, 1, 0,   100, 0, 0, 192, 0, 2, 10};
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = netns_ifindex("vb")};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)),
                     (ssize_t)sizeof(frame));
    close(fd);
}

/* Those of others wake nobody, however many they are. */
static void owners_are_those_of_our_vrids(void **state)
{
    struct conflict_vrrp what = {.vrids = {51, 7}, .vrid_count = 2};
    struct wire_problem problem = {0};
    struct room *room = room_new();
    struct conflict_watch *watch;
    sd_event *event;
    unsigned claims = 0;

    (void)state;
    seen_count = 0;
    assert_true(sd_event_new(&event) >= 0);
    assert_int_equal(conflict_watch_open("va", room, &watch, &problem), 0);
    assert_int_equal(conflict_watch_listen(watch, event, 0, on_claim, on_vrrp, &claims), 0);
    assert_int_equal(conflict_watch_vrrp(watch, &what), 0);
    advert_of_owner(8);
    advert_of_owner(51);
    advert_of_owner(52);
    advert_of_owner(7);
    assert_true(netns_run_until(event, two_came, NULL, WAIT_MS));
    assert_int_equal(seen_vrids[0], 51);
    assert_int_equal(seen_vrids[1], 7);
    /* More than there is room for: all of them. */
    what = (struct conflict_vrrp){.vrid_count = 0};
    seen_count = 0;
    assert_int_equal(conflict_watch_vrrp(watch, &what), 0);
    advert_of_owner(8);
    advert_of_owner(51);
    assert_true(netns_run_until(event, two_came, NULL, WAIT_MS));
    assert_int_equal(seen_vrids[0], 8);
    conflict_watch_silence(watch);
    conflict_watch_close(watch);
    room_free(room);
    sd_event_unref(event);
}

static void a_link_without_macs_is_not_watched_and_nothing_is_said(void **state)
{
    struct wire_problem problem = {0};
    struct conflict_watch *watch;

    (void)state;
    netns_ip("tuntap add mode tun name tun0");
    netns_ip("link set tun0 up");
    assert_int_equal(conflict_watch_open("tun0", NULL, &watch, &problem), -EOPNOTSUPP);
    assert_null(watch);
    assert_string_equal(problem.text, "");
}

static void what_is_wrong_is_said(void **state)
{
    struct wire_problem problem = {0};
    struct conflict_watch *watch;

    (void)state;
    assert_true(conflict_watch_open("nowhere0", NULL, &watch, &problem) < 0);
    assert_non_null(strstr(problem.text, "cannot watch ARP and ND: "));
    assert_string_not_equal(problem.text, "cannot watch ARP and ND: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_filter_set_while_the_link_is_down_is_heard_through, enter),
        cmocka_unit_test_setup(owners_are_those_of_our_vrids, enter),
        cmocka_unit_test_setup(a_link_without_macs_is_not_watched_and_nothing_is_said, enter),
        cmocka_unit_test_setup(what_is_wrong_is_said, enter),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
