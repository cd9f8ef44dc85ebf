/* Reading ARP and ND; see neighbour_message.h. Pure: nothing is kept. */
#include "lib/packet/neighbour_message.h"

#include "lib/octets.h"
#include "lib/packet/checksum.h"
#include "lib/packet/neighbour_layout.h"

#include <assert.h>
#include <string.h>

static enum neighbour_verdict read_arp(const uint8_t *arp, size_t size,
                                       struct neighbour_message *out)
{
    static const uint8_t ethernet_ipv4[] = {0, 1, 8, 0, MAC_SIZE, 4};

    out->kind = NEIGHBOUR_ARP_REQUEST;
    if (size < ARP_SIZE)
        return NEIGHBOUR_TRUNCATED;
    unsigned operation = octets_be16(arp + ARP_OPERATION);
    if (memcmp(arp, ethernet_ipv4, sizeof(ethernet_ipv4)) != 0 ||
        (operation != ARP_FORM_REQUEST && operation != ARP_FORM_REPLY))
        return NEIGHBOUR_NOT_ETHERNET_IPV4;
    if (operation == ARP_FORM_REPLY)
        out->kind = NEIGHBOUR_ARP_REPLY;
    out->has_mac = true;
    memcpy(out->mac, arp + ARP_SENDER_MAC, MAC_SIZE);
    out->sender = ip_address_from_octets(IP_FAMILY_IPV4, arp + ARP_SENDER_IP);
    out->target = ip_address_from_octets(IP_FAMILY_IPV4, arp + ARP_TARGET_IP);
    return NEIGHBOUR_OK;
}

/* The link-layer address among the options. False: they are malformed, and so is the message
 * (RFC 4861 7.1). */
static bool read_options(const uint8_t *options, size_t size, uint8_t wanted,
                         struct neighbour_message *out)
{
    while (size > 0) {
        size_t length = size >= 2 ? (size_t)options[1] * 8 : 0;

        if (length == 0 || length > size)
            return false;
        if (options[0] == wanted && !out->has_mac) {
            out->has_mac = true;
            memcpy(out->mac, options + 2, MAC_SIZE);
        }
        options += length;
        size -= length;
    }
    return true;
}

static bool checksum_is_right(const struct ip_address *source, const struct ip_address *destination,
                              const uint8_t *icmp, size_t length)
{
    uint64_t sum = checksum_add_pseudo_header(0, source, destination, NEXT_ICMPV6, length);

    return checksum_finish(checksum_add(sum, icmp, length)) == 0;
}

static enum neighbour_verdict read_nd(const uint8_t *ipv6, size_t size,
                                      struct neighbour_message *out)
{
    const uint8_t *icmp = ipv6 + IPV6_HEADER_SIZE;

    if (size <= IPV6_HEADER_SIZE || ipv6[0] >> 4 != 6 || ipv6[IPV6_NEXT_HEADER] != NEXT_ICMPV6 ||
        (icmp[0] != ND_SOLICITATION && icmp[0] != ND_ADVERTISEMENT))
        return NEIGHBOUR_OTHER;
    bool advertisement = icmp[0] == ND_ADVERTISEMENT;
    size_t length = octets_be16(ipv6 + IPV6_LENGTH);

    out->kind = advertisement ? NEIGHBOUR_ADVERTISEMENT : NEIGHBOUR_SOLICITATION;
    out->sender = ip_address_from_octets(IP_FAMILY_IPV6, ipv6 + IPV6_SOURCE);
    if (length < ND_SIZE || length > size - IPV6_HEADER_SIZE)
        return NEIGHBOUR_TRUNCATED;
    out->target = ip_address_from_octets(IP_FAMILY_IPV6, icmp + ND_TARGET);
    if (ipv6[IPV6_HOP_LIMIT] != HOP_LIMIT)
        return NEIGHBOUR_HOP_LIMIT_ERROR;
    const struct ip_address destination =
        ip_address_from_octets(IP_FAMILY_IPV6, ipv6 + IPV6_DESTINATION);
    if (!checksum_is_right(&out->sender, &destination, icmp, length))
        return NEIGHBOUR_CHECKSUM_ERROR;
    if (!read_options(icmp + ND_SIZE, length - ND_SIZE,
                      advertisement ? OPTION_TARGET_MAC : OPTION_SOURCE_MAC, out))
        return NEIGHBOUR_OPTION_ERROR;
    out->router = advertisement && (icmp[ND_FLAGS] & FLAG_ROUTER) != 0;
    out->solicited = advertisement && (icmp[ND_FLAGS] & FLAG_SOLICITED) != 0;
    out->override = advertisement && (icmp[ND_FLAGS] & FLAG_OVERRIDE) != 0;
    return NEIGHBOUR_OK;
}

enum neighbour_verdict neighbour_message_read(uint16_t ether_type, const uint8_t *octets,
                                              size_t size, struct neighbour_message *out)
{
    *out = (struct neighbour_message){0};
    if (ether_type == ETHER_TYPE_ARP)
        return read_arp(octets, size, out);
    return ether_type == ETHER_TYPE_IPV6 ? read_nd(octets, size, out) : NEIGHBOUR_OTHER;
}

bool neighbour_message_announces(const struct neighbour_message *message)
{
    if (message->kind == NEIGHBOUR_ADVERTISEMENT)
        return !message->solicited;
    return message->kind != NEIGHBOUR_SOLICITATION &&
           ip_address_equal(&message->sender, &message->target);
}

const char *neighbour_verdict_name(enum neighbour_verdict verdict)
{
    static const char *const names[NEIGHBOUR_VERDICTS] = {
        [NEIGHBOUR_OK] = "ok",
        [NEIGHBOUR_OTHER] = "other",
        [NEIGHBOUR_TRUNCATED] = "truncated",
        [NEIGHBOUR_NOT_ETHERNET_IPV4] = "not_ethernet_ipv4",
        [NEIGHBOUR_HOP_LIMIT_ERROR] = "hop_limit_error",
        [NEIGHBOUR_CHECKSUM_ERROR] = "checksum_error",
        [NEIGHBOUR_OPTION_ERROR] = "option_error",
    };

    assert(verdict < NEIGHBOUR_VERDICTS);
    return names[verdict];
}
