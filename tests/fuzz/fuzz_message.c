/* VRRP messages with the checksum put right, so that the checks behind it are reached; and adverts
 * of any content, which must come back as they were sent. */
#include "lib/checksum.h"
#include "lib/packet.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { MESSAGE_MAX = ADVERT_SIZE_MAX + 64, HEAD = 40 };

static struct packet_ip header(bool ipv6)
{
    static const uint8_t octets[16] = {0xfe, 0x80, [15] = 1};
    static const uint8_t octets4[4] = {192, 0, 2, 1};
    enum ip_family family = ipv6 ? IP_FAMILY_IPV6 : IP_FAMILY_IPV4;

    return (struct packet_ip){.source = ip_address_from_octets(family, ipv6 ? octets : octets4),
                              .destination = ip_address_vrrp_group(family),
                              .ttl = VRRP_TTL};
}

static void put_checksum(const struct packet_ip *ip, uint8_t *message, size_t size)
{
    uint64_t sum = 0;

    message[6] = 0;
    message[7] = 0;
    if (ip->source.family == IP_FAMILY_IPV6)
        sum = checksum_add_pseudo_header(0, &ip->source, &ip->destination, VRRP_PROTOCOL, size);
    uint16_t checksum = checksum_finish(checksum_add(sum, message, size));
    message[6] = (uint8_t)(checksum >> 8);
    message[7] = (uint8_t)(checksum & 0xff);
}

/* decode(encode(x)) == x */
static void round_trip(const uint8_t *data, size_t size)
{
    static struct ip_prefix addresses[ADVERT_ADDRESSES_MAX + 45];
    struct packet_ip ip = header(data[0] % 2 == 0);
    size_t width = ip_family_size(ip.source.family);
    size_t count = 1 + data[1] % 200;
    bool v2 = data[2] % 3 == 0 && width == 4;
    uint8_t buffer[ADVERT_SIZE_MAX + 8];
    struct advert advert;

    for (size_t i = 0; i < count; i++) {
        uint8_t octets[16] = {0};
        for (size_t o = 0; o < width; o++)
            octets[o] = data[(i * width + o) % size];
        addresses[i].address = ip_address_from_octets(ip.source.family, octets);
    }
    const struct packet_spec spec = {
        .version = v2 ? VRRP_V2 : VRRP_V3,
        .vrid = data[3] > 0 ? data[3] : 1,
        .priority = data[4],
        .interval_ns =
            v2 ? (1 + (uint64_t)data[5]) % 256 * NS_PER_SEC + NS_PER_SEC * (data[5] == 255)
               : (1 + (uint64_t)data[5] * 16) * 10 * NS_PER_MS,
        .checksum_kind = data[6] % 2 == 0 ? CHECKSUM_MESSAGE_ONLY : CHECKSUM_IPV4_PSEUDO_HEADER,
        .source = ip.source,
        .destination = ip.destination,
        .addresses = addresses,
        .address_count = count,
        .mtu = 9000};
    size_t built = packet_build(&spec, buffer, sizeof(buffer));
    MUST(packet_receive(&ip, buffer, built, NULL, &advert, NULL) == PACKET_OK);
    MUST(advert.version == spec.version && advert.vrid == spec.vrid);
    MUST(advert.priority == spec.priority && advert.interval_ns == spec.interval_ns);
    MUST(advert.count == count);
    for (size_t i = 0; i < count; i++) {
        struct ip_address listed = advert_address(&advert, i);
        MUST(ip_address_equal(&listed, &addresses[i].address));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t message[MESSAGE_MAX];
    struct advert advert;
    uint32_t warnings;

    if (size < 9 || size - 1 > sizeof(message))
        return 0;
    struct packet_ip ip = header(data[0] % 2 == 0);
    memcpy(message, data + 1, size - 1);
    put_checksum(&ip, message, size - 1);
    (void)packet_receive(&ip, message, size - 1, NULL, &advert, &warnings);
    round_trip(data, size);
    return 0;
}
