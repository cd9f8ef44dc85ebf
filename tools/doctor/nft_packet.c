/* Expressions of nftables, looked up in what is known of a VRRP packet; see nft_packet.h. */
#include "tools/doctor/nft_packet.h"

#include "lib/packet/packet.h"
#include "tools/common/field.h"

#include <string.h>

enum { DSCP_CS6 = 48 };

static const struct nft_value unknown = {.kind = NFT_VALUE_UNKNOWN};
static const struct nft_value absent = {.kind = NFT_VALUE_ABSENT};

static struct nft_value number(unsigned value, const char *name)
{
    return (struct nft_value){.kind = NFT_VALUE_NUMBER, .number = value, .text = name};
}

static struct nft_value text(const char *value)
{
    return (struct nft_value){.kind = NFT_VALUE_TEXT, .text = value};
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static enum ip_family family_of(const struct nft_packet *packet)
{
    return packet->source.address.family;
}

bool nft_packet_is_multicast(const struct nft_packet *packet)
{
    return ip_address_is_multicast(&packet->destination.address);
}

static struct nft_value address(const struct ip_prefix *prefix)
{
    return (struct nft_value){.kind = NFT_VALUE_ADDRESS, .prefix = *prefix};
}

/* Fields of the IP header; `protocol` is "ip" or "ip6". */
static struct nft_value ip_field(const struct nft_packet *packet, const char *protocol,
                                 const char *field)
{
    bool ipv4 = family_of(packet) == IP_FAMILY_IPV4;

    if (ipv4 != is(protocol, "ip"))
        return absent;
    if (is(field, "protocol") || is(field, "nexthdr"))
        return number(VRRP_PROTOCOL, "vrrp");
    if (is(field, "ttl") || is(field, "hoplimit"))
        return number(VRRP_TTL, "");
    if (is(field, "dscp"))
        return number(DSCP_CS6, "cs6");
    if (is(field, "version"))
        return number(ipv4 ? 4 : 6, "");
    if (is(field, "saddr"))
        return address(&packet->source);
    return is(field, "daddr") ? address(&packet->destination) : unknown;
}

static struct nft_value payload(const struct nft_packet *packet, const json_t *expression)
{
    /* Headers that a VRRP packet may have; any other one asks for another protocol. */
    static const char *const open[] = {"th", "dst", "exthdr", NULL};
    const char *protocol = json_string_value(json_object_get(expression, "protocol"));
    const char *field = field_text(expression, "field");

    if (protocol == NULL)
        return unknown;
    if (is(protocol, "ip") || is(protocol, "ip6"))
        return ip_field(packet, protocol, field);
    if (is(protocol, "ether"))
        return is(field, "type") ? text(family_of(packet) == IP_FAMILY_IPV4 ? "ip" : "ip6")
                                 : unknown;
    for (size_t i = 0; open[i] != NULL; i++)
        if (is(protocol, open[i]))
            return unknown;
    return absent;
}

static struct nft_value meta(const struct nft_packet *packet, const char *key)
{
    bool ipv4 = family_of(packet) == IP_FAMILY_IPV4;

    if (is(key, "l4proto"))
        return number(VRRP_PROTOCOL, "vrrp");
    if (is(key, "nfproto"))
        return text(ipv4 ? "ipv4" : "ipv6");
    if (is(key, "protocol"))
        return text(ipv4 ? "ip" : "ip6");
    if (is(key, "iifname") || is(key, "iif"))
        return packet->outgoing ? absent : text(packet->interface);
    if (is(key, "oifname") || is(key, "oif"))
        return packet->outgoing ? text(packet->interface) : absent;
    if (is(key, "pkttype") && !packet->outgoing)
        return text(nft_packet_is_multicast(packet) ? "multicast" : "host");
    return unknown;
}

/* {"fib": {"result": "type", "flags": ["daddr", ...]}} */
static struct nft_value fib(const struct nft_packet *packet, const json_t *expression)
{
    const json_t *flag;
    bool destination = false;
    size_t i;

    json_array_foreach (json_object_get(expression, "flags"), i, flag)
        destination = destination || (json_is_string(flag) && is(json_string_value(flag), "daddr"));
    if (!is(field_text(expression, "result"), "type"))
        return unknown;
    if (!destination)
        return text(packet->outgoing ? "local" : "unicast");
    if (nft_packet_is_multicast(packet))
        return text("multicast");
    return text(packet->outgoing ? "unicast" : "local");
}

struct nft_value nft_packet_value(const struct nft_packet *packet, const json_t *expression)
{
    const json_t *inner;

    if ((inner = json_object_get(expression, "payload")) != NULL)
        return payload(packet, inner);
    if ((inner = json_object_get(expression, "meta")) != NULL)
        return meta(packet, field_text(inner, "key"));
    if ((inner = json_object_get(expression, "fib")) != NULL)
        return fib(packet, inner);
    inner = json_object_get(expression, "ct");
    if (inner != NULL && is(field_text(inner, "key"), "state"))
        return (struct nft_value){.kind = NFT_VALUE_STATE};
    return unknown;
}
