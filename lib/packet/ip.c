/* The IP header before an advert (RFC 791, RFC 8200). Pure: results point into the packet. */
#include "lib/octets.h"
#include "lib/packet/checksum.h"
#include "lib/packet/packet.h"

enum {
    IPV4_HEADER_MIN = 20,
    IPV4_MORE_FRAGMENTS = 0x2000,
    IPV4_FRAGMENT_OFFSET = 0x1fff,
    IPV6_HEADER = 40,
    NEXT_HOP_BY_HOP = 0,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_AUTHENTICATION = 51,
    NEXT_DESTINATION = 60,
    /* More than a sane sender ever chains. */
    EXTENSION_HEADERS_MAX = 8,
};

static enum packet_verdict split_ipv4(const uint8_t *packet, size_t size, struct packet_ip *ip,
                                      const uint8_t **payload, size_t *payload_size)
{
    if (size < IPV4_HEADER_MIN)
        return PACKET_IP_HEADER;
    size_t header = (size_t)(packet[0] & 0x0f) * 4;
    size_t total = octets_be16(packet + 2);

    if (header < IPV4_HEADER_MIN || total < header || total > size)
        return PACKET_IP_HEADER;
    ip->source = ip_address_from_octets(IP_FAMILY_IPV4, packet + 12);
    ip->destination = ip_address_from_octets(IP_FAMILY_IPV4, packet + 16);
    ip->ttl = packet[8];
    if (checksum_finish(checksum_add(0, packet, header)) != 0)
        return PACKET_IP_HEADER;
    if (packet[9] != VRRP_PROTOCOL)
        return PACKET_NOT_VRRP;
    if ((octets_be16(packet + 6) & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)) != 0)
        return PACKET_FRAGMENT;
    *payload = packet + header;
    *payload_size = total - header;
    return PACKET_OK;
}

/* The octets of the extension header at p, 0 when it is none that is stepped over. */
static size_t extension_size(uint8_t kind, const uint8_t *p)
{
    switch (kind) {
    case NEXT_HOP_BY_HOP:
    case NEXT_ROUTING:
    case NEXT_DESTINATION:
        return ((size_t)p[1] + 1) * 8;
    case NEXT_AUTHENTICATION:
        return ((size_t)p[1] + 2) * 4;
    default:
        return 0;
    }
}

static enum packet_verdict split_ipv6(const uint8_t *packet, size_t size, struct packet_ip *ip,
                                      const uint8_t **payload, size_t *payload_size)
{
    if (size < IPV6_HEADER || (size_t)octets_be16(packet + 4) > size - IPV6_HEADER)
        return PACKET_IP_HEADER;
    const uint8_t *at = packet + IPV6_HEADER;
    size_t left = octets_be16(packet + 4);
    uint8_t next = packet[6];

    ip->source = ip_address_from_octets(IP_FAMILY_IPV6, packet + 8);
    ip->destination = ip_address_from_octets(IP_FAMILY_IPV6, packet + 24);
    ip->ttl = packet[7];
    for (int i = 0; i < EXTENSION_HEADERS_MAX && next != VRRP_PROTOCOL; i++) {
        if (next == NEXT_FRAGMENT)
            return PACKET_FRAGMENT;
        if (left < 8)
            return PACKET_NOT_VRRP;
        size_t step = extension_size(next, at);
        if (step == 0)
            return PACKET_NOT_VRRP;
        if (step > left)
            return PACKET_IP_HEADER;
        next = at[0];
        ip->extended = true;
        at += step;
        left -= step;
    }
    if (next != VRRP_PROTOCOL)
        return PACKET_NOT_VRRP;
    *payload = at;
    *payload_size = left;
    return PACKET_OK;
}

enum packet_verdict packet_split_ip(const uint8_t *packet, size_t size, struct packet_ip *ip,
                                    const uint8_t **payload, size_t *payload_size)
{
    *ip = (struct packet_ip){0};
    *payload = packet;
    *payload_size = 0;
    if (size == 0)
        return PACKET_IP_HEADER;
    switch (packet[0] >> 4) {
    case 4:
        return split_ipv4(packet, size, ip, payload, payload_size);
    case 6:
        return split_ipv6(packet, size, ip, payload, payload_size);
    default:
        return PACKET_IP_HEADER;
    }
}
