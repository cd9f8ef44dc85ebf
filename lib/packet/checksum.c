/* The Internet checksum; see checksum.h. Pure: nothing is owned. */
#include "lib/packet/checksum.h"

uint64_t checksum_add(uint64_t sum, const uint8_t *octets, size_t size)
{
    for (size_t i = 0; i + 1 < size; i += 2)
        sum += (uint64_t)octets[i] << 8 | octets[i + 1];
    if (size % 2 != 0)
        sum += (uint64_t)octets[size - 1] << 8;
    return sum;
}

uint64_t checksum_add_pseudo_header(uint64_t sum, const struct ip_address *source,
                                    const struct ip_address *destination, uint8_t protocol,
                                    size_t length)
{
    size_t size = ip_family_size(source->family);

    sum = checksum_add(sum, source->octets, size);
    sum = checksum_add(sum, destination->octets, size);
    /* IPv4 has zero, protocol, 16-bit length; IPv6 32-bit length, zeroes, next header: the same
     * sum. */
    return sum + (length >> 16) + (length & 0xffff) + protocol;
}

uint16_t checksum_finish(uint64_t sum)
{
    while (sum > 0xffff)
        sum = (sum >> 16) + (sum & 0xffff);
    return (uint16_t)~sum;
}
