/* Announcements and questions as they are on the wire. */
#include "lib/packet/checksum.h"
#include "lib/packet/neighbour_claim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t mac[MAC_SIZE] = {0x02, 0, 0, 0, 0, 0x51};

static struct ip_address address(const char *text)
{
    struct ip_address a = {0};

    assert_true(ip_address_parse(text, &a));
    return a;
}

static void arp_request_form(void **state)
{
    static const uint8_t expected[GRATUITOUS_ARP_SIZE] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0,  0, 0x51, 0x08, 0x06, /* Ethernet */
        0,    1,    0x08, 0,    6,    4,    0,    1,                             /* request */
        0x02, 0,    0,    0,    0,    0x51, 192,  0, 2, 10,                      /* sender */
        0,    0,    0,    0,    0,    0,    192,  0, 2, 10,                      /* target */
    };
    uint8_t frame[NEIGHBOUR_FRAME_SIZE_MAX];
    struct ip_address vip = address("192.0.2.10");
    struct neighbour_claim claim;

    (void)state;
    assert_int_equal(gratuitous_arp_build(&vip, mac, ARP_FORM_REQUEST, frame), sizeof(expected));
    assert_memory_equal(frame, expected, sizeof(expected));
    assert_true(neighbour_frame_parse(frame, sizeof(expected), &claim));
    assert_int_equal(claim.kind, NEIGHBOUR_ANNOUNCEMENT);
    assert_true(ip_address_equal(&claim.address, &vip));
    assert_memory_equal(claim.mac, mac, MAC_SIZE);
}

static void arp_reply_form(void **state)
{
    uint8_t frame[NEIGHBOUR_FRAME_SIZE_MAX];
    struct ip_address vip = address("192.0.2.10");
    struct neighbour_claim claim;

    (void)state;
    size_t size = gratuitous_arp_build(&vip, mac, ARP_FORM_REPLY, frame);
    assert_int_equal(frame[21], 2);
    assert_int_equal(frame[32], 0xff);
    assert_true(neighbour_frame_parse(frame, size, &claim));
    assert_int_equal(claim.kind, NEIGHBOUR_ANNOUNCEMENT);
}

static uint16_t checksum_of(const uint8_t *frame)
{
    struct ip_address source = ip_address_from_octets(IP_FAMILY_IPV6, frame + 22);
    struct ip_address group = ip_address_from_octets(IP_FAMILY_IPV6, frame + 38);

    return checksum_finish(
        checksum_add(checksum_add_pseudo_header(0, &source, &group, 58, 32), frame + 54, 32));
}

static void unsolicited_na(void **state)
{
    uint8_t frame[NEIGHBOUR_FRAME_SIZE_MAX];
    struct ip_address vip = address("2001:db8::10");
    struct ip_address group = address("ff02::1");
    struct neighbour_claim claim;

    (void)state;
    assert_int_equal(unsolicited_na_build(&vip, mac, false, frame), UNSOLICITED_NA_SIZE);
    assert_memory_equal(frame, "\x33\x33\x00\x00\x00\x01", 6);
    assert_memory_equal(frame + 22, vip.octets, 16);
    assert_memory_equal(frame + 38, group.octets, 16);
    assert_int_equal(frame[21], 255); /* hop limit, RFC 4861 7.1.2 */
    assert_int_equal(frame[54], 136);
    assert_int_equal(frame[58], 0x20); /* override only */
    assert_memory_equal(frame + 62, vip.octets, 16);
    assert_memory_equal(frame + 78, "\x02\x01", 2);
    assert_memory_equal(frame + 80, mac, MAC_SIZE);
    assert_int_equal(checksum_of(frame), 0);
    assert_true(neighbour_frame_parse(frame, UNSOLICITED_NA_SIZE, &claim));
    assert_int_equal(claim.kind, NEIGHBOUR_ANNOUNCEMENT);
    assert_true(ip_address_equal(&claim.address, &vip));
    unsolicited_na_build(&vip, mac, true, frame);
    assert_int_equal(frame[58], 0xa0); /* router and override */
}

static void questions_ask_and_claim_nothing(void **state)
{
    static const uint8_t arp[ARP_PROBE_SIZE] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0,  0, 0x51, 0x08, 0x06, /* Ethernet */
        0,    1,    0x08, 0,    6,    4,    0,    1,                             /* request */
        0x02, 0,    0,    0,    0,    0x51, 0,    0, 0, 0,                       /* from nobody */
        0,    0,    0,    0,    0,    0,    192,  0, 2, 10,                      /* target */
    };
    static const uint8_t ns_head[] = {0x33, 0x33, 0xff, 0x12, 0x34, 0x56, 0x02, 0,
                                      0,    0,    0,    0x51, 0x86, 0xdd, 0x60};
    uint8_t frame[NEIGHBOUR_FRAME_SIZE_MAX];
    struct ip_address vip4 = address("192.0.2.10");
    struct ip_address vip6 = address("2001:db8::12:3456");
    struct ip_address source = address("fe80::1");
    struct ip_address group = address("ff02::1:ff12:3456");
    struct neighbour_claim claim;

    (void)state;
    assert_int_equal(arp_probe_build(&vip4, mac, frame), sizeof(arp));
    assert_memory_equal(frame, arp, sizeof(arp));
    assert_true(neighbour_frame_parse(frame, sizeof(arp), &claim));
    assert_int_equal(claim.kind, NEIGHBOUR_PROBE);

    assert_int_equal(neighbour_solicitation_build(&vip6, &source, mac, frame), SOLICITATION_SIZE);
    assert_memory_equal(frame, ns_head, sizeof(ns_head));
    assert_int_equal(frame[20], 58);
    assert_int_equal(frame[21], 255);
    assert_memory_equal(frame + 22, source.octets, 16);
    assert_memory_equal(frame + 38, group.octets, 16);
    assert_int_equal(frame[54], 135);
    assert_memory_equal(frame + 62, vip6.octets, 16);
    assert_int_equal(frame[78], 1); /* source link-layer address, 8 octets */
    assert_int_equal(frame[79], 1);
    assert_memory_equal(frame + 80, mac, MAC_SIZE);
    uint64_t sum = checksum_add_pseudo_header(0, &source, &group, 58, 32);
    assert_int_equal(checksum_finish(checksum_add(sum, frame + 54, 32)), 0);
    assert_false(neighbour_frame_parse(frame, SOLICITATION_SIZE, &claim));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arp_request_form),
        cmocka_unit_test(arp_reply_form),
        cmocka_unit_test(unsolicited_na),
        cmocka_unit_test(questions_ask_and_claim_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
