/* Gratuitous ARP and Neighbor Advertisement frames (RFC 826, RFC 5227, RFC 4861), and the ones that
 * ask. Pure: buffers are the caller's. */
#include "lib/packet/neighbour_frame.h"

#include "lib/octets.h"
#include "lib/packet/checksum.h"
#include "lib/packet/neighbour_layout.h"

#include <string.h>

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

    put_ethernet(buffer, everybody, mac, ETHER_TYPE_ARP);
    memset(arp, 0, ARP_SIZE);
    memcpy(arp, ethernet_ipv4, sizeof(ethernet_ipv4));
    octets_put_be16(arp + ARP_OPERATION, form);
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

/* A message of neighbour discovery with its one option. */
struct nd {
    struct ip_address source;
    struct ip_address destination;
    struct ip_address target;
    uint8_t type;
    uint8_t flags;
    uint8_t option;
};

static size_t build_nd(const struct nd *nd, const uint8_t mac[MAC_SIZE], uint8_t *buffer)
{
    enum { OPTION_SIZE = 8, SIZE = ND_SIZE + OPTION_SIZE };
    const uint8_t *group = nd->destination.octets;
    /* RFC 2464 7: 33-33 and the last 32 bits of the group. */
    const uint8_t to[MAC_SIZE] = {0x33, 0x33, group[12], group[13], group[14], group[15]};
    uint8_t *ipv6 = buffer + ETHERNET_SIZE;
    uint8_t *icmp = ipv6 + IPV6_HEADER_SIZE;

    memset(buffer, 0, ETHERNET_SIZE + IPV6_HEADER_SIZE + SIZE);
    put_ethernet(buffer, to, mac, ETHER_TYPE_IPV6);
    ipv6[0] = 0x60;
    octets_put_be16(ipv6 + IPV6_LENGTH, SIZE);
    ipv6[IPV6_NEXT_HEADER] = NEXT_ICMPV6;
    ipv6[IPV6_HOP_LIMIT] = HOP_LIMIT;
    memcpy(ipv6 + IPV6_SOURCE, nd->source.octets, 16);
    memcpy(ipv6 + IPV6_DESTINATION, nd->destination.octets, 16);
    icmp[0] = nd->type;
    icmp[ND_FLAGS] = nd->flags;
    memcpy(icmp + ND_TARGET, nd->target.octets, 16);
    icmp[ND_SIZE] = nd->option;
    icmp[ND_SIZE + 1] = OPTION_SIZE / 8;
    memcpy(icmp + ND_SIZE + 2, mac, MAC_SIZE);
    uint64_t sum = checksum_add_pseudo_header(0, &nd->source, &nd->destination, NEXT_ICMPV6, SIZE);
    octets_put_be16(icmp + ND_CHECKSUM, checksum_finish(checksum_add(sum, icmp, SIZE)));
    return ETHERNET_SIZE + IPV6_HEADER_SIZE + SIZE;
}

size_t unsolicited_na_build(const struct ip_address *address, const uint8_t mac[MAC_SIZE],
                            bool router, uint8_t *buffer)
{
    const struct nd nd = {
        .source = *address,
        .destination = {.family = IP_FAMILY_IPV6, .octets = {0xff, 2, [15] = 1}}, /* all nodes */
        .target = *address,
        .type = ND_ADVERTISEMENT,
        .flags = (uint8_t)(FLAG_OVERRIDE | (router ? FLAG_ROUTER : 0)),
        .option = OPTION_TARGET_MAC,
    };

    return build_nd(&nd, mac, buffer);
}

size_t neighbour_solicitation_build(const struct ip_address *address,
                                    const struct ip_address *source, const uint8_t mac[MAC_SIZE],
                                    uint8_t *buffer)
{
    struct nd nd = {
        .source = *source,
        /* RFC 4291 2.7.1: ff02::1:ffXX:XXXX with the last 24 bits of the target. */
        .destination = {.family = IP_FAMILY_IPV6, .octets = {0xff, 2, [11] = 1, [12] = 0xff}},
        .target = *address,
        .type = ND_SOLICITATION,
        .option = OPTION_SOURCE_MAC,
    };

    memcpy(nd.destination.octets + 13, address->octets + 13, 3);
    return build_nd(&nd, mac, buffer);
}
