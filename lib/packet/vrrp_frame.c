/* Reads captured adverts; see vrrp_frame.h. Pure. */
#include "lib/packet/vrrp_frame.h"

#include "lib/octets.h"
#include "lib/packet/packet.h"

#include <string.h>

enum {
    ETHERNET_SIZE = 14,
    IPV4_HEADER_SIZE = 20,
    IPV4_SOURCE = 12,
    IPV4_DESTINATION = 16,
    IPV6_HEADER_SIZE = 40,
    IPV6_SOURCE = 8,
    IPV6_DESTINATION = 24,
    FIELDS_SIZE = 4, /* of a VRRP message: version and type, VRID, priority, count */
};

bool vrrp_frame_read(const uint8_t *frame, size_t size, struct vrrp_frame *out)
{
    const uint8_t *ip = frame + ETHERNET_SIZE;
    size_t header;

    if (size < ETHERNET_SIZE + IPV4_HEADER_SIZE)
        return false;
    unsigned type = octets_be16(frame + 2 * MAC_SIZE);
    if (type == ETHER_TYPE_IPV4 && ip[0] >> 4 == 4 && ip[9] == VRRP_PROTOCOL) {
        header = (size_t)(ip[0] & 0x0f) * 4;
        /* Only the first fragment has what we look for. */
        if (header < IPV4_HEADER_SIZE || (octets_be16(ip + 6) & 0x1fff) != 0)
            return false;
        out->source = ip_address_from_octets(IP_FAMILY_IPV4, ip + IPV4_SOURCE);
        out->destination = ip_address_from_octets(IP_FAMILY_IPV4, ip + IPV4_DESTINATION);
    } else if (type == ETHER_TYPE_IPV6 && size >= ETHERNET_SIZE + IPV6_HEADER_SIZE &&
               ip[0] >> 4 == 6 && ip[6] == VRRP_PROTOCOL) {
        header = IPV6_HEADER_SIZE;
        out->source = ip_address_from_octets(IP_FAMILY_IPV6, ip + IPV6_SOURCE);
        out->destination = ip_address_from_octets(IP_FAMILY_IPV6, ip + IPV6_DESTINATION);
    } else {
        return false;
    }
    if (size < ETHERNET_SIZE + header + FIELDS_SIZE)
        return false;
    memcpy(out->mac, frame + MAC_SIZE, MAC_SIZE);
    out->vrid = ip[header + 1];
    out->priority = ip[header + 2];
    out->packet = ip;
    out->packet_size = size - ETHERNET_SIZE;
    return true;
}
