/* Adverts of any content come back as they were sent: decode(encode(x)) == x. */
#include "lib/packet/packet.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { HEAD = 12, COUNT_MAX = ADVERT_ADDRESSES_MAX + 45 };

static size_t fill_addresses(enum ip_family family, const uint8_t *data, size_t size,
                             struct ip_prefix *addresses)
{
    size_t width = ip_family_size(family);
    size_t count = (size_t)(data[0] << 8 | data[1]) % COUNT_MAX + 1;

    for (size_t i = 0; i < count; i++) {
        uint8_t octets[16];
        for (size_t o = 0; o < width; o++)
            octets[o] = data[(i * width + o) % size];
        addresses[i].address = ip_address_from_octets(family, octets);
    }
    return count;
}

static uint64_t choose_interval(enum vrrp_version version, const uint8_t *data)
{
    uint64_t value = (uint64_t)(data[0] << 8 | data[1]);

    return version == VRRP_V2 ? (value % 255 + 1) * NS_PER_SEC
                              : (value % 0x0fff + 1) * 10 * NS_PER_MS;
}

static void check(const struct packet_spec *spec, const uint8_t *built, size_t size)
{
    const struct packet_ip ip = {
        .source = spec->source, .destination = spec->destination, .ttl = VRRP_TTL};
    enum ip_family family = spec->source.family;
    size_t overhead = size + (family == IP_FAMILY_IPV4 ? 20 : 40);
    struct advert advert;

    MUST(packet_receive(&ip, built, size, NULL, &advert, NULL) == PACKET_OK);
    MUST(advert.version == spec->version && advert.vrid == spec->vrid);
    MUST(advert.priority == spec->priority && advert.interval_ns == spec->interval_ns);
    MUST(advert.count ==
         packet_addresses_that_fit(spec->version, family, spec->address_count, spec->mtu));
    MUST(advert.count == 1 || overhead <= spec->mtu);
    /* Nothing that would have fitted is left out. */
    MUST(advert.count == spec->address_count || advert.count == ADVERT_ADDRESSES_MAX ||
         overhead + ip_family_size(family) > spec->mtu);
    for (size_t i = 0; i < advert.count; i++) {
        struct ip_address listed = advert_address(&advert, i);
        MUST(ip_address_equal(&listed, &spec->addresses[i].address));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t source[16] = {0xfe, 0x80, [15] = 1};
    static const uint8_t source4[4] = {192, 0, 2, 1};
    static struct ip_prefix addresses[COUNT_MAX];
    uint8_t built[ADVERT_BUFFER_SIZE];

    if (size < HEAD)
        return 0;
    bool ipv4 = data[0] % 2 == 0;
    enum ip_family family = ipv4 ? IP_FAMILY_IPV4 : IP_FAMILY_IPV6;
    enum vrrp_version version = ipv4 && data[0] % 4 == 0 ? VRRP_V2 : VRRP_V3;
    const struct packet_spec spec = {
        .version = version,
        .vrid = data[1] > 0 ? data[1] : 1,
        .priority = data[2],
        .interval_ns = choose_interval(version, data + 3),
        .checksum_kind = data[5] % 2 == 0 ? CHECKSUM_MESSAGE_ONLY : CHECKSUM_IPV4_PSEUDO_HEADER,
        .source = ip_address_from_octets(family, ipv4 ? source4 : source),
        .destination = ip_address_vrrp_group(family),
        .addresses = addresses,
        .address_count = fill_addresses(family, data + 8, size - 8, addresses),
        .mtu = (size_t)(data[6] << 8 | data[7])};
    size_t length = packet_build(&spec, built, sizeof(built));
    check(&spec, built, length);
    return 0;
}
