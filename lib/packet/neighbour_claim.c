/* From a message to what it claims; see neighbour_claim.h. */
#include "lib/packet/neighbour_claim.h"

#include "lib/octets.h"
#include "lib/packet/neighbour_layout.h"
#include "lib/packet/neighbour_message.h"

#include <string.h>

static bool claim_of_arp(const struct neighbour_message *message, struct neighbour_claim *out)
{
    memcpy(out->mac, message->mac, MAC_SIZE);
    out->address = message->sender;
    out->kind = neighbour_message_announces(message) ? NEIGHBOUR_ANNOUNCEMENT : NEIGHBOUR_ANSWER;
    if (!ip_address_is_unspecified(&message->sender))
        return true;
    /* RFC 5227 2.1.1: a probe asks for the target. A reply without a sender says nothing. */
    out->address = message->target;
    out->kind = NEIGHBOUR_PROBE;
    return message->kind == NEIGHBOUR_ARP_REQUEST;
}

/* RFC 4862 5.4.2: only duplicate address detection asks from nowhere; RFC 4861 7.1.1: it asks the
 * solicited-node group (RFC 4291 2.7.1: ff02::1:ff00:0/104) and names no link-layer address. */
static bool is_probe(const struct neighbour_message *message, const uint8_t *ipv6)
{
    static const uint8_t solicited_node[] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};

    return ip_address_is_unspecified(&message->sender) && !message->has_mac &&
           memcmp(ipv6 + IPV6_DESTINATION, solicited_node, sizeof(solicited_node)) == 0;
}

static bool claim_of_nd(const struct neighbour_message *message, const uint8_t *frame,
                        struct neighbour_claim *out)
{
    const uint8_t *ipv6 = frame + ETHERNET_SIZE;
    struct ip_address destination = ip_address_from_octets(IP_FAMILY_IPV6, ipv6 + IPV6_DESTINATION);

    if (ipv6[IPV6_HEADER_SIZE + ND_CODE] != 0 || ip_address_is_multicast(&message->target))
        return false;
    out->address = message->target;
    memcpy(out->mac, message->has_mac ? message->mac : frame + MAC_SIZE, MAC_SIZE);
    if (message->kind == NEIGHBOUR_SOLICITATION) {
        out->kind = NEIGHBOUR_PROBE;
        return is_probe(message, ipv6);
    }
    out->kind = message->solicited ? NEIGHBOUR_ANSWER : NEIGHBOUR_ANNOUNCEMENT;
    /* RFC 4861 7.1.2: what was solicited is never answered to a group. */
    return !message->solicited || !ip_address_is_multicast(&destination);
}

bool neighbour_frame_parse(const uint8_t *frame, size_t size, struct neighbour_claim *out)
{
    struct neighbour_message message;

    if (size < ETHERNET_SIZE)
        return false;
    uint16_t type = octets_be16(frame + 2 * MAC_SIZE);
    if (neighbour_message_read(type, frame + ETHERNET_SIZE, size - ETHERNET_SIZE, &message) !=
        NEIGHBOUR_OK)
        return false;
    return type == ETHER_TYPE_ARP ? claim_of_arp(&message, out) : claim_of_nd(&message, frame, out);
}
