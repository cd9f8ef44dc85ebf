/* Which ARP and ND frames the kernel hands to the watch: those about our addresses. */
#include "agent/wire/neighbour_filter.h"

#include "lib/packet/neighbour_message.h"

#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SNAP = 1514 };

static const uint8_t mac[MAC_SIZE] = {2, 0x77, 0, 0, 0, 1};

static struct ip_address address(const char *text)
{
    struct ip_address out;

    assert_true(ip_address_parse(text, &out));
    return out;
}

static bool passes(const struct ip_address *ours, size_t count, const uint8_t *frame, size_t size)
{
    char text[NEIGHBOUR_FILTER_SIZE];
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, SNAP);
    struct bpf_program program;
    const struct pcap_pkthdr header = {.caplen = (bpf_u_int32)size, .len = (bpf_u_int32)size};

    assert_non_null(pcap);
    neighbour_filter_text(ours, count, text, sizeof(text));
    assert_true(strlen(text) < sizeof(text) - 1);
    if (pcap_compile(pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
        fail_msg("%s: %s", pcap_geterr(pcap), text);
    bool passed = pcap_offline_filter(&program, &header, frame) != 0;
    pcap_freecode(&program);
    pcap_close(pcap);
    return passed;
}

static bool arp_passes(const struct ip_address *ours, size_t count, const char *sender,
                       const char *target)
{
    const struct ip_address from = address(sender);
    const struct ip_address to = address(target);
    uint8_t frame[GRATUITOUS_ARP_SIZE];

    gratuitous_arp_build(&from, mac, ARP_FORM_REQUEST, frame);
    memcpy(frame + 38, to.octets, 4);
    return passes(ours, count, frame, sizeof(frame));
}

static bool na_passes(const struct ip_address *ours, size_t count, const char *target)
{
    const struct ip_address to = address(target);
    uint8_t frame[UNSOLICITED_NA_SIZE];

    unsolicited_na_build(&to, mac, false, frame);
    return passes(ours, count, frame, sizeof(frame));
}

static void test_what_is_about_our_addresses_passes(void **state)
{
    const struct ip_address ours[] = {address("192.0.2.10"), address("2001:db8::10"),
                                      address("255.255.255.254")};

    (void)state;
    assert_true(arp_passes(ours, 3, "192.0.2.10", "192.0.2.10"));
    assert_true(arp_passes(ours, 3, "192.0.2.10", "192.0.2.99"));
    assert_true(arp_passes(ours, 3, "0.0.0.0", "192.0.2.10"));
    assert_true(arp_passes(ours, 3, "255.255.255.254", "192.0.2.1"));
    assert_true(na_passes(ours, 3, "2001:db8::10"));
}

static void test_what_is_about_others_does_not(void **state)
{
    const struct ip_address ours[] = {address("192.0.2.10"), address("2001:db8::10")};

    (void)state;
    assert_false(arp_passes(ours, 2, "192.0.2.98", "192.0.2.99"));
    assert_false(na_passes(ours, 2, "2001:db8::11"));
    /* Of a family without an address nothing passes. */
    assert_false(arp_passes(&ours[1], 1, "192.0.2.10", "192.0.2.10"));
    assert_false(na_passes(&ours[0], 1, "2001:db8::10"));
    assert_false(arp_passes(NULL, 0, "192.0.2.10", "192.0.2.10"));
}

static void test_many_addresses_let_all_pass(void **state)
{
    struct ip_address ours[NEIGHBOUR_FILTER_ADDRESSES + 1];
    char text[ADDRESS_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i <= NEIGHBOUR_FILTER_ADDRESSES; i++) {
        snprintf(text, sizeof(text), "192.0.2.%zu", i + 1);
        ours[i] = address(text);
    }
    assert_true(arp_passes(ours, NEIGHBOUR_FILTER_ADDRESSES, "192.0.2.32", "192.0.2.99"));
    assert_false(arp_passes(ours, NEIGHBOUR_FILTER_ADDRESSES, "192.0.2.98", "192.0.2.99"));
    assert_true(arp_passes(ours, NEIGHBOUR_FILTER_ADDRESSES + 1, "192.0.2.98", "192.0.2.99"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_about_our_addresses_passes),
        cmocka_unit_test(test_what_is_about_others_does_not),
        cmocka_unit_test(test_many_addresses_let_all_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
