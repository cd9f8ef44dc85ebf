/* A link's shared sockets against a real kernel, in a namespace of its own: what a flood of packets
 * leaves of the event loop to everybody else, and what an observer hears. */
#include "agent/base/clock.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/base/turns.h"
#include "agent/kernel/reconciler.h"
#include "agent/wire/segment.h"
#include "lib/packet/checksum.h"
#include "tests/unit/agent/links_nobody.h"
#include "tests/unit/agent/netns.h"
#include "tests/unit/emulated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    VRID = 51,
    WAITING = 300, /* packets, several times what one pass takes */
    HEADERS = 34,
    FRAME_SIZE = HEADERS + 12,
    /* Renewed when a third of it is over: a machine may stand still for the rest. */
    LEASE_S = 3,
    FLOOD_S = 5,
    FLOOD_S_MAX = 60,
    WAIT_MS = 30 * 1000,
    TURN_US = 1000,
    TURNS = 8,
};

struct node {
    sd_event *event;
    struct links *links;
    struct worker *worker;
    struct deadlines *deadlines;
    struct reconciler *reconciler;
    struct segments *segments;
    struct segment_client client;
    int sender; /* on the other end of va */
    uint8_t frame[FRAME_SIZE];
    bool flooding;
    unsigned received;
    unsigned busy;
    unsigned turns; /* of the least urgent timer */
};

static void send_one(const struct node *node)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_ifindex = netns_ifindex("vb"),
                             .sll_protocol = htobe16(ETH_P_IP)};

    assert_int_equal(
        sendto(node->sender, node->frame, FRAME_SIZE, 0, (struct sockaddr *)&to, sizeof(to)),
        FRAME_SIZE);
}

/* For each packet that was read there is another one. */
static void on_message(void *userdata, const struct packet_ip *ip, bool source_is_ours,
                       const uint8_t *payload, size_t size)
{
    struct node *node = userdata;

    (void)ip;
    (void)source_is_ours;
    (void)payload;
    (void)size;
    node->received++;
    if (node->flooding)
        send_one(node);
}

/* As the agent. */
static const struct segment_client_calls calls = {.on_message = on_message};

static void on_busy(void *userdata)
{
    struct node *node = userdata;

    node->busy++;
    reconciler_fire_due(node->reconciler);
}

static int on_turn(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct node *node = userdata;

    (void)usec;
    node->turns++;
    assert_true(source_set_time_relative(source, TURN_US) >= 0);
    return source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void build_frame(uint8_t frame[FRAME_SIZE])
{
    static const uint8_t head[HEADERS] = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x12, 0x02, 0x00, 0x00,
                                          0x00, 0x00, 0x03, 0x08, 0x00, 0x45, 0xc0, 0,    32,
                                          0,    0,    0,    0,    255,  112,  0,    0,    192,
                                          0,    2,    3,    224,  0,    0,    18};
    static const uint8_t message[] = {0x31, VRID, 1, 1, 0, 10, 0, 0, 192, 0, 2, 10};
    memcpy(frame, head, sizeof(head));
    memcpy(frame + HEADERS, message, sizeof(message));
    uint16_t sum = checksum_finish(checksum_add(0, frame + ETH_HLEN, HEADERS - ETH_HLEN));
    frame[ETH_HLEN + 10] = (uint8_t)(sum >> 8);
    frame[ETH_HLEN + 11] = (uint8_t)sum;
}

static int open_node(void **state)
{
    struct node *node = calloc(1, sizeof(*node));

    const struct worker_options options = {
        .name = "test-kernel", .priority = AGENT_PRIORITY_DEADLINES, .tasks_max = 8};

    const struct deadlines_options deadlines = {.priority = AGENT_PRIORITY_DEADLINES};

    assert_non_null(node);
    netns_enter();
    netns_veth("va", "vb");
    netns_ip("addr add 192.0.2.1/24 dev va");
    build_frame(node->frame);
    node->sender = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    assert_true(node->sender >= 0);
    assert_true(sd_event_new(&node->event) >= 0);
    assert_int_equal(links_open(node->event, AGENT_PRIORITY_LINKS, &links_nobody, &node->links), 0);
    assert_int_equal(worker_open(node->event, &options, &node->worker), 0);
    assert_int_equal(deadlines_open(node->event, &deadlines, &node->deadlines), 0);
    assert_int_equal(reconciler_open(node->event, AGENT_PRIORITY_LEASES, node->deadlines,
                                     node->links, node->worker, &node->reconciler),
                     0);
    node->segments = segments_new(node->event, node->links, on_busy, node);
    assert_non_null(node->segments);
    *state = node;
    return 0;
}

