/* Whole IP packets: no harm is done, and whatever is accepted is built again octet by octet. */
#include "lib/packet.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { BUFFER_SIZE = ADVERT_SIZE_MAX + 8 };

/* Differential: decode, encode, compare. Bits that are ignored on receipt are zero when sent, so
 * only packets that have none are compared. */
static void build_again(const struct advert *advert, const uint8_t *payload, size_t size)
{
    static struct ip_prefix addresses[ADVERT_ADDRESSES_MAX];
    uint8_t buffer[BUFFER_SIZE];
    struct packet_spec spec = {.version = advert->version,
                               .vrid = advert->vrid,
                               .priority = advert->priority,
                               .interval_ns = advert->interval_ns,
                               .checksum_kind = advert->checksum_kind,
                               .source = advert->ip.source,
                               .destination = advert->ip.destination,
                               .addresses = addresses,
                               .address_count = advert->count,
                               .mtu = 65535};
    static const uint8_t zeros[8];

    if (advert->version == VRRP_V3 && (payload[4] & 0xf0) != 0)
        return;
    if (advert->version == VRRP_V2 &&
        (advert->auth_type != 0 || memcmp(payload + size - 8, zeros, 8) != 0))
        return;
    for (size_t i = 0; i < advert->count; i++)
        addresses[i].address = advert_address(advert, i);
    size_t built = packet_build(&spec, buffer, sizeof(buffer));
    MUST(built == size);
    /* One's complement has two zeros: a field of ffff is as good as the 0000 that we send. */
    if (advert->checksum != 0xffff)
        MUST(memcmp(buffer, payload, size) == 0);
}

static void as_receiver(const struct packet_ip *ip, const uint8_t *payload, size_t size,
                        const uint8_t *choice)
{
    static struct ip_prefix addresses[2];
    struct packet_receiver receiver = {.family = ip->source.family,
                                       .version = choice[0] % 2 == 0 ? VRRP_V2 : VRRP_V3,
                                       .vrid = 51,
                                       .priority = choice[1],
                                       .strict = choice[2] % 2 == 0,
                                       .checksum_mode = choice[3] % 3,
                                       .advert_interval_ns = NS_PER_SEC,
                                       .addresses = addresses,
                                       .address_count = choice[2] % 3,
                                       .unicast = choice[3] % 5 == 0};
    struct advert advert;
    uint32_t warnings = 0;

    addresses[0].address = ip->source;
    addresses[1].address = ip->destination;
    enum packet_verdict verdict = packet_receive(ip, payload, size, &receiver, &advert, &warnings);
    MUST(verdict < PACKET_VERDICTS);
    MUST(verdict == PACKET_OK || warnings == 0);
    /* What a router takes is valid by itself as well. */
    if (verdict == PACKET_OK && !receiver.unicast)
        MUST(packet_receive(ip, payload, size, NULL, &advert, NULL) == PACKET_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *payload;
    size_t payload_size;
    struct packet_ip ip;
    struct advert advert;

    if (size < 4 || packet_split_ip(data + 4, size - 4, &ip, &payload, &payload_size) != PACKET_OK)
        return 0;
    if (packet_receive(&ip, payload, payload_size, NULL, &advert, NULL) == PACKET_OK)
        build_again(&advert, payload, payload_size);
    as_receiver(&ip, payload, payload_size, data);
    return 0;
}
