/* ARP and neighbour discovery as people are told of them: what is built is read, each fault has
 * its name, and no prefix of a message is read beyond its end. */
#include "lib/packet/neighbour_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ETHERNET_SIZE = 14, IPV6_HEADER_SIZE = 40, TLLA_AT = IPV6_HEADER_SIZE + 24 };

static const uint8_t mac[MAC_SIZE] = {2, 0x77, 0, 0, 0, 1};

static struct ip_address address(const char *text)
{
    struct ip_address out;

    assert_true(ip_address_parse(text, &out));
    return out;
}

/* The packet in a frame of neighbour_frame.h, in memory of its exact size. */
static uint8_t *copy(const uint8_t *frame, size_t size)
{
    uint8_t *packet = malloc(size - ETHERNET_SIZE);

    assert_non_null(packet);
    memcpy(packet, frame + ETHERNET_SIZE, size - ETHERNET_SIZE);
    return packet;
}

static uint8_t *make_arp(enum arp_form form, size_t *size)
{
    const struct ip_address vip = address("192.0.2.10");
    uint8_t frame[GRATUITOUS_ARP_SIZE];

    *size = gratuitous_arp_build(&vip, mac, form, frame) - ETHERNET_SIZE;
    return copy(frame, sizeof(frame));
}

static uint8_t *make_na(size_t *size)
{
    const struct ip_address vip = address("2001:db8::10");
    uint8_t frame[UNSOLICITED_NA_SIZE];

    *size = unsolicited_na_build(&vip, mac, true, frame) - ETHERNET_SIZE;
    return copy(frame, sizeof(frame));
}

static void assert_address(const struct ip_address *found, const char *expected)
{
    char text[ADDRESS_TEXT_SIZE];

    assert_string_equal(ip_address_format(found, text, sizeof(text)), expected);
}

static void arp_is_read(void **state)
{
    struct neighbour_message message;
    size_t size;
    uint8_t *arp = make_arp(ARP_FORM_REQUEST, &size);

    (void)state;
    assert_int_equal(neighbour_message_read(ETHER_TYPE_ARP, arp, size, &message), NEIGHBOUR_OK);
    assert_int_equal(message.kind, NEIGHBOUR_ARP_REQUEST);
    assert_true(message.has_mac);
    assert_memory_equal(message.mac, mac, MAC_SIZE);
    assert_address(&message.sender, "192.0.2.10");
    assert_true(neighbour_message_announces(&message));
    /* Somebody asks for it. */
    arp[17] = 99;
    assert_int_equal(neighbour_message_read(ETHER_TYPE_ARP, arp, size, &message), NEIGHBOUR_OK);
    assert_address(&message.sender, "192.0.2.99");
    assert_address(&message.target, "192.0.2.10");
    assert_false(neighbour_message_announces(&message));
    arp[7] = 3;
    assert_int_equal(neighbour_message_read(ETHER_TYPE_ARP, arp, size, &message),
                     NEIGHBOUR_NOT_ETHERNET_IPV4);
    free(arp);
    arp = make_arp(ARP_FORM_REPLY, &size);
    assert_int_equal(neighbour_message_read(ETHER_TYPE_ARP, arp, size, &message), NEIGHBOUR_OK);
    assert_int_equal(message.kind, NEIGHBOUR_ARP_REPLY);
    assert_true(neighbour_message_announces(&message));
    arp[5] = 16;
    assert_int_equal(neighbour_message_read(ETHER_TYPE_ARP, arp, size, &message),
                     NEIGHBOUR_NOT_ETHERNET_IPV4);
    free(arp);
}

static void an_advertisement_is_read(void **state)
{
    struct neighbour_message message;
    size_t size;
    uint8_t *na = make_na(&size);

    (void)state;
    assert_int_equal(neighbour_message_read(ETHER_TYPE_IPV6, na, size, &message), NEIGHBOUR_OK);
    assert_int_equal(message.kind, NEIGHBOUR_ADVERTISEMENT);
    assert_address(&message.target, "2001:db8::10");
    assert_true(message.has_mac);
    assert_memory_equal(message.mac, mac, MAC_SIZE);
    assert_true(message.router);
    assert_true(message.override);
    assert_false(message.solicited);
    assert_true(neighbour_message_announces(&message));
    free(na);
}

/* One octet changed, and what is said of it. */
static void every_fault_has_its_name(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum neighbour_verdict verdict;
    } faults[] = {
        {0, 0x45, NEIGHBOUR_OTHER},
        {6, 112, NEIGHBOUR_OTHER},
        {IPV6_HEADER_SIZE, 134, NEIGHBOUR_OTHER},
        {5, 23, NEIGHBOUR_TRUNCATED},
        {5, 33, NEIGHBOUR_TRUNCATED},
        {7, 254, NEIGHBOUR_HOP_LIMIT_ERROR},
        {TLLA_AT - 1, 0x11, NEIGHBOUR_CHECKSUM_ERROR},
    };
    struct neighbour_message message;
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        uint8_t *na = make_na(&size);

        na[faults[i].at] = faults[i].value;
        assert_int_equal(neighbour_message_read(ETHER_TYPE_IPV6, na, size, &message),
                         faults[i].verdict);
        free(na);
    }
    /* An option without a length, with the checksum put right: 0x0201 becomes 0x0200. */
    uint8_t *na = make_na(&size);
    na[TLLA_AT + 1] = 0;
    na[IPV6_HEADER_SIZE + 3]++;
    assert_int_equal(neighbour_message_read(ETHER_TYPE_IPV6, na, size, &message),
                     NEIGHBOUR_OPTION_ERROR);
    free(na);
}

static void no_prefix_is_read_beyond_its_end(void **state)
{
    struct neighbour_message message;
    size_t arp_size;
    size_t na_size;
    uint8_t *arp = make_arp(ARP_FORM_REQUEST, &arp_size);
    uint8_t *na = make_na(&na_size);

    (void)state;
    for (size_t size = 0; size < arp_size; size++) {
        uint8_t *whole = malloc(size + 1);
        uint8_t *part = whole + 1; /* nothing behind its end, as ASan sees it */

        memcpy(part, arp, size);
        assert_int_equal(neighbour_message_read(ETHER_TYPE_ARP, part, size, &message),
                         NEIGHBOUR_TRUNCATED);
        free(whole);
    }
    for (size_t size = 0; size < na_size; size++) {
        uint8_t *whole = malloc(size + 1);
        uint8_t *part = whole + 1; /* nothing behind its end, as ASan sees it */

        memcpy(part, na, size);
        assert_int_equal(neighbour_message_read(ETHER_TYPE_IPV6, part, size, &message),
                         size <= IPV6_HEADER_SIZE ? NEIGHBOUR_OTHER : NEIGHBOUR_TRUNCATED);
        free(whole);
    }
    assert_int_equal(neighbour_message_read(ETHER_TYPE_IPV4, na, na_size, &message),
                     NEIGHBOUR_OTHER);
    free(arp);
    free(na);
}

static void every_verdict_has_a_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NEIGHBOUR_VERDICTS; i++)
        assert_non_null(neighbour_verdict_name((enum neighbour_verdict)i));
    assert_string_equal(neighbour_verdict_name(NEIGHBOUR_CHECKSUM_ERROR), "checksum_error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arp_is_read),
        cmocka_unit_test(an_advertisement_is_read),
        cmocka_unit_test(every_fault_has_its_name),
        cmocka_unit_test(no_prefix_is_read_beyond_its_end),
        cmocka_unit_test(every_verdict_has_a_name),
    };

    return cmocka_run_group_tests_name("neighbour_message", tests, NULL, NULL);
}