static int close_node(void **state)
{
    struct node *node = *state;

    segment_detach(node->segments, &node->client);
    segments_free(node->segments);
    worker_close(node->worker);
    reconciler_close(node->reconciler);
    deadlines_close(node->deadlines);
    links_close(node->links);
    sd_event_unref(node->event);
    close(node->sender);
    free(node);
    return 0;
}

static bool look(void *userdata, const struct observed_address *address)
{
    *(bool *)userdata |= address->proto == ADDRESS_MARK_PROTOCOL;
    return true;
}

/* Read anew: the view that is kept current may be late in a flood. */
static bool holds_ours(const char *ifname)
{
    const struct links_observer nobody = {0};
    struct links *links;
    sd_event *event;
    bool found = false;

    assert_true(sd_event_new(&event) >= 0);
    assert_int_equal(links_open(event, 0, &nobody, &links), 0);
    links_each_address(links, netns_ifindex(ifname), look, &found);
    links_close(links);
    sd_event_unref(event);
    return found;
}

static bool is_held(void *userdata)
{
    (void)userdata;
    return holds_ours("va");
}

static bool has_had_turns(void *userdata)
{
    return ((const struct node *)userdata)->turns > TURNS;
}

static void run_for(sd_event *event, uint64_t ns)
{
    uint64_t end_ns = clock_boot_ns() + ns;

    while (clock_boot_ns() < end_ns)
        assert_true(turns_run(event, 1000) >= 0);
}

/* A second of the flood. True: it was one, all of it was read, and the others had turns. Where the
 * machine stands still, or leaves what comes in to a thread of the kernel's, it ebbs. */
static bool flood_for_a_second(struct node *node)
{
    node->received = node->busy = node->turns = 0;
    for (int i = 0; i < WAITING; i++)
        send_one(node);
    run_for(node->event, NS_PER_SEC);
    return node->received >= 64 * node->busy && node->busy > 10 * node->turns && node->turns > 1;
}

static void a_flood_leaves_turns_to_all_others_and_the_lease_is_renewed(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct desired_set set = {.owner = "test"};
    const struct link *link = links_by_name(node->links, "va");
    sd_event_source *turns;

    assert_non_null(link);
    node->client = (struct segment_client){.family = IP_FAMILY_IPV4,
                                           .vrid = VRID,
                                           .group = ip_address_vrrp_group(IP_FAMILY_IPV4),
                                           .addresses = list,
                                           .count = 1,
                                           .calls = &calls,
                                           .userdata = node};
    assert_int_equal(segment_attach(node->segments, link, &node->client), 0);
    reconciler_want(node->reconciler, &set, link->ifindex, list, 1, LEASE_S * NS_PER_SEC);
    assert_true(source_add_time_relative(node->event, &turns, CLOCK_BOOTTIME, TURN_US, 1, on_turn,
                                         node) >= 0);
    assert_true(sd_event_source_set_priority(turns, AGENT_PRIORITY_CONTROL) >= 0);
    assert_true(netns_run_until(node->event, is_held, NULL, WAIT_MS));
    node->flooding = true;
    unsigned flooded_s = 0;
    for (unsigned s = 0; s < FLOOD_S_MAX && (s < FLOOD_S || flooded_s == 0); s++) {
        flooded_s += flood_for_a_second(node);
        assert_true(holds_ours("va"));
    }
    assert_true(flooded_s > 0);
    node->flooding = false;
    node->turns = 0;
    assert_true(netns_run_until(node->event, has_had_turns, node, WAIT_MS));
    sd_event_source_disable_unref(turns);
    reconciler_want(node->reconciler, &set, link->ifindex, NULL, 0, 0);
}

struct observation {
    bool willing; /* to observe */
    unsigned asked;
    unsigned watched;
    size_t addresses; /* of the last time */
    unsigned detached;
    struct frame_tap *tap;
};

static bool on_asked(void *userdata, const char *ifname)
{
    struct observation *seen = userdata;

    assert_string_equal(ifname, "va");
    seen->asked++;
    return seen->willing;
}

static void *on_observed(void *userdata, const char *ifname, struct frame_tap *tap)
{
    struct observation *seen = userdata;

    assert_string_equal(ifname, "va");
    assert_non_null(tap);
    seen->tap = tap;
    return seen;
}

