/* A flood for our VRID passes the socket's filter and has to be read, for the master's adverts are
 * among it: what one turn of the loop reads of it is bounded, and then deadlines have their turn.
 * And what leaves together is read by one call of the kernel, which are counted here.
 */
#include "agent/wire/inbox.h"

#include "lib/octets.h"
#include "lib/packet/checksum.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/* AT_A_TIME: as many adverts leave together; see agent/instances/node.h. */
enum { PASS = INBOX_FULL, PASSES = 2, FLOOD = PASSES * PASS + 8, AT_A_TIME = 64, UNTIL_GROWN = 8 };

static unsigned calls;

/* In the place of libc's. */
int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
    calls++;
    return (int)syscall(SYS_recvmmsg, fd, messages, count, flags, timeout);
}

struct bench {
    int from;
    int to;
    struct inbox inbox;
    size_t handed;
    bool nested; /* what a read within a read has said */
};

/* Datagrams whose content is an IPv4 packet: so a raw socket's come in, for who has no rights. */
static int set_up(void **state)
{
    static struct bench bench;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);
    int room = 212992; /* the kernel's default, which it doubles when it is asked for */

    bench = (struct bench){.from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
                           .to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    *state = &bench;
    if (bench.from < 0 || bench.to < 0 ||
        setsockopt(bench.to, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)) < 0 ||
        bind(bench.to, (struct sockaddr *)&at, size) < 0 ||
        getsockname(bench.to, (struct sockaddr *)&at, &size) < 0 ||
        connect(bench.from, (struct sockaddr *)&at, size) < 0)
        return -1;
    bench.inbox = (struct inbox){.fd = bench.to, .family = IP_FAMILY_IPV4, .room = room_new()};
    return bench.inbox.room != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    room_free(bench->inbox.room);
    close(bench->from);
    close(bench->to);
    return 0;
}

static void on_message(void *userdata, const struct packet_ip *ip, const uint8_t *payload,
                       size_t size)
{
    struct bench *bench = userdata;

    assert_int_equal(ip->ttl, VRRP_TTL);
    assert_int_equal(size, 8);
    assert_int_equal(packet_peek_vrid(payload, size), 51);
    bench->handed++;
    bench->nested = bench->nested || inbox_read(&bench->inbox, on_message, bench) > 0;
}

static void flood(const struct bench *bench, size_t count)
{
    uint8_t packet[28] = {0x45, 0, 0, 28, 0,    0,  0,   0, 255, VRRP_PROTOCOL, 0, 0, 10, 0, 0, 9,
                          224,  0, 0, 18, 0x31, 51, 255, 0, 0,   100,           0, 0};

    octets_put_be16(packet + 10, checksum_finish(checksum_add(0, packet, 20)));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(send(bench->from, packet, sizeof(packet), 0), sizeof(packet));
}

static void a_flood_has_its_turn_and_no_more(void **state)
{
    struct bench *bench = *state;

    flood(bench, FLOOD);
    for (size_t pass = 1; pass <= PASSES; pass++) {
        assert_int_equal(inbox_read(&bench->inbox, on_message, bench), PASS);
        assert_int_equal(bench->handed, pass * PASS);
    }
    assert_int_equal(inbox_read(&bench->inbox, on_message, bench), FLOOD - PASSES * PASS);
    assert_int_equal(bench->handed, FLOOD);
    assert_int_equal(inbox_read(&bench->inbox, on_message, bench), 0);
    assert_int_equal(bench->handed, FLOOD);
}

/* Whoever is handed a message may have the sockets read, before it goes on. */
static void a_read_within_a_read_is_none(void **state)
{
    struct bench *bench = *state;

    flood(bench, PASS);
    (void)inbox_read(&bench->inbox, on_message, bench);
    assert_int_equal(bench->handed, PASS);
    assert_false(bench->nested);
}

/* Not one call for half of them, another for the rest, and a third that finds no more. */
static void what_leaves_together_is_one_call(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < UNTIL_GROWN; i++) {
        flood(bench, AT_A_TIME);
        assert_int_equal(inbox_read(&bench->inbox, on_message, bench), AT_A_TIME);
    }
    calls = 0;
    bench->handed = 0;
    flood(bench, AT_A_TIME);
    (void)inbox_read(&bench->inbox, on_message, bench);
    assert_int_equal(bench->handed, AT_A_TIME);
    assert_int_equal(calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_flood_has_its_turn_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_read_within_a_read_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_leaves_together_is_one_call, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("inbox", tests, NULL, NULL);
}
