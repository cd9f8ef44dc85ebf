/* Gratuitous ARP and Neighbor Advertisement frames (RFC 826, RFC 5227, RFC 4861). Pure: buffers are
 * the caller's. */
#include "lib/packet/neighbour_frame.h"

#include "lib/octets.h"
#include "lib/packet/checksum.h"

#include <string.h>

enum {
    ETHERNET_SIZE = 14,
    TYPE_ARP = 0x0806,
    TYPE_IPV6 = 0x86dd,
    ARP_SIZE = 28,
    ARP_SENDER_MAC = 8,
    ARP_SENDER_IP = 14,
    ARP_TARGET_MAC = 18,
    ARP_TARGET_IP = 24,
    IPV6_HEADER_SIZE = 40,
    NEXT_ICMPV6 = 58,
    HOP_LIMIT = 255,
    ICMP_NS = 135,
    ICMP_NA = 136,
    ND_SIZE = 24, /* type, code, checksum, flags, target */
    OPTION_SOURCE_MAC = 1,
    OPTION_TARGET_MAC = 2,
    FLAG_ROUTER = 0x80,
    FLAG_SOLICITED = 0x40,
    FLAG_OVERRIDE = 0x20,
};

/* ff02::1:ff00:0/104 (RFC 4291 2.7.1). */
static const uint8_t solicited_node[] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};

static void put_ethernet(uint8_t *frame, const uint8_t *to, const uint8_t *from, unsigned type)
{
    memcpy(frame, to, MAC_SIZE);
    memcpy(frame + MAC_SIZE, from, MAC_SIZE);
    octets_put_be16(frame + 2 * MAC_SIZE, type);
}

