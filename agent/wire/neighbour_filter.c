/* The expression; see neighbour_filter.h. Of an IPv6 address the last four octets are compared:
 * they tell nearly all apart, and the rest is looked at when the frame is here. */
#include "agent/wire/neighbour_filter.h"

#include <stdio.h>

static unsigned last_octets(const struct ip_address *address)
{
    const uint8_t *last = address->octets + ip_family_size(address->family) - 4;

    return (unsigned)last[0] << 24 | (unsigned)last[1] << 16 | (unsigned)last[2] << 8 | last[3];
}

static size_t count_of(const struct ip_address *addresses, size_t count, enum ip_family family)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        n += addresses[i].family == family;
    return n;
}

/* " and (...)": one of the addresses of the family. "less 1" never is, and libpcap refuses what it
 * sees to be never. Too many: nothing, so all pass. */
static size_t add_addresses(char *buffer, size_t size, const struct ip_address *addresses,
                            size_t count, enum ip_family family)
{
    size_t used = 0;

    if (count_of(addresses, count, family) > NEIGHBOUR_FILTER_ADDRESSES)
        return 0;
    used += (size_t)snprintf(buffer, size, " and (less 1");
    for (size_t i = 0; i < count; i++) {
        unsigned value = last_octets(&addresses[i]);

        if (addresses[i].family != family)
            continue;
        if (family == IP_FAMILY_IPV4)
            used += (size_t)snprintf(buffer + used, size - used,
                                     " or arp[14:4] = 0x%x or arp[24:4] = 0x%x", value, value);
        else
            used += (size_t)snprintf(buffer + used, size - used, " or ip6[60:4] = 0x%x", value);
    }
    used += (size_t)snprintf(buffer + used, size - used, ")");
    return used;
}

/* ARP: sender's or target's address. ICMPv6 NS (135) and NA (136): the target; they have no
 * extension headers before them (RFC 6980 forbids fragments, others are not worth it here). */
const char *neighbour_filter_text(const struct ip_address *addresses, size_t count, char *buffer,
                                  size_t size)
{
    size_t used = (size_t)snprintf(buffer, size, "((arp");

    used += add_addresses(buffer + used, size - used, addresses, count, IP_FAMILY_IPV4);
    used += (size_t)snprintf(buffer + used, size - used,
                             ") or (icmp6 and (ip6[40] = 135 or ip6[40] = 136)");
    used += add_addresses(buffer + used, size - used, addresses, count, IP_FAMILY_IPV6);
    (void)snprintf(buffer + used, size - used, "))");
    return buffer;
}
