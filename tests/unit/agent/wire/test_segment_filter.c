/* What the kernel is to drop of a flood of others' adverts: never one with a VRID of ours, nor one
 * that is too short to have any. The program is run by libpcap. */
#include "agent/wire/segment_filter.h"

#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { MESSAGE_SIZE = 12, HEADER_MAX = 60, HEADER_MIN = 20, SLOT_IPV4 = 0, SLOT_IPV6 = 1 };

static const uint8_t ours[] = {1, 31, 32, 51, 224, 255};

static bool is_ours(unsigned vrid)
{
    return memchr(ours, (int)vrid, sizeof(ours)) != NULL;
}

static bool passes(const struct roster *roster, size_t slot, const uint8_t *octets, size_t size)
{
    struct sock_filter program[SEGMENT_FILTER_PROGRAM_SIZE];
    struct bpf_insn steps[SEGMENT_FILTER_PROGRAM_SIZE];
    const struct pcap_pkthdr header = {.caplen = (bpf_u_int32)size, .len = (bpf_u_int32)size};
    unsigned short n = segment_filter_program(roster, slot, program);

    for (size_t i = 0; i < n; i++)
        steps[i] = (struct bpf_insn){program[i].code, program[i].jt, program[i].jf, program[i].k};
    assert_true(bpf_validate(steps, n));
    const struct bpf_program whole = {.bf_len = n, .bf_insns = steps};
    return pcap_offline_filter(&whole, &header, octets) != 0;
}

static struct roster *roster_of_ours(size_t slot)
{
    static struct roster roster;
    static struct segment_client client;

    memset(&roster, 0, sizeof(roster));
    for (size_t i = 0; i < sizeof(ours); i++)
        roster.first[slot][ours[i]] = &client;
    return &roster;
}

static void test_ipv4_behind_a_header_of_any_length(void **state)
{
    const struct roster *roster = roster_of_ours(SLOT_IPV4);
    uint8_t packet[HEADER_MAX + MESSAGE_SIZE] = {0};

    (void)state;
    for (unsigned header = HEADER_MIN; header <= HEADER_MAX; header += 4) {
        packet[0] = (uint8_t)(0x40 | header / 4);
        for (unsigned vrid = 0; vrid <= UINT8_MAX; vrid++) {
            packet[header + 1] = (uint8_t)vrid;
            assert_int_equal(passes(roster, SLOT_IPV4, packet, header + MESSAGE_SIZE),
                             is_ours(vrid));
        }
        packet[header + 1] = 0;
    }
}

static void test_ipv6_comes_without_header(void **state)
{
    const struct roster *roster = roster_of_ours(SLOT_IPV6);
    uint8_t message[MESSAGE_SIZE] = {0x31};

    (void)state;
    for (unsigned vrid = 0; vrid <= UINT8_MAX; vrid++) {
        message[1] = (uint8_t)vrid;
        assert_int_equal(passes(roster, SLOT_IPV6, message, sizeof(message)), is_ours(vrid));
        assert_int_equal(passes(roster, SLOT_IPV6, message, 2), is_ours(vrid));
    }
}

static void test_of_the_other_family_nobody_is_here(void **state)
{
    const struct roster *roster = roster_of_ours(SLOT_IPV6);
    const uint8_t packet[HEADER_MIN + MESSAGE_SIZE] = {[0] = 0x45, [HEADER_MIN + 1] = 51};

    (void)state;
    assert_false(passes(roster, SLOT_IPV4, packet, sizeof(packet)));
}

static void test_what_has_no_vrid_passes(void **state)
{
    const uint8_t packet[HEADER_MIN + 1] = {[0] = 0x45};
    const uint8_t message[1] = {0x31};

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        assert_true(
            passes(roster_of_ours(SLOT_IPV4), SLOT_IPV4, packet, sizeof(packet) - 1 + more));
        assert_true(passes(roster_of_ours(SLOT_IPV6), SLOT_IPV6, message, more));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4_behind_a_header_of_any_length),
        cmocka_unit_test(test_ipv6_comes_without_header),
        cmocka_unit_test(test_of_the_other_family_nobody_is_here),
        cmocka_unit_test(test_what_has_no_vrid_passes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
