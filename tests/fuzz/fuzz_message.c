/* VRRP messages with the checksum put right, so that the checks behind it are reached. Input: the
 * octets that make a receiver, one that selects the IP header and the checksum, the message. */
#include "lib/packet/checksum.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/packet_checks.h"

#include <string.h>

enum {
    HEAD = RECEIVER_CHOICES + 1,
    MESSAGE_MAX = ADVERT_SIZE_MAX + 64,
    FLAG_IPV4 = 1 << 0,
    FLAG_PSEUDO_HEADER = 1 << 1,
    FLAG_UNICAST = 1 << 2,
    FLAG_GLOBAL_SOURCE = 1 << 3,
};

static struct packet_ip header(uint8_t flags)
{
    static const uint8_t sources[2][16] = {{0xfe, 0x80, [15] = 1}, {0x20, 1, 0x0d, 0xb8, [15] = 1}};
    static const uint8_t destination[16] = {0xfe, 0x80, [15] = 2};
    static const uint8_t source4[4] = {192, 0, 2, 1};
    static const uint8_t destination4[4] = {192, 0, 2, 2};
    bool ipv4 = (flags & FLAG_IPV4) != 0;
    enum ip_family family = ipv4 ? IP_FAMILY_IPV4 : IP_FAMILY_IPV6;
    struct packet_ip ip = {.destination = ip_address_vrrp_group(family), .ttl = VRRP_TTL};

    ip.source =
        ip_address_from_octets(family, ipv4 ? source4 : sources[(flags & FLAG_GLOBAL_SOURCE) != 0]);
    if ((flags & FLAG_UNICAST) != 0)
        ip.destination = ip_address_from_octets(family, ipv4 ? destination4 : destination);
    return ip;
}

static void put_checksum(const struct packet_ip *ip, bool pseudo, uint8_t *message, size_t size)
{
    uint64_t sum = 0;

    message[6] = 0;
    message[7] = 0;
    if (pseudo || ip->source.family == IP_FAMILY_IPV6)
        sum = checksum_add_pseudo_header(0, &ip->source, &ip->destination, VRRP_PROTOCOL, size);
    uint16_t checksum = checksum_finish(checksum_add(sum, message, size));
    message[6] = (uint8_t)(checksum >> 8);
    message[7] = (uint8_t)(checksum & 0xff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD + 8 || size - HEAD > MESSAGE_MAX)
        return 0;
    uint8_t flags = data[RECEIVER_CHOICES];
    struct packet_ip ip = header(flags);
    /* Of exactly that size: one octet too far is seen. */
    uint8_t *message = malloc(size - HEAD);
    MUST(message != NULL);
    memcpy(message, data + HEAD, size - HEAD);
    put_checksum(&ip, (flags & FLAG_PSEUDO_HEADER) != 0, message, size - HEAD);
    check_stateless(&ip, message, size - HEAD);
    check_with_receiver(&ip, message, size - HEAD, data);
    free(message);
    return 0;
}
