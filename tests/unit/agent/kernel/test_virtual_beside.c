/* The macvlan of a virtual router MAC whose parent is a macvlan itself, on a real kernel: beside
 * it, on the device below both, and known by its mark all the same. Where MACs are the same on two
 * nodes such a one has to be a VEPA; what is heard then, a packet shows. */
#include "agent/kernel/virtual_link.h"
#include "tests/unit/agent/links_nobody.h"
#include "tests/unit/agent/netns.h"
#include "tests/unit/emulated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/ethernet.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    VRID = 51,
    HEARD_MS = 30 * 1000,
    SILENCE_MS = 200,
    FRAME_SIZE = 60,
    TYPE_OF_TEST = 0x88b5, /* of local experiments */
};

static sd_event *event;

static struct links *open_links(void)
{
    struct links *links;

    assert_true(sd_event_new(&event) >= 0);
    assert_int_equal(links_open(event, 0, &links_nobody, &links), 0);
    return links;
}

static void close_links(struct links *links)
{
    links_close(links);
    event = sd_event_unref(event);
}

/* Beside mv0, as after a restart: only the kernel knows of it. */
static int create_beside(void)
{
    struct links *links = open_links();
    const struct link *on = links_by_name(links, "mv0");
    struct link made;

    assert_non_null(on);
    const struct virtual_link_place place = virtual_link_place(on);
    const struct arp_settings before = virtual_link_before(links, on);
    assert_int_equal(virtual_link_create(&place, IP_FAMILY_IPV4, VRID, &before, &made), 0);
    assert_int_equal(made.parent, on->ifindex);
    assert_int_equal(made.mode, MACVLAN_MODE_VEPA);
    close_links(links);
    return made.ifindex;
}

static int enter(void **state)
{
    (void)state;
    netns_enter();
    netns_veth("va", "vb");
    netns_ip("link add link va name mv0 type macvlan mode bridge");
    netns_ip("link set mv0 up");
    return 0;
}

static void it_is_made_found_again_and_deleted(void **state)
{
    int made = create_beside();
    struct links *links = open_links();
    const struct link *mv0 = links_by_name(links, "mv0");

    (void)state;
    assert_int_equal(mv0->mode, MACVLAN_MODE_BRIDGE);
    assert_int_equal(mv0->parent, netns_ifindex("va"));
    const struct link *link = links_by_index(links, made);
    assert_non_null(link);
    assert_true(virtual_mark_is_on(link));
    assert_int_equal(link->parent, mv0->ifindex);
    assert_int_equal(netns_setting("mv0", "arp_ignore"), 1);
    assert_int_equal(netns_setting("va", "arp_ignore"), 0);
    close_links(links);
    assert_int_equal(create_beside(), made);

    links = open_links();
    assert_int_equal(virtual_link_delete_all(links), 1);
    assert_int_equal(netns_setting("mv0", "arp_ignore"), 0);
    assert_int_equal(netns_ifindex("mv0") > 0, true);
    close_links(links);
}

static void set_up(int ifindex)
{
    struct rtnl_batch *batch;

    assert_int_equal(rtnl_batch_open(&batch), 0);
    virtual_link_put_up(batch, ifindex, true);
    assert_int_equal(rtnl_batch_send(batch), 0);
    rtnl_batch_close(batch);
}

static int packet_socket(const char *ifname)
{
    const struct sockaddr_ll at = {.sll_family = AF_PACKET,
                                   .sll_protocol = htons(TYPE_OF_TEST),
                                   .sll_ifindex = netns_ifindex(ifname)};
    const struct packet_mreq all = {.mr_ifindex = at.sll_ifindex, .mr_type = PACKET_MR_ALLMULTI};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(TYPE_OF_TEST));

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)), 0);
    return fd;
}

/* To the group of IPv4's adverts, from the MAC that the cluster shares. */
static void send_advert_like(int fd)
{
    uint8_t frame[FRAME_SIZE] = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x12};

    virtual_mac(IP_FAMILY_IPV4, VRID, frame + ETH_ALEN);
    frame[12] = TYPE_OF_TEST >> 8;
    frame[13] = TYPE_OF_TEST & 0xff;
    assert_int_equal(send(fd, frame, sizeof(frame), 0), sizeof(frame));
}

static bool hears_within(int wait_ms, int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    uint8_t frame[FRAME_SIZE * 2];

    return poll(&wait, 1, wait_ms) == 1 && recv(fd, frame, sizeof(frame), 0) > 0;
}

/* In the mode of a bridge a MASTER is deaf to a second one, and hears itself instead. */
static void the_interface_hears_the_peer_and_not_itself(void **state)
{
    char name[INTERFACE_NAME_SIZE];
    int made = create_beside();

    (void)state;
    if (emulated_without("options of packet sockets"))
        skip();
    set_up(made);
    virtual_link_name(netns_ifindex("mv0"), IP_FAMILY_IPV4, VRID, name);
    int peer = packet_socket("vb");
    int ours = packet_socket(name);
    int interface = packet_socket("mv0");

    send_advert_like(peer);
    assert_true(hears_within(HEARD_MS, interface));
    send_advert_like(ours);
    assert_true(hears_within(HEARD_MS, peer));
    assert_false(hears_within(SILENCE_MS, interface));
    close(peer);
    close(ours);
    close(interface);
}

static void a_mark_is_read_as_it_was_written(void **state)
{
    const struct arp_settings before = {.ignore = 2, .announce = 1};
    struct link link = {.kind = "macvlan", .parent = 3};

    (void)state;
    virtual_mark_apply(&link);
    assert_false(virtual_mark_is_on(&link));
    virtual_mark_write(&before, 0, link.alias, sizeof(link.alias));
    virtual_mark_apply(&link);
    assert_true(virtual_mark_is_on(&link));
    assert_int_equal(link.parent, 3);
    virtual_mark_write(&before, INT32_MAX, link.alias, sizeof(link.alias));
    virtual_mark_apply(&link);
    assert_int_equal(link.parent, INT32_MAX);
    assert_int_equal(virtual_mark_before(&link).ignore, 2);
    assert_int_equal(virtual_mark_before(&link).announce, 1);
}

static void of_a_member_of_a_vrf_it_goes_into_the_vrf(void **state)
{
    struct link parent = {.ifindex = 4, .kind = "veth", .master = 9, .master_kind = "vrf"};

    (void)state;
    assert_int_equal(virtual_link_place(&parent).vrf, 9);
    assert_int_equal(virtual_link_place(&parent).below, 4);
    assert_false(virtual_link_place(&parent).vepa);
    strcpy(parent.master_kind, "bridge");
    assert_int_equal(virtual_link_place(&parent).vrf, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mark_is_read_as_it_was_written),
        cmocka_unit_test(of_a_member_of_a_vrf_it_goes_into_the_vrf),
        cmocka_unit_test_setup(it_is_made_found_again_and_deleted, enter),
        cmocka_unit_test_setup(the_interface_hears_the_peer_and_not_itself, enter),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
