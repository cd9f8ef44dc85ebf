/* ARP requests and Neighbor Solicitations. Pure: buffers are the caller's. */
#include "lib/packet/neighbour_request.h"

#include "lib/octets.h"
#include "lib/packet/checksum.h"

#include <assert.h>
#include <string.h>

enum {
    ETHERNET_SIZE = 14,
    TYPE_ARP = 0x0806,
    TYPE_IPV6 = 0x86dd,
    ARP_SIZE = 28,
    IPV6_HEADER_SIZE = 40,
    NEXT_ICMPV6 = 58,
    HOP_LIMIT = 255,
    ICMP_NS = 135,
    NS_SIZE = 32, /* with the source link-layer address option */
    OPTION_SOURCE_MAC = 1,
};

static void put_ethernet(uint8_t *frame, const uint8_t *to, const uint8_t *from, unsigned type)
{
    memcpy(frame, to, MAC_SIZE);
    memcpy(frame + MAC_SIZE, from, MAC_SIZE);
    octets_put_be16(frame + 2 * MAC_SIZE, type);
}

static size_t build_arp(const struct neighbour_request *request, uint8_t *buffer)
{
    static const uint8_t everybody[MAC_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t head[] = {0, 1, 8, 0, MAC_SIZE, 4, 0, ARP_FORM_REQUEST};
    uint8_t *arp = buffer + ETHERNET_SIZE;

    put_ethernet(buffer, everybody, request->mac, TYPE_ARP);
    memset(arp, 0, ARP_SIZE);
    memcpy(arp, head, sizeof(head));
    memcpy(arp + 8, request->mac, MAC_SIZE);
    memcpy(arp + 14, request->sender.octets, 4);
    memcpy(arp + 24, request->target.octets, 4);
    return ETHERNET_SIZE + ARP_SIZE;
}

/* RFC 4291 2.7.1: ff02::1:ffXX:XXXX with the last 24 bits of the target. */
static struct ip_address solicited_node(const struct ip_address *target)
{
    struct ip_address group = {.family = IP_FAMILY_IPV6,
                               .octets = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}};

    memcpy(group.octets + 13, target->octets + 13, 3);
    return group;
}

static size_t build_ns(const struct neighbour_request *request, uint8_t *buffer)
{
    struct ip_address group = solicited_node(&request->target);
    /* RFC 2464 7: 33-33 and the last 32 bits of the group. */
    const uint8_t to[MAC_SIZE] = {
        0x33, 0x33, group.octets[12], group.octets[13], group.octets[14], group.octets[15]};
    uint8_t *ipv6 = buffer + ETHERNET_SIZE;
    uint8_t *icmp = ipv6 + IPV6_HEADER_SIZE;

    memset(buffer, 0, ETHERNET_SIZE + IPV6_HEADER_SIZE + NS_SIZE);
    put_ethernet(buffer, to, request->mac, TYPE_IPV6);
    ipv6[0] = 0x60;
    octets_put_be16(ipv6 + 4, NS_SIZE);
    ipv6[6] = NEXT_ICMPV6;
    ipv6[7] = HOP_LIMIT;
    memcpy(ipv6 + 8, request->sender.octets, 16);
    memcpy(ipv6 + 24, group.octets, 16);
    icmp[0] = ICMP_NS;
    memcpy(icmp + 8, request->target.octets, 16);
    icmp[24] = OPTION_SOURCE_MAC;
    icmp[25] = 1;
    memcpy(icmp + 26, request->mac, MAC_SIZE);
    uint64_t sum = checksum_add_pseudo_header(0, &request->sender, &group, NEXT_ICMPV6, NS_SIZE);
    octets_put_be16(icmp + 2, checksum_finish(checksum_add(sum, icmp, NS_SIZE)));
    return ETHERNET_SIZE + IPV6_HEADER_SIZE + NS_SIZE;
}

size_t neighbour_request_build(const struct neighbour_request *request, uint8_t *buffer)
{
    if (request->target.family == IP_FAMILY_IPV4)
        return build_arp(request, buffer);
    assert(request->sender.family == IP_FAMILY_IPV6);
    return build_ns(request, buffer);
}