size_t gratuitous_arp_build(const struct ip_address *address, const uint8_t mac[MAC_SIZE],
                            enum arp_form form, uint8_t *buffer)
{
    static const uint8_t everybody[MAC_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t ethernet_ipv4[] = {0, 1, 8, 0, MAC_SIZE, 4};
    uint8_t *arp = buffer + ETHERNET_SIZE;

    put_ethernet(buffer, everybody, mac, TYPE_ARP);
    memset(arp, 0, ARP_SIZE);
    memcpy(arp, ethernet_ipv4, sizeof(ethernet_ipv4));
    octets_put_be16(arp + 6, form);
    memcpy(arp + ARP_SENDER_MAC, mac, MAC_SIZE);
    memcpy(arp + ARP_SENDER_IP, address->octets, 4);
    /* RFC 5227 leaves the target's hardware address of a request at zero; in a reply everybody is
     * the target. */
    if (form == ARP_FORM_REPLY)
        memcpy(arp + ARP_TARGET_MAC, everybody, MAC_SIZE);
    memcpy(arp + ARP_TARGET_IP, address->octets, 4);
    return GRATUITOUS_ARP_SIZE;
}

size_t arp_probe_build(const struct ip_address *address, const uint8_t mac[MAC_SIZE],
                       uint8_t *buffer)
{
    size_t size = gratuitous_arp_build(address, mac, ARP_FORM_REQUEST, buffer);

    memset(buffer + ETHERNET_SIZE + ARP_SENDER_IP, 0, 4);
    return size;
}

static uint16_t icmp_checksum(const uint8_t *ipv6, const uint8_t *icmp, size_t size)
{
    struct ip_address source = ip_address_from_octets(IP_FAMILY_IPV6, ipv6 + 8);
    struct ip_address destination = ip_address_from_octets(IP_FAMILY_IPV6, ipv6 + 24);
    uint64_t sum = checksum_add_pseudo_header(0, &source, &destination, NEXT_ICMPV6, size);

    return checksum_finish(checksum_add(sum, icmp, size));
}

size_t unsolicited_na_build(const struct ip_address *address, const uint8_t mac[MAC_SIZE],
                            bool router, uint8_t *buffer)
{
    static const uint8_t all_nodes_mac[MAC_SIZE] = {0x33, 0x33, 0, 0, 0, 1};
    static const uint8_t all_nodes[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    uint8_t *ipv6 = buffer + ETHERNET_SIZE;
    uint8_t *icmp = ipv6 + IPV6_HEADER_SIZE;

    memset(buffer, 0, UNSOLICITED_NA_SIZE);
    put_ethernet(buffer, all_nodes_mac, mac, TYPE_IPV6);
    ipv6[0] = 0x60;
    octets_put_be16(ipv6 + 4, ND_SIZE + 8);
    ipv6[6] = NEXT_ICMPV6;
    ipv6[7] = HOP_LIMIT;
    memcpy(ipv6 + 8, address->octets, 16);
    memcpy(ipv6 + 24, all_nodes, 16);
    icmp[0] = ICMP_NA;
    icmp[4] = (uint8_t)(FLAG_OVERRIDE | (router ? FLAG_ROUTER : 0));
    memcpy(icmp + 8, address->octets, 16);
    icmp[ND_SIZE] = OPTION_TARGET_MAC;
    icmp[ND_SIZE + 1] = 1;
    memcpy(icmp + ND_SIZE + 2, mac, MAC_SIZE);
    octets_put_be16(icmp + 2, icmp_checksum(ipv6, icmp, ND_SIZE + 8));
    return UNSOLICITED_NA_SIZE;
}

size_t neighbour_solicitation_build(const struct ip_address *address,
                                    const struct ip_address *source, const uint8_t mac[MAC_SIZE],
                                    uint8_t *buffer)
{
    uint8_t *ipv6 = buffer + ETHERNET_SIZE;
    uint8_t *icmp = ipv6 + IPV6_HEADER_SIZE;
    uint8_t group_mac[MAC_SIZE] = {0x33, 0x33, 0xff};

    memcpy(group_mac + 3, address->octets + 13, 3);
    memset(buffer, 0, SOLICITATION_SIZE);
    put_ethernet(buffer, group_mac, mac, TYPE_IPV6);
    ipv6[0] = 0x60;
    octets_put_be16(ipv6 + 4, ND_SIZE + 8);
    ipv6[6] = NEXT_ICMPV6;
    ipv6[7] = HOP_LIMIT;
    memcpy(ipv6 + 8, source->octets, 16);
    memcpy(ipv6 + 24, solicited_node, sizeof(solicited_node));
    memcpy(ipv6 + 37, address->octets + 13, 3);
    icmp[0] = ICMP_NS;
    memcpy(icmp + 8, address->octets, 16);
    icmp[ND_SIZE] = OPTION_SOURCE_MAC;
    icmp[ND_SIZE + 1] = 1;
    memcpy(icmp + ND_SIZE + 2, mac, MAC_SIZE);
    octets_put_be16(icmp + 2, icmp_checksum(ipv6, icmp, ND_SIZE + 8));
    return SOLICITATION_SIZE;
}

static bool parse_arp(const uint8_t *arp, size_t size, struct neighbour_claim *out)
{
    if (size < ARP_SIZE || octets_be16(arp) != 1 || octets_be16(arp + 2) != 0x0800 ||
        arp[4] != MAC_SIZE || arp[5] != 4 ||
        (octets_be16(arp + 6) != ARP_FORM_REQUEST && octets_be16(arp + 6) != ARP_FORM_REPLY))
        return false;
    struct ip_address sender = ip_address_from_octets(IP_FAMILY_IPV4, arp + ARP_SENDER_IP);
    struct ip_address target = ip_address_from_octets(IP_FAMILY_IPV4, arp + ARP_TARGET_IP);

    memcpy(out->mac, arp + ARP_SENDER_MAC, MAC_SIZE);
    out->address = sender;
    out->kind = ip_address_equal(&sender, &target) ? NEIGHBOUR_ANNOUNCEMENT : NEIGHBOUR_ANSWER;
    if (!ip_address_is_unspecified(&sender))
        return true;
    /* RFC 5227 2.1.1: a probe asks for the target. A reply without a sender says nothing. */
    out->address = target;
    out->kind = NEIGHBOUR_PROBE;
    return octets_be16(arp + 6) == ARP_FORM_REQUEST;
}

/* Looks for an option; *mac is NULL when it is absent. False: the options are malformed, which
 * makes the whole message void (RFC 4861 7.1). */
static bool find_option(const uint8_t *options, size_t size, uint8_t kind, const uint8_t **mac)
{
    *mac = NULL;
    while (size > 0) {
        size_t length = size >= 2 ? (size_t)options[1] * 8 : 0;

        if (length == 0 || length > size)
            return false;
        if (options[0] == kind && *mac == NULL)
            *mac = options + 2;
        options += length;
        size -= length;
    }
    return true;
}

/* RFC 4862 5.4.2: only duplicate address detection asks from nowhere; RFC 4861 7.1.1: it asks the
 * solicited-node group and names no link-layer address. */
static bool parse_ns(const uint8_t *ipv6, const uint8_t *icmp, size_t length,
                     struct neighbour_claim *out)
{
    struct ip_address source = ip_address_from_octets(IP_FAMILY_IPV6, ipv6 + 8);
    const uint8_t *mac;

    out->kind = NEIGHBOUR_PROBE;
    return ip_address_is_unspecified(&source) &&
           memcmp(ipv6 + 24, solicited_node, sizeof(solicited_node)) == 0 &&
           find_option(icmp + ND_SIZE, length - ND_SIZE, OPTION_SOURCE_MAC, &mac) && mac == NULL;
}

/* RFC 4861 7.1.2: what was solicited is never answered to a group. */
static bool parse_na(const uint8_t *ipv6, const uint8_t *icmp, size_t length,
                     struct neighbour_claim *out)
{
    struct ip_address destination = ip_address_from_octets(IP_FAMILY_IPV6, ipv6 + 24);
    bool solicited = (icmp[4] & FLAG_SOLICITED) != 0;
    const uint8_t *mac;

    if (!find_option(icmp + ND_SIZE, length - ND_SIZE, OPTION_TARGET_MAC, &mac) ||
        (solicited && ip_address_is_multicast(&destination)))
        return false;
    if (mac != NULL)
        memcpy(out->mac, mac, MAC_SIZE);
    out->kind = solicited ? NEIGHBOUR_ANSWER : NEIGHBOUR_ANNOUNCEMENT;
    return true;
}

static bool parse_nd(const uint8_t *frame, size_t size, struct neighbour_claim *out)
{
    const uint8_t *ipv6 = frame + ETHERNET_SIZE;
    const uint8_t *icmp = ipv6 + IPV6_HEADER_SIZE;

    if (size < ETHERNET_SIZE + IPV6_HEADER_SIZE + ND_SIZE || ipv6[0] >> 4 != 6 ||
        ipv6[6] != NEXT_ICMPV6 || ipv6[7] != HOP_LIMIT)
        return false;
    size_t length = octets_be16(ipv6 + 4);

    if (length < ND_SIZE || length > size - ETHERNET_SIZE - IPV6_HEADER_SIZE ||
        icmp_checksum(ipv6, icmp, length) != 0 || icmp[1] != 0)
        return false;
    out->address = ip_address_from_octets(IP_FAMILY_IPV6, icmp + 8);
    memcpy(out->mac, frame + MAC_SIZE, MAC_SIZE);
    if (ip_address_is_multicast(&out->address))
        return false;
    switch (icmp[0]) {
    case ICMP_NS:
        return parse_ns(ipv6, icmp, length, out);
    case ICMP_NA:
        return parse_na(ipv6, icmp, length, out);
    default:
        return false;
    }
}

bool neighbour_frame_parse(const uint8_t *frame, size_t size, struct neighbour_claim *out)
{
    if (size < ETHERNET_SIZE)
        return false;
    switch (octets_be16(frame + 2 * MAC_SIZE)) {
    case TYPE_ARP:
        return parse_arp(frame + ETHERNET_SIZE, size - ETHERNET_SIZE, out);
    case TYPE_IPV6:
        return parse_nd(frame, size, out);
    default:
        return false;
    }
}
