/* Adverts that leave and arrive many at a time, between the two ends of a veth in a namespace of
 * its own: all of them, in order, whatever their length, and what cannot be sent is told. */
#include "agent/base/turns.h"
#include "agent/wire/advert_io.h"
#include "agent/wire/outbox.h"
#include "tests/unit/agent/netns.h"
#include "tests/unit/emulated.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum {
    MANY = 150, /* more than fit into one call, either way */
    LONGEST = ADVERT_SIZE_MAX,
    TOO_LONG = 9000, /* comes in fragments */
    ARRIVAL_MS = 20 * 1000,
    FLOOD_MAX = 20 * 1000,
};

struct bench {
    struct room *room;
    sd_event *event;
    struct advert_io *out;
    struct advert_io *in;
    struct outbox_shelf *shelf;
    struct advert_header header;
    struct advert_sender sender;
    size_t arrived;
    size_t sizes[MANY];
    uint8_t marks[MANY];
    bool whole[MANY];
    uint8_t ttl;
    size_t sent;
    size_t failed;
};

static void fill(uint8_t *octets, size_t size, uint8_t mark)
{
    for (size_t i = 0; i < size; i++)
        octets[i] = (uint8_t)(i * 7 + i / 256 + mark);
    octets[0] = mark;
}

static void on_message(void *userdata, const struct packet_ip *ip, const uint8_t *payload,
                       size_t size)
{
    struct bench *bench = userdata;
    static uint8_t expected[TOO_LONG];

    assert_true(bench->arrived < MANY && size <= sizeof(expected));
    assert_true(ip_address_equal(&ip->source, &bench->header.source));
    assert_true(ip_address_equal(&ip->destination, &bench->header.destination));
    fill(expected, size, payload[0]);
    bench->ttl = ip->ttl;
    bench->marks[bench->arrived] = payload[0];
    bench->whole[bench->arrived] = memcmp(expected, payload, size) == 0;
    bench->sizes[bench->arrived++] = size;
}

static void on_sent(void *userdata, int error)
{
    struct bench *bench = userdata;

    bench->sent += error == 0 ? 1 : 0;
    bench->failed += error < 0 ? 1 : 0;
}

static struct advert_io *open_io(struct bench *bench, const char *ifname, bool send_only)
{
    const struct advert_io_options options = {.ifindex = netns_ifindex(ifname),
                                              .ifname = ifname,
                                              .family = bench->header.source.family,
                                              .send_only = send_only,
                                              .room = bench->room,
                                              .shelf = bench->shelf,
                                              .on_message = on_message,
                                              .userdata = bench};
    struct wire_problem problem;
    struct advert_io *io = NULL;

    assert_int_equal(advert_io_open(&options, &io, &problem), 0);
    return io;
}

static int open_bench(void **state, enum ip_family family, const char *source)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    netns_enter();
    netns_veth("va", "vb");
    netns_ipv6("fe80::7/64", "va");
    if (family == IP_FAMILY_IPV4)
        netns_ip("addr add %s/24 dev va", source);
    netns_set("vb", "accept_local", "1");
    netns_set("vb", "rp_filter", "0");
    netns_set("all", "rp_filter", "0");
    assert_true(sd_event_new(&bench->event) >= 0);
    assert_true(ip_address_parse(source, &bench->header.source));
    bench->header.destination = ip_address_vrrp_group(family);
    bench->header.ttl = VRRP_TTL;
    bench->sender = (struct advert_sender){.on_sent = on_sent, .userdata = bench};
    bench->room = room_new();
    bench->shelf = outbox_shelf_new();
    assert_non_null(bench->room);
    assert_non_null(bench->shelf);
    bench->out = open_io(bench, "va", true);
    bench->in = open_io(bench, "vb", false);
    assert_int_equal(advert_io_join(bench->in, &bench->header.destination), 0);
    *state = bench;
    return 0;
}

static int open_ipv4(void **state)
{
    return open_bench(state, IP_FAMILY_IPV4, "192.0.2.1");
}

