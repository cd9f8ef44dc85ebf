/* Frames by a packet socket on a real kernel: what waits is read whole whenever somebody looks. */
#include "agent/wire/frame_socket.h"
#include "lib/limits.h"
#include "tests/unit/agent/netns.h"
#include "tests/unit/emulated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SNAP = 1000,
    MANY = 50, /* more than the first call reads */
    LONGEST = 1400,
    ARRIVAL_MS = 30 * 1000,
    TYPE = 0x88b5, /* for experiments */
};

/* What all sockets here are read into, one after the other. */
static struct room *room;

struct seen {
    size_t count;
    size_t captured;
    size_t length;
    uint64_t wall_ns;
    uint8_t octets[LONGEST + 4]; /* of the last one */
};

static int make_room(void **state)
{
    (void)state;
    room = room_new();
    return room != NULL ? 0 : -1;
}

static int free_room(void **state)
{
    (void)state;
    room_free(room);
    return 0;
}

static int enter(void **state)
{
    (void)state;
    netns_enter();
    netns_veth("va", "vb");
    return 0;
}

static void on_frame(void *userdata, const struct frame_seen *frame)
{
    struct seen *seen = userdata;

    seen->count++;
    seen->captured = frame->captured;
    seen->length = frame->length;
    seen->wall_ns = frame->wall_ns;
    assert_true(frame->captured <= sizeof(seen->octets));
    memcpy(seen->octets, frame->octets, frame->captured);
}

/* Reads until so many have come, and what else there is: a busy kernel has them come in a moment.
 */
static void await(struct frame_socket *socket, size_t count, struct seen *seen)
{
    const struct timespec moment = {.tv_nsec = 1000000};

    (void)frame_socket_read(socket, 4 * MANY, on_frame, seen);
    for (int ms = 0; seen->count < count && ms < ARRIVAL_MS; ms++) {
        (void)nanosleep(&moment, NULL);
        (void)frame_socket_read(socket, 4 * MANY, on_frame, seen);
    }
    assert_int_equal(seen->count, count);
}

static struct frame_socket *open_on(const char *ifname, bool inbound, size_t buffer)
{
    const struct frame_socket_options options = {
        .ifname = ifname, .inbound = inbound, .snap = SNAP, .room = room, .buffer_bytes = buffer};
    struct wire_problem problem = {0};
    struct frame_socket *socket;

    assert_int_equal(frame_socket_open(&options, &socket, &problem), 0);
    assert_int_equal(frame_socket_filter(socket, "ether proto 0x88b5 or vlan", &problem), 0);
    assert_int_equal(frame_socket_start(socket, &problem), 0);
    return socket;
}

/* Of that size, and TAG octets more with a VLAN's tag. */
static void send_from(const char *ifname, size_t size, bool tagged, uint8_t *frame)
{
    static const uint8_t head[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 7};
    const struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = netns_ifindex(ifname)};
    int sender = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    size_t at = sizeof(head);

    assert_true(sender >= 0);
    memcpy(frame, head, sizeof(head));
    if (tagged) {
        static const uint8_t tag[] = {0x81, 0x00, 0x00, 0x05};
        memcpy(frame + at, tag, sizeof(tag));
        at += sizeof(tag);
        size += sizeof(tag);
    }
    frame[at++] = TYPE >> 8;
    frame[at++] = TYPE & 0xff;
    for (; at < size; at++)
        frame[at] = (uint8_t)(at * 7);
    assert_int_equal(sendto(sender, frame, size, 0, (const struct sockaddr *)&to, sizeof(to)),
                     (ssize_t)size);
    close(sender);
}

static void what_waits_is_handed_on_when_somebody_looks(void **state)
{
    struct frame_socket *socket = open_on("va", false, 1 << 20);
    uint8_t frame[LONGEST + 4];
    struct seen seen = {0};

    (void)state;
    for (int i = 0; i < MANY; i++)
        send_from("vb", 60, false, frame);
    await(socket, MANY, &seen);
    assert_int_equal(seen.length, 60);
    assert_memory_equal(seen.octets, frame, 60);
    uint64_t now_ns = (uint64_t)time(NULL) * NS_PER_SEC;
    assert_in_range(seen.wall_ns / NS_PER_SEC, now_ns / NS_PER_SEC - 60, now_ns / NS_PER_SEC + 1);
    assert_int_equal(frame_socket_read(socket, 4 * MANY, on_frame, &seen), 0);
    assert_int_equal(frame_socket_dropped(socket), 0);
    frame_socket_close(socket);
}