static void on_watched(void *observed, const struct ip_address *addresses, size_t count)
{
    const struct ip_prefix expected = prefix_of("192.0.2.10/24");
    struct observation *seen = observed;

    assert_true(ip_address_equal(&addresses[0], &expected.address));
    seen->watched++;
    seen->addresses = count;
}

static void on_passed(void *observed, uint64_t now_ns)
{
    (void)observed;
    (void)now_ns;
}

static struct frame_tap *on_unobserved(void *observed)
{
    struct observation *seen = observed;

    seen->detached++;
    return seen->tap;
}

static void an_observer_hears_of_a_segment_from_open_to_close(void **state)
{
    struct node *node = *state;
    struct observation seen = {0};
    const struct segment_observer observer = {.wants = on_asked,
                                              .attach = on_observed,
                                              .watch = on_watched,
                                              .passed = on_passed,
                                              .detach = on_unobserved,
                                              .userdata = &seen};
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("192.0.2.11/24")};

    node->client = (struct segment_client){.family = IP_FAMILY_IPV4,
                                           .vrid = VRID,
                                           .group = ip_address_vrrp_group(IP_FAMILY_IPV4),
                                           .addresses = list,
                                           .count = 1,
                                           .calls = &calls};
    segments_set_observer(node->segments, &observer);
    assert_int_equal(
        segment_attach(node->segments, links_by_name(node->links, "va"), &node->client), 0);
    assert_int_equal(seen.asked, 1);
    assert_int_equal(seen.watched, 0);
    /* One that could not is asked again when the link comes back, and told of all addresses. */
    seen.willing = true;
    segment_rejoin(&node->client);
    assert_int_equal(seen.asked, 2);
    assert_int_equal(seen.addresses, 1);
    node->client.count = 2;
    segment_watch(&node->client);
    assert_int_equal(seen.addresses, 2);
    segment_rejoin(&node->client);
    assert_int_equal(seen.asked, 2);
    assert_int_equal(seen.detached, 0);
    segment_detach(node->segments, &node->client);
    assert_int_equal(seen.detached, 1);
}

static void what_many_change_is_watched_once(void **state)
{
    struct node *node = *state;
    struct observation seen = {.willing = true};
    const struct segment_observer observer = {.wants = on_asked,
                                              .attach = on_observed,
                                              .watch = on_watched,
                                              .passed = on_passed,
                                              .detach = on_unobserved,
                                              .userdata = &seen};
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct segment_client more = {.family = IP_FAMILY_IPV4,
                                  .vrid = VRID + 1,
                                  .group = ip_address_vrrp_group(IP_FAMILY_IPV4),
                                  .addresses = list,
                                  .count = 1};
    const struct link *link = links_by_name(node->links, "va");

    node->client = (struct segment_client){.family = IP_FAMILY_IPV4,
                                           .vrid = VRID,
                                           .group = ip_address_vrrp_group(IP_FAMILY_IPV4),
                                           .addresses = list,
                                           .count = 1};
    segments_set_observer(node->segments, &observer);
    assert_int_equal(segment_attach(node->segments, link, &node->client), 0);
    const unsigned told = seen.watched;
    segments_watch_put_off(node->segments);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(segment_attach(node->segments, link, &more), 0);
        segment_watch(&more);
        segment_detach(node->segments, &more);
    }
    assert_int_equal(segment_attach(node->segments, link, &more), 0);
    assert_int_equal(seen.watched, told);
    segments_watch_due(node->segments);
    assert_int_equal(seen.watched, told + 1);
    assert_int_equal(seen.addresses, 2);
    segments_watch_due(node->segments);
    assert_int_equal(seen.watched, told + 1);
    segment_detach(node->segments, &more);
    assert_int_equal(seen.watched, told + 2);
    assert_int_equal(seen.addresses, 1);
    /* All of them may leave meanwhile. */
    segments_watch_put_off(node->segments);
    segment_watch(&node->client);
    segment_detach(node->segments, &node->client);
    segments_watch_due(node->segments);
    assert_int_equal(seen.detached, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_flood_leaves_turns_to_all_others_and_the_lease_is_renewed,
                                        open_node, close_node),
        cmocka_unit_test_setup_teardown(an_observer_hears_of_a_segment_from_open_to_close,
                                        open_node, close_node),
        cmocka_unit_test_setup_teardown(what_many_change_is_watched_once, open_node, close_node),
    };

    if (emulated_without("IP_MULTICAST_ALL and IP_TRANSPARENT"))
        return EXIT_EMULATED;
    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