static int open_ipv6(void **state)
{
    return open_bench(state, IP_FAMILY_IPV6, "fe80::7");
}

static int close_bench(void **state)
{
    struct bench *bench = *state;

    advert_io_close(bench->out);
    advert_io_close(bench->in);
    room_free(bench->room);
    outbox_shelf_free(bench->shelf);
    sd_event_unref(bench->event);
    free(bench);
    return 0;
}

static void post(struct bench *bench, size_t size, uint8_t mark)
{
    static uint8_t payload[TOO_LONG];

    fill(payload, size, mark);
    advert_io_post(bench->out, &bench->header, payload, size, &bench->sender);
    memset(payload, 0, size); /* it was copied */
}

static void receive_all(struct bench *bench)
{
    for (int passes = 0; passes < MANY && advert_io_receive(bench->in); passes++)
        ;
}

/* A busy machine has them arrive in a moment. */
static void await(struct bench *bench, size_t count)
{
    const struct timespec moment = {.tv_nsec = 1000000};

    receive_all(bench);
    for (int i = 0; bench->arrived < count && i < ARRIVAL_MS; i++) {
        (void)nanosleep(&moment, NULL);
        receive_all(bench);
    }
    assert_int_equal(bench->arrived, count);
}

static void many_leave_and_arrive_in_order(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < MANY; i++)
        post(bench, 12 + i % 40, (uint8_t)i);
    advert_io_flush(bench->out);
    assert_int_equal(bench->sent, MANY);
    await(bench, MANY);
    assert_int_equal(bench->ttl, VRRP_TTL);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(bench->marks[i], i);
        assert_int_equal(bench->sizes[i], 12 + i % 40);
        assert_true(bench->whole[i]);
    }
}

static void what_is_posted_waits_and_what_is_sent_goes_behind_it(void **state)
{
    struct bench *bench = *state;
    uint8_t payload[16];

    post(bench, 16, 1);
    receive_all(bench);
    assert_int_equal(bench->arrived, 0);
    assert_int_equal(bench->sent, 0);
    fill(payload, sizeof(payload), 2);
    bench->header.ttl = 7;
    assert_int_equal(advert_io_send(bench->out, &bench->header, payload, sizeof(payload)), 0);
    assert_int_equal(bench->sent, 1);
    await(bench, 2);
    assert_int_equal(bench->marks[0], 1);
    assert_int_equal(bench->marks[1], 2);
    assert_int_equal(bench->ttl, 7);
}

/* The longest adverts are whole, however many come at once; of longer messages the last. */
static void long_ones_are_whole(void **state)
{
    struct bench *bench = *state;
    static const size_t sizes[] = {255, 256, 257, 1400, LONGEST, TOO_LONG, 12, LONGEST, TOO_LONG};
    const size_t count = sizeof(sizes) / sizeof(sizes[0]);

    for (size_t i = 0; i < count; i++)
        post(bench, sizes[i], (uint8_t)(10 + i));
    advert_io_flush(bench->out);
    await(bench, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(bench->marks[i], 10 + i);
        assert_int_equal(bench->sizes[i], sizes[i]);
        assert_true(bench->whole[i] || (sizes[i] == TOO_LONG && i < count - 1));
    }
}

static void post_to(const struct bench *bench, struct advert_io *io)
{
    const uint8_t payload[12] = {0};

    advert_io_post(io, &bench->header, payload, sizeof(payload), &bench->sender);
}

/* Sockets share what their messages wait in: when that is full some leave before they are told to,
 * and none is lost. A socket by itself takes little memory. */
