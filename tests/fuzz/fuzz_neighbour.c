/* Ethernet frames with ARP or ND, as they are and with the ICMPv6 checksum put right, or with VRRP;
 * and what we announce ourselves is read as an announcement. */
#include "lib/packet/checksum.h"
#include "lib/packet/neighbour_claim.h"
#include "lib/packet/neighbour_message.h"
#include "lib/packet/vrrp_frame.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { IPV6_AT = 14, ICMP_AT = IPV6_AT + 40, ICMP_MIN = 24, NEXT_ICMPV6 = 58 };

static void check_frame(const uint8_t *frame, size_t size)
{
    struct neighbour_message message;
    struct neighbour_claim claim;

    if (size >= IPV6_AT) {
        uint16_t type = (uint16_t)(frame[IPV6_AT - 2] << 8 | frame[IPV6_AT - 1]);

        MUST(neighbour_message_read(type, frame + IPV6_AT, size - IPV6_AT, &message) <
             NEIGHBOUR_VERDICTS);
        (void)neighbour_message_announces(&message);
    }
    memset(&claim, 0xff, sizeof(claim));
    if (!neighbour_frame_parse(frame, size, &claim))
        return;
    MUST(claim.kind <= NEIGHBOUR_PROBE);
    MUST(claim.address.family == IP_FAMILY_IPV4 || claim.address.family == IP_FAMILY_IPV6);
}

static void check_as_vrrp(const uint8_t *data, size_t size)
{
    struct vrrp_frame frame;

    if (!vrrp_frame_read(data, size, &frame))
        return;
    MUST(frame.source.family == IP_FAMILY_IPV4 || frame.source.family == IP_FAMILY_IPV6);
    MUST(memcmp(frame.mac, data + MAC_SIZE, MAC_SIZE) == 0);
    MUST(frame.packet > data && frame.packet + frame.packet_size == data + size);
}

/* A frame that is an IPv6 packet gets the next header, hop limit and checksum of ND. */
static void check_as_nd(const uint8_t *data, size_t size)
{
    if (size < ICMP_AT + ICMP_MIN)
        return;
    uint8_t *frame = malloc(size);
    MUST(frame != NULL);
    memcpy(frame, data, size);
    uint8_t *ipv6 = frame + IPV6_AT;
    uint8_t *icmp = frame + ICMP_AT;
    size_t length = (size_t)(ipv6[4] << 8 | ipv6[5]);
    struct ip_address source = ip_address_from_octets(IP_FAMILY_IPV6, ipv6 + 8);
    struct ip_address destination = ip_address_from_octets(IP_FAMILY_IPV6, ipv6 + 24);

    memcpy(frame + 12, (const uint8_t[]){0x86, 0xdd, 0x60}, 3);
    ipv6[6] = NEXT_ICMPV6;
    ipv6[7] = 255;
    if (length >= ICMP_MIN && length <= size - ICMP_AT) {
        icmp[2] = 0;
        icmp[3] = 0;
        uint64_t sum = checksum_add_pseudo_header(0, &source, &destination, NEXT_ICMPV6, length);
        uint16_t checksum = checksum_finish(checksum_add(sum, icmp, length));
        icmp[2] = (uint8_t)(checksum >> 8);
        icmp[3] = (uint8_t)(checksum & 0xff);
    }
    check_frame(frame, size);
    free(frame);
}

static void check_announcement(const uint8_t *frame, size_t size, const struct ip_address *address,
                               const uint8_t *mac)
{
    struct neighbour_claim claim;

    MUST(size <= NEIGHBOUR_FRAME_SIZE_MAX);
    MUST(neighbour_frame_parse(frame, size, &claim));
    MUST(claim.kind == NEIGHBOUR_ANNOUNCEMENT && ip_address_equal(&claim.address, address));
    MUST(memcmp(claim.mac, mac, MAC_SIZE) == 0);
}

static void check_own(const uint8_t *data)
{
    uint8_t frame[NEIGHBOUR_FRAME_SIZE_MAX];
    struct ip_address six = ip_address_from_octets(IP_FAMILY_IPV6, data);
    struct ip_address four = ip_address_from_octets(IP_FAMILY_IPV4, data);
    const uint8_t *mac = data + 16;

    size_t size = unsolicited_na_build(&six, mac, data[0] % 2 == 0, frame);
    struct neighbour_claim claim;

    /* Nobody holds a group's address: such an NA is void (RFC 4861 7.1.2). */
    if (ip_address_is_multicast(&six))
        MUST(!neighbour_frame_parse(frame, size, &claim));
    else
        check_announcement(frame, size, &six, mac);
    /* Nobody announces 0.0.0.0: that is the form of a probe. */
    if (ip_address_is_unspecified(&four))
        return;
    enum arp_form form = data[1] % 2 == 0 ? ARP_FORM_REQUEST : ARP_FORM_REPLY;
    check_announcement(frame, gratuitous_arp_build(&four, mac, form, frame), &four, mac);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_frame(data, size);
    check_as_nd(data, size);
    check_as_vrrp(data, size);
    if (size >= 16 + MAC_SIZE)
        check_own(data);
    return 0;
}
