/* Captured adverts: read from whole and from cut-off frames of either family. */
#include "lib/packet/vrrp_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct ip_address address(const char *text)
{
    struct ip_address out;

    assert_true(ip_address_parse(text, &out));
    return out;
}

static void frames_are_read_even_when_cut_off(void **state)
{
    static const uint8_t ipv4[] = {
        1,   0, 0x5e, 0,  0,    0x12, 2,  0, 0,   0,   0, 7, 8,  0,       /* Ethernet */
        69,  0, 0,    32, 0,    0,    0,  0, 255, 112, 0, 0, 10, 0, 0, 1, /* IPv4 */
        224, 0, 0,    18, 0x31, 51,   90, 1};                             /* VRRP */
    uint8_t octets[sizeof(ipv4)];
    struct vrrp_frame frame;

    (void)state;
    assert_true(vrrp_frame_read(ipv4, sizeof(ipv4), &frame));
    const struct ip_address source = address("10.0.0.1");
    const struct ip_address group = address("224.0.0.18");
    assert_true(ip_address_equal(&frame.source, &source));
    assert_true(ip_address_equal(&frame.destination, &group));
    assert_int_equal(frame.vrid, 51);
    assert_int_equal(frame.priority, 90);
    assert_int_equal(frame.mac[5], 7);
    assert_ptr_equal(frame.packet, ipv4 + 14);
    assert_int_equal(frame.packet_size, sizeof(ipv4) - 14);
    for (size_t size = 0; size < sizeof(ipv4); size++)
        assert_false(vrrp_frame_read(ipv4, size, &frame));
    memcpy(octets, ipv4, sizeof(octets));
    octets[23] = 17;
    assert_false(vrrp_frame_read(octets, sizeof(octets), &frame));
    memcpy(octets, ipv4, sizeof(octets));
    octets[14] = 0x4f; /* options that are not there */
    assert_false(vrrp_frame_read(octets, sizeof(octets), &frame));
    octets[14] = 0x44;
    assert_false(vrrp_frame_read(octets, sizeof(octets), &frame));
    memcpy(octets, ipv4, sizeof(octets));
    octets[21] = 1; /* a later fragment */
    assert_false(vrrp_frame_read(octets, sizeof(octets), &frame));
}

static void both_addresses_of_ipv6_are_read(void **state)
{
    uint8_t octets[14 + 40 + 4] = {[12] = 0x86, 0xdd, 0x60, [20] = 112};
    const struct ip_address source = address("fe80::1");
    const struct ip_address destination = address("2001:db8::2");
    struct vrrp_frame frame;

    (void)state;
    memcpy(octets + 22, source.octets, 16);
    memcpy(octets + 38, destination.octets, 16);
    memcpy(octets + 54, (const uint8_t[]){0x31, 51, 90, 1}, 4);
    assert_true(vrrp_frame_read(octets, sizeof(octets), &frame));
    assert_true(ip_address_equal(&frame.source, &source));
    assert_true(ip_address_equal(&frame.destination, &destination));
    assert_int_equal(frame.vrid, 51);
    for (size_t size = 0; size < sizeof(octets); size++)
        assert_false(vrrp_frame_read(octets, size, &frame));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_read_even_when_cut_off),
        cmocka_unit_test(both_addresses_of_ipv6_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
