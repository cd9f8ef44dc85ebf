/* Addresses and prefixes: parsing, formatting, classification. */
#include "lib/packet/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int family_to_af(enum ip_family family)
{
    return family == IP_FAMILY_IPV4 ? AF_INET : AF_INET6;
}

const char *ip_family_name(enum ip_family family)
{
    switch (family) {
    case IP_FAMILY_IPV4:
        return "ipv4";
    case IP_FAMILY_IPV6:
        return "ipv6";
    case IP_FAMILY_NONE:
        break;
    }
    return "none";
}

struct ip_address ip_address_from_octets(enum ip_family family, const void *octets)
{
    struct ip_address address = {.family = family};

    memcpy(address.octets, octets, ip_family_size(family));
    return address;
}

bool ip_address_parse(const char *text, struct ip_address *out)
{
    struct ip_address address = {.family = IP_FAMILY_IPV4};

    if (inet_pton(AF_INET, text, address.octets) != 1) {
        address.family = IP_FAMILY_IPV6;
        if (inet_pton(AF_INET6, text, address.octets) != 1)
            return false;
    }
    *out = address;
    return true;
}

/* Decimal digits only: strtoul() alone would take "+8" and " 8". */
static bool parse_length(const char *text, unsigned max, uint8_t *out)
{
    unsigned value = 0;

    if (*text == '\0' || strlen(text) > 3)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (unsigned)(*text - '0');
    }
    if (value > max)
        return false;
    *out = (uint8_t)value;
    return true;
}

bool ip_prefix_parse(const char *text, struct ip_prefix *out)
{
    char host[ADDRESS_TEXT_SIZE];
    struct ip_prefix prefix;
    const char *slash = strchr(text, '/');
    size_t host_len = slash != NULL ? (size_t)(slash - text) : strlen(text);

    if (host_len >= sizeof(host))
        return false;
    memcpy(host, text, host_len);
    host[host_len] = '\0';
    if (!ip_address_parse(host, &prefix.address))
        return false;
    unsigned bits = (unsigned)ip_family_size(prefix.address.family) * 8;
    prefix.length = (uint8_t)bits;
    if (slash != NULL && !parse_length(slash + 1, bits, &prefix.length))
        return false;
    *out = prefix;
    return true;
}

const char *ip_address_format(const struct ip_address *address, char *buffer, size_t size)
{
    assert(size >= ADDRESS_TEXT_SIZE);
    if (address->family == IP_FAMILY_NONE ||
        inet_ntop(family_to_af(address->family), address->octets, buffer, (socklen_t)size) == NULL)
        snprintf(buffer, size, "-");
    return buffer;
}

const char *ip_prefix_format(const struct ip_prefix *prefix, char *buffer, size_t size)
{
    ip_address_format(&prefix->address, buffer, size);
    size_t used = strlen(buffer);
    snprintf(buffer + used, size - used, "/%u", prefix->length);
    return buffer;
}

bool ip_address_equal(const struct ip_address *a, const struct ip_address *b)
{
    return a->family == b->family && memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

int ip_address_compare(const struct ip_address *a, const struct ip_address *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->octets, b->octets, sizeof(a->octets));
}

bool ip_address_same_network(const struct ip_address *a, const struct ip_address *b, uint8_t length)
{
    size_t whole = length / 8;
    unsigned rest = length % 8;

    assert(length <= sizeof(a->octets) * 8);
    if (a->family != b->family || memcmp(a->octets, b->octets, whole) != 0)
        return false;
    return rest == 0 || (a->octets[whole] >> (8 - rest)) == (b->octets[whole] >> (8 - rest));
}

bool ip_address_is_multicast(const struct ip_address *address)
{
    if (address->family == IP_FAMILY_IPV4)
        return (address->octets[0] & 0xf0) == 0xe0;
    return address->family == IP_FAMILY_IPV6 && address->octets[0] == 0xff;
}

bool ip_address_is_link_local(const struct ip_address *address)
{
    if (address->family == IP_FAMILY_IPV4)
        return address->octets[0] == 169 && address->octets[1] == 254;
    return address->family == IP_FAMILY_IPV6 && address->octets[0] == 0xfe &&
           (address->octets[1] & 0xc0) == 0x80;
}

bool ip_address_is_unspecified(const struct ip_address *address)
{
    static const uint8_t zero[sizeof(address->octets)];

    return memcmp(address->octets, zero, sizeof(zero)) == 0;
}

bool ip_address_is_loopback(const struct ip_address *address)
{
    static const uint8_t one[16] = {[15] = 1};

    if (address->family == IP_FAMILY_IPV4)
        return address->octets[0] == 127;
    return address->family == IP_FAMILY_IPV6 && memcmp(address->octets, one, sizeof(one)) == 0;
}

bool ip_address_is_mapped(const struct ip_address *address)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

    return address->family == IP_FAMILY_IPV6 &&
           memcmp(address->octets, prefix, sizeof(prefix)) == 0;
}

struct ip_address ip_address_vrrp_group(enum ip_family family)
{
    if (family == IP_FAMILY_IPV4)
        return (struct ip_address){.family = family, .octets = {224, 0, 0, 18}};
    return (struct ip_address){.family = family, .octets = {0xff, 0x02, [15] = 0x12}};
}

struct ip_address ip_address_virtual_link_local(uint8_t vrid)
{
    /* Modified EUI-64 of the virtual MAC 00-00-5E-00-02-{VRID}. */
    return (struct ip_address){
        .family = IP_FAMILY_IPV6,
        .octets = {0xfe, 0x80, [8] = 0x02, 0x00, 0x5e, 0xff, 0xfe, 0x00, 0x02, vrid},
    };
}

const char *mac_format(const uint8_t mac[6], char *buffer, size_t size)
{
    snprintf(buffer, size, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
             mac[5]);
    return buffer;
}

void virtual_mac(enum ip_family family, uint8_t vrid, uint8_t mac[6])
{
    const uint8_t block = family == IP_FAMILY_IPV6 ? 2 : 1;
    const uint8_t value[6] = {0x00, 0x00, 0x5e, 0x00, block, vrid};

    memcpy(mac, value, sizeof(value));
}

const char *virtual_link_name(int ifindex, enum ip_family family, uint8_t vrid,
                              char buffer[INTERFACE_NAME_SIZE])
{
    bool six = family == IP_FAMILY_IPV6;

    assert(ifindex > 0);
    int length =
        snprintf(buffer, INTERFACE_NAME_SIZE, "vipd%d.%u%s", ifindex, vrid, six ? "v6" : "");
    /* Without a point, so that it cannot be the decimal name of another. */
    if (length >= INTERFACE_NAME_SIZE)
        snprintf(buffer, INTERFACE_NAME_SIZE, "vipd%x%c%02x", (unsigned)ifindex, six ? '_' : '-',
                 vrid);
    return buffer;
}
