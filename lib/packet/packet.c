/* Names of verdicts, and adverts as we send them (RFC 9568 5.2, RFC 3768 5.3). Pure: nothing is
 * owned. Receiving is in receive.c, the IP header in ip.c. */
#include "lib/packet/packet.h"

#include "lib/octets.h"
#include "lib/packet/checksum.h"

#include <assert.h>
#include <string.h>

enum {
    HEADER_SIZE = 8,
    V2_AUTH_SIZE = AUTH_DATA_SIZE,
    IPV4_HEADER_SIZE = 20,
    IPV6_HEADER_SIZE = 40,
    CHECKSUM_AT = 6,
    TYPE_ADVERT = 1,
    V3_INTERVAL_MAX = 0x0fff,
};

struct verdict_text {
    const char *name;
    const char *counter;
};

static const struct verdict_text verdicts[PACKET_VERDICTS] = {
    [PACKET_OK] = {"ok", "advertisement-rcvd"},
    [PACKET_IP_HEADER] = {"ip_header", "ip-header-errors"},
    [PACKET_NOT_VRRP] = {"not_vrrp", "not-vrrp"},
    [PACKET_FRAGMENT] = {"fragment", "fragment-errors"},
    [PACKET_EXTENSION_HEADERS] = {"extension_headers", "extension-header-errors"},
    [PACKET_BAD_SOURCE] = {"bad_source", "source-errors"},
    [PACKET_OWN_PACKET] = {"own_packet", "own-packets"},
    [PACKET_BAD_DESTINATION] = {"bad_destination", "destination-errors"},
    [PACKET_NOT_A_PEER] = {"not_a_peer", "not-a-peer-errors"},
    [PACKET_IP_TTL_ERROR] = {"ip_ttl_error", "ip-ttl-errors"},
    [PACKET_LENGTH_ERROR] = {"packet_length_error", "packet-length-errors"},
    [PACKET_VERSION_ERROR] = {"version_error", "version-errors"},
    [PACKET_INVALID_TYPE] = {"invalid_type", "invalid-type-pkts-rcvd"},
    [PACKET_CHECKSUM_ERROR] = {"checksum_error", "checksum-errors"},
    [PACKET_VRID_ERROR] = {"vrid_error", "vrid-errors"},
    [PACKET_OWNER] = {"owner", "owner-errors"},
    [PACKET_NO_ADDRESSES] = {"no_addresses", "address-list-errors"},
    [PACKET_FIRST_ADDRESS_NOT_LINK_LOCAL] = {"first_address_not_link_local", "address-list-errors"},
    [PACKET_ZERO_INTERVAL] = {"zero_interval", "interval-errors"},
    [PACKET_AUTH_UNSUPPORTED] = {"auth_unsupported", "invalid-auth-type-errors"},
    [PACKET_AUTH_TYPE_ERROR] = {"auth_type_error", "auth-type-errors"},
    [PACKET_AUTH_MISSING] = {"auth_missing", "auth-missing-errors"},
    [PACKET_AUTH_FAILURE] = {"auth_failure", "auth-failures"},
    [PACKET_INTERVAL_ERROR] = {"interval_error", "interval-errors"},
    [PACKET_FOREIGN_ADDRESSES] = {"foreign_addresses", "foreign-address-errors"},
    [PACKET_ADDRESS_LIST_ERROR] = {"address_list_error", "address-list-errors"},
    [PACKET_TRAILER_MISSING] = {"auth_ext_missing", "auth-ext-missing"},
    [PACKET_TRAILER_MALFORMED] = {"auth_ext_malformed", "auth-ext-malformed"},
    [PACKET_TRAILER_UNKNOWN_KEY] = {"auth_ext_unknown_key", "auth-ext-unknown-key"},
    [PACKET_TRAILER_INVALID_HMAC] = {"auth_ext_invalid_hmac", "auth-ext-invalid-hmac"},
    [PACKET_TRAILER_STALE] = {"auth_ext_stale", "auth-ext-stale"},
    [PACKET_TRAILER_REPLAY] = {"auth_ext_replay", "auth-ext-replay"},
    [PACKET_TRAILER_UNEXPECTED] = {"auth_ext_unexpected", "auth-ext-unexpected"},
};

const char *packet_verdict_name(enum packet_verdict verdict)
{
    assert(verdict < PACKET_VERDICTS);
    return verdicts[verdict].name;
}

const char *packet_verdict_counter(enum packet_verdict verdict)
{
    assert(verdict < PACKET_VERDICTS);
    return verdicts[verdict].counter;
}

const char *packet_warning_name(enum packet_warning warning)
{
    switch (warning) {
    case PACKET_WARN_INTERVAL_MISMATCH:
        return "interval_mismatch";
    case PACKET_WARN_ADDRESS_LIST_MISMATCH:
        return "address_list_mismatch";
    case PACKET_WARN_FIRST_ADDRESS_NOT_LINK_LOCAL:
        return "first_address_not_link_local";
    case PACKET_WARN_SOURCE_NOT_LINK_LOCAL:
        return "source_not_link_local";
    case PACKET_WARN_LOCAL_IS_OWNER:
        return "local_is_owner";
    case PACKET_WARN_OWNER_CONFLICT:
        return "owner_conflict";
    case PACKET_WARNINGS:
        break;
    }
    assert(!"a single warning bit");
    return "";
}

const char *checksum_kind_name(enum checksum_kind kind)
{
    switch (kind) {
    case CHECKSUM_MESSAGE_ONLY:
        return "message-only";
    case CHECKSUM_IPV4_PSEUDO_HEADER:
        return "ipv4-pseudo-header";
    case CHECKSUM_IPV6_PSEUDO_HEADER:
        return "ipv6-pseudo-header";
    }
    assert(!"a checksum kind");
    return "";
}