/* Longer than the first piece, than the snap, and with a tag that the kernel takes out. */
static void a_frame_is_handed_on_as_it_was(void **state)
{
    struct frame_socket *socket = open_on("va", false, 1 << 20);
    uint8_t frame[LONGEST + 4];
    struct seen seen = {0};

    (void)state;
    send_from("vb", 900, false, frame);
    await(socket, 1, &seen);
    assert_int_equal(seen.captured, 900);
    assert_memory_equal(seen.octets, frame, 900);
    send_from("vb", LONGEST, false, frame);
    await(socket, 2, &seen);
    assert_int_equal(seen.captured, SNAP);
    assert_int_equal(seen.length, LONGEST);
    assert_memory_equal(seen.octets, frame, SNAP);
    send_from("vb", 100, true, frame);
    await(socket, 3, &seen);
    assert_int_equal(seen.captured, 104);
    assert_int_equal(seen.length, 104);
    assert_memory_equal(seen.octets, frame, 104);
    frame_socket_close(socket);
}

static void what_we_send_is_seen_by_who_wants_both_directions(void **state)
{
    struct frame_socket *both = open_on("va", false, 1 << 20);
    struct frame_socket *inbound = open_on("va", true, 1 << 20);
    uint8_t frame[LONGEST + 4];
    struct seen seen = {0};

    (void)state;
    send_from("va", 60, false, frame);
    await(both, 1, &seen);
    (void)frame_socket_read(inbound, 8, on_frame, &seen);
    assert_int_equal(seen.count, 1);
    frame_socket_close(both);
    frame_socket_close(inbound);
}

/* Until it has dropped some, and then no more for a while: all have come. */
static void await_drops(struct frame_socket *socket)
{
    const struct timespec moment = {.tv_nsec = 200 * 1000000};
    uint64_t before = 0;
    uint64_t now = 0;

    for (int ms = 0; (now == 0 || now != before) && ms < ARRIVAL_MS; ms += 200) {
        before = now;
        (void)nanosleep(&moment, NULL);
        now = frame_socket_dropped(socket);
    }
}

static void what_found_no_room_is_counted(void **state)
{
    struct frame_socket *socket = open_on("va", false, 8192);
    uint8_t frame[LONGEST + 4];
    struct seen seen = {0};

    (void)state;
    for (int i = 0; i < MANY; i++)
        send_from("vb", 60, false, frame);
    await_drops(socket);
    (void)frame_socket_read(socket, 4 * MANY, on_frame, &seen);
    assert_in_range(seen.count, 1, MANY - 1);
    assert_int_equal(frame_socket_dropped(socket), MANY - seen.count);
    assert_int_equal(frame_socket_dropped(socket), MANY - seen.count);
    frame_socket_close(socket);
}

static void the_link_may_go_down_in_between(void **state)
{
    struct frame_socket *socket = open_on("va", false, 1 << 20);
    uint8_t frame[LONGEST + 4];
    struct seen seen = {0};

    (void)state;
    netns_ip("link set va down");
    netns_ip("link set va up");
    netns_await_link("vb");
    send_from("vb", 60, false, frame);
    await(socket, 1, &seen);
    frame_socket_close(socket);
}

static void a_filter_that_is_none_leaves_the_one_before(void **state)
{
    struct frame_socket *socket = open_on("va", false, 1 << 20);
    struct wire_problem problem = {0};
    uint8_t frame[LONGEST + 4];
    struct seen seen = {0};

    (void)state;
    assert_int_equal(frame_socket_filter(socket, "no such word", &problem), -EINVAL);
    assert_non_null(strstr(problem.text, "cannot make a filter: "));
    send_from("vb", 60, false, frame);
    await(socket, 1, &seen);
    frame_socket_close(socket);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_waits_is_handed_on_when_somebody_looks, enter),
        cmocka_unit_test_setup(a_frame_is_handed_on_as_it_was, enter),
        cmocka_unit_test_setup(what_we_send_is_seen_by_who_wants_both_directions, enter),
        cmocka_unit_test_setup(what_found_no_room_is_counted, enter),
        cmocka_unit_test_setup(the_link_may_go_down_in_between, enter),
        cmocka_unit_test_setup(a_filter_that_is_none_leaves_the_one_before, enter),
    };

    if (emulated_without("options of packet sockets"))
        return EXIT_EMULATED;
    netns_need();
    return cmocka_run_group_tests(tests, make_room, free_room);
}