static void many_sockets_wait_in_one_room(void **state)
{
    enum { SOCKETS = OUTBOX_SHELF_SLOTS / OUTBOX_MESSAGES_MAX + 1 };
    struct bench *bench = *state;
    struct advert_io *list[SOCKETS];

    size_t before = mallinfo2().uordblks;
    for (size_t i = 0; i < SOCKETS; i++)
        list[i] = open_io(bench, "va", true);
    assert_true(mallinfo2().uordblks - before < SOCKETS * (size_t)1024);
    for (int turn = 0; turn < 3; turn++) {
        bench->sent = 0;
        for (size_t i = 0; i < OUTBOX_SHELF_SLOTS; i++)
            post_to(bench, list[i % (SOCKETS - 1)]);
        assert_int_equal(bench->sent, 0);
        post_to(bench, list[SOCKETS - 1]);
        assert_int_equal(bench->sent, OUTBOX_MESSAGES_MAX);
        for (size_t i = 0; i < SOCKETS; i++)
            advert_io_flush(list[i]);
        assert_int_equal(bench->sent, OUTBOX_SHELF_SLOTS + 1);
        assert_int_equal(bench->failed, 0);
    }
    for (size_t i = 0; i < SOCKETS; i++)
        advert_io_close(list[i]);
}

static void what_cannot_be_sent_is_told_and_the_next_is_tried(void **state)
{
    struct bench *bench = *state;

    for (uint8_t i = 0; i < 3; i++)
        post(bench, 12, i);
    netns_ip("link set va down");
    advert_io_flush(bench->out);
    assert_int_equal(bench->sent, 0);
    assert_int_equal(bench->failed, 3);
    netns_ip("link set va up");
    netns_ip("addr replace 192.0.2.1/24 dev va");
    post(bench, 12, 4);
    advert_io_flush(bench->out);
    assert_int_equal(bench->sent, 1);
}

/* Whoever has deadlines to serve asks for what came since the last look; see pace.h. */
static void of_a_flood_what_came_since_the_last_look_is_read_when_asked_for(void **state)
{
    struct bench *bench = *state;
    bool caught = false;

    assert_int_equal(advert_io_listen(bench->in, bench->event), 0);
    post(bench, 12, 1);
    advert_io_flush(bench->out);
    advert_io_catch_up(bench->in);
    assert_int_equal(bench->arrived, 0); /* the loop is woken for it */
    for (unsigned i = 0; i < FLOOD_MAX && !caught; i++) {
        assert_true(turns_run(bench->event, ARRIVAL_MS * 1000) >= 0);
        bench->arrived = 0;
        post(bench, 12, 1);
        advert_io_flush(bench->out);
        advert_io_catch_up(bench->in);
        caught = bench->arrived > 0;
    }
    assert_true(caught);
    for (unsigned i = 0; i < ARRIVAL_MS && bench->arrived <= INBOX_FULL; i++) {
        receive_all(bench);
        bench->arrived = 0;
        for (unsigned n = 0; n < MANY; n++)
            post(bench, 12, 1);
        advert_io_flush(bench->out);
        (void)nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
        advert_io_catch_up(bench->in);
    }
    assert_true(bench->arrived > INBOX_FULL); /* of more than one pass */
    receive_all(bench);
    advert_io_silence(bench->in);
    advert_io_catch_up(bench->in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_leave_and_arrive_in_order, open_ipv4, close_bench),
        cmocka_unit_test_setup_teardown(many_leave_and_arrive_in_order, open_ipv6, close_bench),
        cmocka_unit_test_setup_teardown(what_is_posted_waits_and_what_is_sent_goes_behind_it,
                                        open_ipv4, close_bench),
        cmocka_unit_test_setup_teardown(what_is_posted_waits_and_what_is_sent_goes_behind_it,
                                        open_ipv6, close_bench),
        cmocka_unit_test_setup_teardown(long_ones_are_whole, open_ipv4, close_bench),
        cmocka_unit_test_setup_teardown(long_ones_are_whole, open_ipv6, close_bench),
        cmocka_unit_test_setup_teardown(many_sockets_wait_in_one_room, open_ipv4, close_bench),
        cmocka_unit_test_setup_teardown(what_cannot_be_sent_is_told_and_the_next_is_tried,
                                        open_ipv4, close_bench),
        cmocka_unit_test_setup_teardown(
            of_a_flood_what_came_since_the_last_look_is_read_when_asked_for, open_ipv4,
            close_bench),
    };

    if (emulated_without("IP_MULTICAST_ALL and IP_TRANSPARENT"))
        return EXIT_EMULATED;
    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