bool packet_verdict_is_auth(enum packet_verdict verdict)
{
    return verdict == PACKET_AUTH_UNSUPPORTED || verdict == PACKET_AUTH_TYPE_ERROR ||
           verdict == PACKET_AUTH_MISSING || verdict == PACKET_AUTH_FAILURE ||
           (verdict >= PACKET_TRAILER_MISSING && verdict <= PACKET_TRAILER_UNEXPECTED);
}

struct packet_auth packet_password(const char *text, size_t length)
{
    struct packet_auth auth = {.type = AUTH_PASSWORD};

    memcpy(auth.data, text, length < sizeof(auth.data) ? length : sizeof(auth.data));
    return auth;
}

bool packet_dialects_differ(const struct packet_dialect *a, const struct packet_dialect *b)
{
    if (a->version != b->version)
        return true;
    return a->version == VRRP_V2 &&
           (a->advert_interval_ns != b->advert_interval_ns || a->auth.type != b->auth.type ||
            memcmp(a->auth.data, b->auth.data, sizeof(a->auth.data)) != 0);
}

uint8_t packet_peek_vrid(const uint8_t *payload, size_t size)
{
    return size >= 2 ? payload[1] : 0;
}

struct ip_address advert_address(const struct advert *advert, size_t i)
{
    enum ip_family family = advert->ip.source.family;

    assert(i < advert->count);
    return ip_address_from_octets(family, advert->addresses + i * ip_family_size(family));
}

size_t packet_addresses_that_fit(enum vrrp_version version, enum ip_family family, size_t count,
                                 size_t mtu)
{
    size_t overhead = HEADER_SIZE + (size_t)(version == VRRP_V2 ? V2_AUTH_SIZE : 0) +
                      (size_t)(family == IP_FAMILY_IPV4 ? IPV4_HEADER_SIZE : IPV6_HEADER_SIZE);
    const size_t octets = ip_family_size(family);

    assert(octets > 0);
    size_t room = mtu > overhead ? (mtu - overhead) / octets : 0;

    /* One address must be listed, whatever the MTU says. */
    room = room > 0 ? room : 1;
    room = room < ADVERT_ADDRESSES_MAX ? room : ADVERT_ADDRESSES_MAX;
    return count < room ? count : room;
}

static void put_interval(const struct packet_spec *spec, uint8_t *buffer)
{
    if (spec->version == VRRP_V2) {
        uint64_t seconds = spec->interval_ns / NS_PER_SEC;

        assert(seconds >= 1 && seconds <= UINT8_MAX);
        buffer[4] = spec->auth.type;
        buffer[5] = (uint8_t)seconds;
        return;
    }
    uint64_t centiseconds = spec->interval_ns / (10 * NS_PER_MS);

    assert(centiseconds >= 1 && centiseconds <= V3_INTERVAL_MAX);
    octets_put_be16(buffer + 4, (unsigned)centiseconds);
}

/* Over IPv6 it covers what the IP header counts, so the trailer as well. */
static uint16_t checksum_of(const struct packet_spec *spec, const uint8_t *message, size_t size)
{
    uint64_t sum = 0;

    if (spec->source.family == IP_FAMILY_IPV6 && spec->trailer != NULL)
        size += AUTH_TRAILER_SIZE;
    if (spec->source.family == IP_FAMILY_IPV6 ||
        (spec->version == VRRP_V3 && spec->checksum_kind == CHECKSUM_IPV4_PSEUDO_HEADER))
        sum = checksum_add_pseudo_header(0, &spec->source, &spec->destination, VRRP_PROTOCOL, size);
    return checksum_finish(checksum_add(sum, message, size));
}

/* How many addresses it lists. */
static size_t listed(const struct packet_spec *spec)
{
    size_t mtu = spec->mtu;

    if (spec->trailer_room)
        mtu = mtu > AUTH_TRAILER_SIZE ? mtu - AUTH_TRAILER_SIZE : 0;
    return packet_addresses_that_fit(spec->version, spec->source.family, spec->address_count, mtu);
}

size_t packet_build(const struct packet_spec *spec, uint8_t *buffer, size_t size)
{
    size_t width = ip_family_size(spec->source.family);
    size_t count = listed(spec);
    size_t length =
        HEADER_SIZE + count * width + (size_t)(spec->version == VRRP_V2 ? V2_AUTH_SIZE : 0);
    size_t whole = length + (size_t)(spec->trailer != NULL ? AUTH_TRAILER_SIZE : 0);

    assert(size >= whole);
    (void)size;
    memset(buffer, 0, length);
    buffer[0] = (uint8_t)((unsigned)spec->version << 4 | TYPE_ADVERT);
    buffer[1] = spec->vrid;
    buffer[2] = spec->priority;
    buffer[3] = (uint8_t)count;
    put_interval(spec, buffer);
    for (size_t i = 0; i < count; i++)
        memcpy(buffer + HEADER_SIZE + i * width, spec->addresses[i].address.octets, width);
    if (spec->version == VRRP_V2)
        memcpy(buffer + length - V2_AUTH_SIZE, spec->auth.data, V2_AUTH_SIZE);
    if (spec->trailer != NULL)
        memcpy(buffer + length, spec->trailer, AUTH_TRAILER_SIZE);
    uint16_t checksum = checksum_of(spec, buffer, length);
    octets_put_be16(buffer + CHECKSUM_AT, checksum);
    return whole;
}
