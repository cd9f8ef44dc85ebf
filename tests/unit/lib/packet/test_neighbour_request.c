/* ARP requests and Neighbor Solicitations, octet by octet. */
#include "lib/packet/checksum.h"
#include "lib/packet/neighbour_claim.h"
#include "lib/packet/neighbour_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct neighbour_request request(const char *sender, const char *target)
{
    struct neighbour_request r = {.mac = {2, 0, 0, 0, 0, 1}};

    if (sender != NULL)
        assert_true(ip_address_parse(sender, &r.sender));
    assert_true(ip_address_parse(target, &r.target));
    return r;
}

static void an_arp_request_is_as_rfc_826_has_it(void **state)
{
    static const uint8_t wanted[] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,  0, 0, 0, 0, 1, 8, 6, /* Ethernet */
        0,    1,    8,    0,    6,    4,    0,  1,                   /* request */
        2,    0,    0,    0,    0,    1,    10, 0, 0, 7,             /* sender */
        0,    0,    0,    0,    0,    0,    10, 0, 0, 1,             /* target */
    };
    struct neighbour_request r = request("10.0.0.7", "10.0.0.1");
    uint8_t frame[NEIGHBOUR_REQUEST_SIZE_MAX];
    struct neighbour_claim claim;

    (void)state;
    assert_int_equal(neighbour_request_build(&r, frame), sizeof(wanted));
    assert_memory_equal(frame, wanted, sizeof(wanted));
    /* Without an address of its own it is what RFC 5227 calls a probe. */
    r = request(NULL, "10.0.0.1");
    assert_true(neighbour_frame_parse(frame, neighbour_request_build(&r, frame), &claim));
    assert_int_equal(claim.kind, NEIGHBOUR_PROBE);
}

static void a_solicitation_is_as_rfc_4861_has_it(void **state)
{
    static const uint8_t to[] = {0x33, 0x33, 0xff, 0x34, 0x56, 0x78};
    struct neighbour_request r = request("fe80::7", "2001:db8::1234:5678");
    uint8_t frame[NEIGHBOUR_REQUEST_SIZE_MAX];
    struct ip_address group;
    uint64_t sum;

    (void)state;
    assert_int_equal(neighbour_request_build(&r, frame), 86);
    assert_memory_equal(frame, to, sizeof(to));
    assert_int_equal(frame[20], 58);
    assert_int_equal(frame[21], 255);
    assert_memory_equal(frame + 22, r.sender.octets, 16);
    assert_true(ip_address_parse("ff02::1:ff34:5678", &group));
    assert_memory_equal(frame + 38, group.octets, 16);
    assert_int_equal(frame[54], 135);
    assert_memory_equal(frame + 62, r.target.octets, 16);
    assert_memory_equal(frame + 78, ((const uint8_t[]){1, 1, 2, 0, 0, 0, 0, 1}), 8);
    sum = checksum_add_pseudo_header(0, &r.sender, &group, 58, 32);
    assert_int_equal(checksum_finish(checksum_add(sum, frame + 54, 32)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arp_request_is_as_rfc_826_has_it),
        cmocka_unit_test(a_solicitation_is_as_rfc_4861_has_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
