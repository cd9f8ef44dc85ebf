/* Which frames are recorded: all adverts, and ARP and ND about the addresses watched. */
#include "agent/recorder/filter.h"

#include "lib/packet/neighbour_message.h"

#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t mac[MAC_SIZE] = {2, 0x77, 0, 0, 0, 1};

static struct ip_address address(const char *text)
{
    struct ip_address out;

    assert_true(ip_address_parse(text, &out));
    return out;
}

static bool wants_arp(const struct recorder_filter *filter, const char *sender, const char *target)
{
    const struct ip_address from = address(sender);
    const struct ip_address to = address(target);
    uint8_t frame[GRATUITOUS_ARP_SIZE];

    gratuitous_arp_build(&from, mac, ARP_FORM_REQUEST, frame);
    memcpy(frame + 38, to.octets, 4);
    return recorder_filter_wants(filter, DLT_EN10MB, frame, sizeof(frame));
}

static bool wants_na(const struct recorder_filter *filter, const char *target)
{
    const struct ip_address to = address(target);
    uint8_t frame[UNSOLICITED_NA_SIZE];

    unsolicited_na_build(&to, mac, false, frame);
    return recorder_filter_wants(filter, DLT_EN10MB, frame, sizeof(frame));
}

static void our_addresses_are_wanted(void **state)
{
    const struct ip_address ours[] = {address("2001:db8::10"), address("192.0.2.11"),
                                      address("192.0.2.10")};
    struct recorder_filter filter = {0};

    (void)state;
    assert_false(wants_arp(&filter, "192.0.2.10", "192.0.2.10"));
    assert_int_equal(recorder_filter_set(&filter, ours, 3), 0);
    assert_true(wants_arp(&filter, "192.0.2.10", "192.0.2.10"));
    assert_true(wants_arp(&filter, "192.0.2.99", "192.0.2.11"));
    assert_true(wants_arp(&filter, "192.0.2.11", "192.0.2.99"));
    assert_false(wants_arp(&filter, "192.0.2.99", "192.0.2.98"));
    assert_true(wants_na(&filter, "2001:db8::10"));
    assert_false(wants_na(&filter, "2001:db8::11"));
    assert_int_equal(recorder_filter_set(&filter, NULL, 0), 0);
    assert_false(wants_arp(&filter, "192.0.2.10", "192.0.2.10"));
    recorder_filter_free(&filter);
}

static void adverts_are_wanted(void **state)
{
    const uint8_t advert[] = {[12] = 0x08, 0x00, 0x45, [23] = 112, [33] = 0};
    const uint8_t stump[] = {0x45, 0};
    const struct recorder_filter filter = {0};

    (void)state;
    assert_true(recorder_filter_wants(&filter, DLT_EN10MB, advert, sizeof(advert)));
    assert_false(recorder_filter_wants(&filter, DLT_EN10MB, stump, sizeof(stump)));
    assert_true(recorder_filter_wants(&filter, DLT_RAW, stump, sizeof(stump)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_addresses_are_wanted),
        cmocka_unit_test(adverts_are_wanted),
    };

    return cmocka_run_group_tests_name("recorder_filter", tests, NULL, NULL);
}
