/* Who claims what in a frame, and what is not to be believed. */
#include "lib/octets.h"
#include "lib/packet/checksum.h"
#include "lib/packet/neighbour_claim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS = 100000, FRAME_MAX = 120 };

static const uint8_t mac[MAC_SIZE] = {0x02, 0, 0, 0, 0, 0x51};

static struct ip_address address(const char *text)
{
    struct ip_address a = {0};

    assert_true(ip_address_parse(text, &a));
    return a;
}

/* An unsolicited NA in which one octet is another, with the right checksum. */
static void altered_na(uint8_t *frame, size_t at, uint8_t octet)
{
    struct ip_address vip = address("2001:db8::10");

    unsolicited_na_build(&vip, mac, false, frame);
    frame[at] = octet;
    memset(frame + 56, 0, 2);
    struct ip_address source = ip_address_from_octets(IP_FAMILY_IPV6, frame + 22);
    struct ip_address destination = ip_address_from_octets(IP_FAMILY_IPV6, frame + 38);
    uint64_t sum = checksum_add_pseudo_header(0, &source, &destination, 58, 32);
    octets_put_be16(frame + 56, checksum_finish(checksum_add(sum, frame + 54, 32)));
}

static void arp_answers_and_probes(void **state)
{
    uint8_t frame[NEIGHBOUR_FRAME_SIZE_MAX];
    struct ip_address vip = address("192.0.2.10");
    struct ip_address other = address("192.0.2.99");
    struct neighbour_claim claim;

    (void)state;
    size_t size = gratuitous_arp_build(&vip, mac, ARP_FORM_REPLY, frame);
    memcpy(frame + 38, other.octets, 4);
    assert_true(neighbour_frame_parse(frame, size, &claim));
    assert_int_equal(claim.kind, NEIGHBOUR_ANSWER);
    assert_true(ip_address_equal(&claim.address, &vip));
    /* RFC 5227 2.1.1: a probe has no sender. */
    memset(frame + 28, 0, 4);
    assert_false(neighbour_frame_parse(frame, size, &claim));
    frame[21] = ARP_FORM_REQUEST;
    assert_true(neighbour_frame_parse(frame, size, &claim));
    assert_int_equal(claim.kind, NEIGHBOUR_PROBE);
    assert_true(ip_address_equal(&claim.address, &other));
}

static void nd_that_is_not_to_be_believed(void **state)
{
    uint8_t frame[NEIGHBOUR_FRAME_SIZE_MAX];
    struct ip_address vip = address("2001:db8::10");
    struct neighbour_claim claim;

    (void)state;
    unsolicited_na_build(&vip, mac, false, frame);
    frame[21] = 254;
    assert_false(neighbour_frame_parse(frame, UNSOLICITED_NA_SIZE, &claim));
    frame[21] = 255;
    frame[70] ^= 1;
    assert_false(neighbour_frame_parse(frame, UNSOLICITED_NA_SIZE, &claim));
    frame[70] ^= 1;
    for (size_t size = 0; size < UNSOLICITED_NA_SIZE; size++)
        assert_false(neighbour_frame_parse(frame, size, &claim));
}

static void one_octet_decides_what_an_advertisement_claims(void **state)
{
    enum { CODE = 55, FLAGS = 58, DESTINATION = 38, TARGET = 62, OPTION = 78, OPTION_MAC = 80 };
    uint8_t frame[NEIGHBOUR_FRAME_SIZE_MAX];
    struct neighbour_claim claim;

    (void)state;
    altered_na(frame, OPTION_MAC, 0x06);
    assert_true(neighbour_frame_parse(frame, UNSOLICITED_NA_SIZE, &claim));
    assert_int_equal(claim.kind, NEIGHBOUR_ANNOUNCEMENT);
    assert_int_equal(claim.mac[0], 0x06);
    /* Without the option it is claimed for whom the frame is from. */
    altered_na(frame, OPTION, 1);
    assert_true(neighbour_frame_parse(frame, UNSOLICITED_NA_SIZE, &claim));
    assert_memory_equal(claim.mac, mac, MAC_SIZE);
    altered_na(frame, CODE, 1);
    assert_false(neighbour_frame_parse(frame, UNSOLICITED_NA_SIZE, &claim));
    altered_na(frame, TARGET, 0xff);
    assert_false(neighbour_frame_parse(frame, UNSOLICITED_NA_SIZE, &claim));
    /* An answer goes to one node, never to a group. */
    altered_na(frame, FLAGS, 0x60);
    assert_false(neighbour_frame_parse(frame, UNSOLICITED_NA_SIZE, &claim));
    altered_na(frame, DESTINATION, 0xfe);
    assert_true(neighbour_frame_parse(frame, UNSOLICITED_NA_SIZE, &claim));
    assert_int_equal(claim.kind, NEIGHBOUR_ANNOUNCEMENT);
}

static void no_octets_do_harm(void **state)
{
    static const uint8_t heads[][2] = {{0x08, 0x06}, {0x86, 0xdd}, {0x08, 0x00}};
    struct neighbour_claim claim;

    (void)state;
    srandom(2);
    for (int round = 0; round < ROUNDS; round++) {
        size_t size = (size_t)random() % FRAME_MAX;
        uint8_t *frame = malloc(size > 0 ? size : 1);

        assert_non_null(frame);
        for (size_t i = 0; i < size; i++)
            frame[i] = (uint8_t)random();
        if (size > 14)
            memcpy(frame + 12, heads[random() % 3], 2);
        (void)neighbour_frame_parse(frame, size, &claim);
        free(frame);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arp_answers_and_probes),
        cmocka_unit_test(nd_that_is_not_to_be_believed),
        cmocka_unit_test(one_octet_decides_what_an_advertisement_claims),
        cmocka_unit_test(no_octets_do_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
