/* Announcements with a pause: one address an interface and pause, nothing twice, nothing after the
 * owner has let go, and all at once without a pause. */
#include "agent/base/clock.h"
#include "agent/wire/announce_queue.h"
#include "lib/limits.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ADDRESSES = 6,
    FRAMES_MAX = 64,
    LIMIT_MS = 30 * 1000,
    TARGET_END = 41 /* last octet of the target in a request */
};

#define PAUSE_NS (20 * NS_PER_MS)

static const uint8_t mac[MAC_SIZE] = {2, 0, 0, 0, 0, 1};

struct bench {
    sd_event *event;
    struct neighbour_io *io;
    struct announce_queue *queue;
    struct claimed_address addresses[ADDRESSES];
    int listener;
    uint8_t heard[FRAMES_MAX]; /* last octets of the addresses */
    uint64_t at[FRAMES_MAX];
    size_t count;
    size_t wanted;
};

static int on_frame(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct bench *bench = userdata;
    uint8_t frame[128];

    (void)source;
    (void)events;
    while (recv(fd, frame, sizeof(frame), MSG_DONTWAIT) > TARGET_END) {
        assert_true(bench->count < FRAMES_MAX);
        bench->at[bench->count] = clock_boot_ns();
        bench->heard[bench->count++] = frame[TARGET_END];
    }
    return 0;
}

static int open_bench(void **state)
{
    static struct bench bench;
    struct sockaddr_ll there;

    netns_enter();
    netns_veth("va", "vb");
    memset(&bench, 0, sizeof(bench));
    assert_true(sd_event_new(&bench.event) >= 0);
    assert_int_equal(neighbour_io_open(&bench.io), 0);
    assert_int_equal(announce_queue_open(bench.event, bench.io, &bench.queue), 0);
    bench.listener = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ARP));
    assert_true(bench.listener >= 0);
    there = (struct sockaddr_ll){.sll_family = AF_PACKET,
                                 .sll_protocol = htons(ETH_P_ARP),
                                 .sll_ifindex = netns_ifindex("vb")};
    assert_int_equal(bind(bench.listener, (struct sockaddr *)&there, sizeof(there)), 0);
    assert_true(sd_event_add_io(bench.event, NULL, bench.listener, 1, on_frame, &bench) >= 0);
    for (unsigned i = 0; i < ADDRESSES; i++) {
        bench.addresses[i].prefix = prefix_of("192.0.2.0/24");
        bench.addresses[i].prefix.address.octets[3] = (uint8_t)(i + 1);
    }
    *state = &bench;
    return 0;
}

static int close_bench(void **state)
{
    struct bench *bench = *state;

    announce_queue_close(bench->queue);
    neighbour_io_close(bench->io);
    sd_event_unref(bench->event);
    close(bench->listener);
    return 0;
}

static void announce(struct bench *bench, const void *owner, size_t first, size_t count)
{
    const struct announcement what = {.ifindex = netns_ifindex("va"),
                                      .ifname = "va",
                                      .mac = mac,
                                      .device = "",
                                      .addresses = bench->addresses + first,
                                      .count = count};

    assert_int_equal(announce_queue_add(bench->queue, owner, &what), 0);
}

static bool has_wanted(void *userdata)
{
    const struct bench *bench = userdata;

    return bench->count >= bench->wanted;
}

static void wait_for(struct bench *bench, size_t count)
{
    bench->wanted = count;
    assert_true(netns_run_until(bench->event, has_wanted, bench, LIMIT_MS));
}

static void without_a_pause_all_go_at_once(void **state)
{
    struct bench *bench = *state;

    announce(bench, bench, 0, ADDRESSES);
    wait_for(bench, ADDRESSES);
}

static void one_a_pause_in_their_order(void **state)
{
    struct bench *bench = *state;

    uint64_t before_ns = clock_boot_ns();

    announce_queue_set_pause(bench->queue, PAUSE_NS);
    announce(bench, bench, 0, ADDRESSES);
    wait_for(bench, ADDRESSES);
    netns_run_for(bench->event, 50);
    assert_int_equal(bench->count, ADDRESSES);
    for (size_t i = 0; i < ADDRESSES; i++)
        assert_int_equal(bench->heard[i], i + 1);
    /* The listener may be late by itself, with the first one too; the whole not too early. */
    assert_true(bench->at[ADDRESSES - 1] - before_ns >= (ADDRESSES - 1) * PAUSE_NS - NS_PER_MS);
}

/* Two owners take turns, and a repeat goes on where the first one had come to. */
static void each_has_its_turn_and_nothing_comes_twice(void **state)
{
    struct bench *bench = *state;
    const int other = 0;
    unsigned times[ADDRESSES + 1] = {0};

    announce_queue_set_pause(bench->queue, PAUSE_NS);
    announce(bench, bench, 0, 3);
    announce(bench, &other, 3, 3);
    netns_run_for(bench->event, 30);
    size_t so_far = bench->count;
    announce(bench, bench, 0, 3);
    announce(bench, &other, 3, 3);
    wait_for(bench, so_far + ADDRESSES);
    netns_run_for(bench->event, 50);
    assert_in_range(bench->count, ADDRESSES, so_far + ADDRESSES + 1);
    for (size_t i = 0; i < bench->count; i++)
        times[bench->heard[i]]++;
    for (size_t i = 1; i <= ADDRESSES; i++)
        assert_in_range(times[i], 1, 2);
}

static void who_has_let_go_is_not_announced(void **state)
{
    struct bench *bench = *state;

    announce_queue_set_pause(bench->queue, PAUSE_NS);
    announce(bench, bench, 0, ADDRESSES);
    announce_queue_drop(bench->queue, bench);
    wait_for(bench, 1);
    netns_run_for(bench->event, 100);
    assert_int_equal(bench->count, 1);
}

static void no_pause_any_more_sends_what_waits(void **state)
{
    struct bench *bench = *state;

    announce_queue_set_pause(bench->queue, NS_PER_SEC);
    announce(bench, bench, 0, ADDRESSES);
    announce_queue_set_pause(bench->queue, 0);
    wait_for(bench, ADDRESSES);
}

/* Else the last of many would never have its turn. */
static void a_repeat_goes_on_where_the_one_before_had_come_to(void **state)
{
    static const uint8_t order[] = {1, 2, 3, 1};
    struct bench *bench = *state;

    announce_queue_set_pause(bench->queue, NS_PER_SEC);
    announce(bench, bench, 0, 3);
    announce(bench, bench, 0, 3);
    announce_queue_set_pause(bench->queue, 0);
    wait_for(bench, sizeof(order));
    assert_memory_equal(bench->heard, order, sizeof(order));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_pause_all_go_at_once, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(one_a_pause_in_their_order, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(each_has_its_turn_and_nothing_comes_twice, open_bench,
                                        close_bench),
        cmocka_unit_test_setup_teardown(a_repeat_goes_on_where_the_one_before_had_come_to,
                                        open_bench, close_bench),
        cmocka_unit_test_setup_teardown(who_has_let_go_is_not_announced, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(no_pause_any_more_sends_what_waits, open_bench,
                                        close_bench),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
