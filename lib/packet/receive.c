/*
 * Validation of received adverts (RFC 9568 7.1, RFC 3768 7.1), in the order of the RFC with the
 * IP-level advice first. Pure: a decoded advert points into the caller's buffer.
 */
#include "lib/octets.h"
#include "lib/packet/address_list.h"
#include "lib/packet/checksum.h"
#include "lib/packet/packet.h"

#include <string.h>

enum {
    HEADER_SIZE = 8,
    V2_AUTH_SIZE = AUTH_DATA_SIZE,
    TYPE_ADVERT = 1,
    INTERVAL_MASK = 0x0fff,
    TRAILER_HMAC = 1, /* its first octet */
};

/* What the checks share. */
struct reception {
    const struct packet_ip *ip;
    const uint8_t *payload;
    size_t size;
    size_t length;                          /* of the message; the rest of `size` is a trailer */
    const struct packet_receiver *receiver; /* NULL: stateless */
    struct ip_address group;
    struct advert *advert;
    uint32_t warnings;
};

static bool is_broadcast(const struct ip_address *address)
{
    return address->family == IP_FAMILY_IPV4 && address->octets[0] == 255 &&
           address->octets[1] == 255 && address->octets[2] == 255 && address->octets[3] == 255;
}

static bool is_in(const struct ip_address *address, const struct ip_address *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ip_address_equal(address, &list[i]))
            return true;
    return false;
}

static bool is_own(const struct packet_receiver *receiver, const struct ip_address *address)
{
    return ip_address_equal(address, &receiver->source) ||
           is_in(address, receiver->own, receiver->own_count);
}

static enum packet_verdict check_destination(const struct reception *in)
{
    const struct ip_address *destination = &in->ip->destination;
    bool to_group = ip_address_equal(destination, &in->group);

    if (in->receiver == NULL) {
        bool unfit = ip_address_is_multicast(destination) ||
                     ip_address_is_unspecified(destination) || is_broadcast(destination);
        return unfit && !to_group ? PACKET_BAD_DESTINATION : PACKET_OK;
    }
    if (!in->receiver->unicast)
        return to_group ? PACKET_OK : PACKET_BAD_DESTINATION;
    if (!is_own(in->receiver, destination))
        return PACKET_BAD_DESTINATION;
    return is_in(&in->ip->source, in->receiver->peers, in->receiver->peer_count)
               ? PACKET_OK
               : PACKET_NOT_A_PEER;
}

/* Rows 0 to 1: where it comes from and where it went. */
static enum packet_verdict check_ip(struct reception *in)
{
    const struct packet_ip *ip = in->ip;

    if (in->receiver != NULL && ip->extended)
        return PACKET_EXTENSION_HEADERS;
    if (ip_address_is_multicast(&ip->source) || ip_address_is_unspecified(&ip->source) ||
        ip_address_is_loopback(&ip->source) || is_broadcast(&ip->source))
        return PACKET_BAD_SOURCE;
    if (in->receiver != NULL && is_own(in->receiver, &ip->source))
        return PACKET_OWN_PACKET;
    enum packet_verdict verdict = check_destination(in);
    if (verdict != PACKET_OK)
        return verdict;
    bool to_group = ip_address_equal(&ip->destination, &in->group);
    if (to_group && ip->ttl != VRRP_TTL)
        return PACKET_IP_TTL_ERROR;
    if (in->receiver != NULL && in->receiver->unicast &&
        (ip->ttl < in->receiver->unicast_min_ttl || ip->ttl > in->receiver->unicast_max_ttl))
        return PACKET_IP_TTL_ERROR;
    if (ip->source.family == IP_FAMILY_IPV6 && to_group && !ip_address_is_link_local(&ip->source))
        in->warnings |= PACKET_WARN_SOURCE_NOT_LINK_LOCAL;
    return PACKET_OK;
}

/* Rows 2 and 3. */
static enum packet_verdict check_version(const struct reception *in)
{
    uint8_t version = in->payload[0] >> 4;

    in->advert->version = version;
    in->advert->type = in->payload[0] & 0x0f;
    if (version != VRRP_V2 && version != VRRP_V3)
        return PACKET_VERSION_ERROR;
    if (version == VRRP_V2 && in->ip->source.family == IP_FAMILY_IPV6)
        return PACKET_VERSION_ERROR;
    if (in->receiver != NULL && version != in->receiver->version)
        return PACKET_VERSION_ERROR;
    return in->advert->type == TYPE_ADVERT ? PACKET_OK : PACKET_INVALID_TYPE;
}

/* The length tells of it, and nothing else. Who cannot judge it takes one of the kind that is known
 * for one; a receiver without keys notes it, and drops it. */
static bool find_trailer(const struct reception *in)
{
    const uint8_t *trailer = in->payload + in->length;
    const struct packet_receiver *receiver = in->receiver;

    if (in->size != in->length + AUTH_TRAILER_SIZE)
        return false;
    in->advert->trailer = trailer;
    if (receiver != NULL && (receiver->trailers || !receiver->names_trailers))
        return receiver->trailers;
    return trailer[0] == TRAILER_HMAC && octets_be16(trailer + 2) == 0;
}

/* Row 4: exact, measured against the IP length; only then are the fields read. */
static enum packet_verdict read_fields(struct reception *in)
{
    const uint8_t *p = in->payload;
    struct advert *advert = in->advert;

    if (in->size < HEADER_SIZE)
        return PACKET_LENGTH_ERROR;
    advert->vrid = p[1];
    advert->priority = p[2];
    advert->count = p[3];
    advert->checksum = octets_be16(p + 6);
    advert->message = p;
    advert->addresses = p + HEADER_SIZE;
    if (advert->version == VRRP_V2) {
        advert->auth_type = p[4];
        advert->interval_ns = p[5] * NS_PER_SEC;
    } else {
        advert->interval_ns = (uint64_t)(octets_be16(p + 4) & INTERVAL_MASK) * 10 * NS_PER_MS;
    }
    in->length = HEADER_SIZE + advert->count * ip_family_size(in->ip->source.family) +
                 (size_t)(advert->version == VRRP_V2 ? V2_AUTH_SIZE : 0);
    if (in->size == in->length)
        return PACKET_OK;
    return find_trailer(in) ? PACKET_OK : PACKET_LENGTH_ERROR;
}

static bool accepts_kind(const struct packet_receiver *receiver, enum checksum_kind kind)
{
    if (receiver == NULL || !receiver->strict || kind == CHECKSUM_IPV6_PSEUDO_HEADER ||
        receiver->version == VRRP_V2)
        return true;
    switch (receiver->checksum_mode) {
    case CHECKSUM_MODE_RFC5798:
        return kind == CHECKSUM_IPV4_PSEUDO_HEADER;
    case CHECKSUM_MODE_RFC9568:
        return kind == CHECKSUM_MESSAGE_ONLY;
    case CHECKSUM_MODE_AUTO:
        break;
    }
    return true;
}

/* Row 5. For v3 over IPv4 both RFC 9568's and RFC 5798's form are known; with some sources the
 * pseudo-header sums to zero, and the same octets are right in both. A trailer is outside of it
 * over IPv4, and inside over IPv6. */
static enum packet_verdict check_checksum(const struct reception *in)
{
    bool ipv6 = in->ip->source.family == IP_FAMILY_IPV6;
    size_t covered = ipv6 ? in->size : in->length;
    uint64_t message = checksum_add(0, in->payload, covered);
    uint64_t pseudo = checksum_add_pseudo_header(message, &in->ip->source, &in->ip->destination,
                                                 VRRP_PROTOCOL, covered);
    bool alone = !ipv6 && checksum_finish(message) == 0;
    bool with_pseudo = in->advert->version == VRRP_V3 && checksum_finish(pseudo) == 0;
    enum checksum_kind kind = ipv6 ? CHECKSUM_IPV6_PSEUDO_HEADER : CHECKSUM_IPV4_PSEUDO_HEADER;

    if (!alone && !with_pseudo)
        return PACKET_CHECKSUM_ERROR;
    if (alone && (!with_pseudo || accepts_kind(in->receiver, CHECKSUM_MESSAGE_ONLY)))
        kind = CHECKSUM_MESSAGE_ONLY;
    in->advert->checksum_kind = kind;
    return accepts_kind(in->receiver, kind) ? PACKET_OK : PACKET_CHECKSUM_ERROR;
}

/* Rows 6 and 7. */
static enum packet_verdict check_router(struct reception *in)
{
    const struct packet_receiver *receiver = in->receiver;

    if (in->advert->vrid == 0)
        return PACKET_VRID_ERROR;
    if (receiver == NULL)
        return PACKET_OK;
    if (in->advert->vrid != receiver->vrid)
        return PACKET_VRID_ERROR;
    if (receiver->priority != PRIORITY_OWNER)
        return PACKET_OK;
    if (in->advert->version == VRRP_V2)
        return PACKET_OWNER;
    in->warnings |= PACKET_WARN_LOCAL_IS_OWNER;
    if (in->advert->priority == PRIORITY_OWNER)
        in->warnings |= PACKET_WARN_OWNER_CONFLICT;
    return PACKET_OK;
}

/* Rows 8 and 9. */
static enum packet_verdict check_first_address(struct reception *in)
{
    struct ip_address first;

    if (in->advert->count == 0 && in->receiver != NULL && in->receiver->address_count == 0)
        return PACKET_OK;
    if (in->advert->count == 0)
        return PACKET_NO_ADDRESSES;
    first = advert_address(in->advert, 0);
    if (first.family != IP_FAMILY_IPV6 || ip_address_is_link_local(&first))
        return PACKET_OK;
    if (in->receiver != NULL && in->receiver->strict)
        return PACKET_FIRST_ADDRESS_NOT_LINK_LOCAL;
    /* Erratum 8300. Dropping a peer's advert over this would make two masters. */
    in->warnings |= PACKET_WARN_FIRST_ADDRESS_NOT_LINK_LOCAL;
    return PACKET_OK;
}

/* Row 11. What a router without authentication sends there is not looked at (RFC 3768 5.3.10). */
static enum packet_verdict check_auth(const struct reception *in)
{
    const struct packet_auth *wanted = &in->receiver->auth;
    const uint8_t *data = in->payload + in->length - V2_AUTH_SIZE;

    switch (in->advert->auth_type) {
    case AUTH_NONE:
        return wanted->type == AUTH_NONE ? PACKET_OK : PACKET_AUTH_MISSING;
    case AUTH_PASSWORD:
        if (wanted->type == AUTH_NONE)
            return PACKET_AUTH_TYPE_ERROR;
        return memcmp(data, wanted->data, V2_AUTH_SIZE) == 0 ? PACKET_OK : PACKET_AUTH_FAILURE;
    default:
        return PACKET_AUTH_UNSUPPORTED;
    }
}

/* Rows 10 and 12. */
static enum packet_verdict check_interval(struct reception *in)
{
    const struct packet_receiver *receiver = in->receiver;
    const struct advert *advert = in->advert;

    if (advert->version == VRRP_V2 && receiver != NULL &&
        advert->interval_ns != receiver->advert_interval_ns)
        return PACKET_INTERVAL_ERROR;
    if (advert->interval_ns == 0)
        return PACKET_ZERO_INTERVAL;
    if (receiver != NULL && advert->interval_ns != receiver->advert_interval_ns)
        in->warnings |= PACKET_WARN_INTERVAL_MISMATCH;
    return PACKET_OK;
}

/* Row 13. None of ours: another cluster, whoever it may be. In part: dropping on a rolling change
 * of the configuration would make two masters. */
static enum packet_verdict check_addresses(struct reception *in)
{
    const struct packet_receiver *receiver = in->receiver;

    if (receiver == NULL)
        return PACKET_OK;
    /* Nothing is listed on this node: whoever has its VRID is one of its cluster. */
    if (receiver->address_count == 0) {
        in->warnings |= in->advert->count > 0 ? PACKET_WARN_ADDRESS_LIST_MISMATCH : 0u;
        return PACKET_OK;
    }
    switch (address_list_match(in->advert, receiver)) {
    case ADDRESS_LIST_SAME:
        return PACKET_OK;
    case ADDRESS_LIST_FOREIGN:
        return PACKET_FOREIGN_ADDRESSES;
    case ADDRESS_LIST_PART:
        break;
    }
    if (receiver->strict && in->advert->version == VRRP_V2 &&
        in->advert->priority != PRIORITY_OWNER)
        return PACKET_ADDRESS_LIST_ERROR;
    in->warnings |= PACKET_WARN_ADDRESS_LIST_MISMATCH;
    return PACKET_OK;
}

/* Last of all: what is wrong besides is told first. */
static enum packet_verdict check_trailer(const struct reception *in)
{
    if (in->receiver == NULL || in->receiver->trailers || in->advert->trailer == NULL)
        return PACKET_OK;
    return PACKET_TRAILER_UNEXPECTED;
}

static enum packet_verdict run_checks(struct reception *in)
{
    enum packet_verdict verdict = check_ip(in);

    if (verdict == PACKET_OK && in->size == 0)
        verdict = PACKET_LENGTH_ERROR;
    if (verdict == PACKET_OK)
        verdict = check_version(in);
    if (verdict == PACKET_OK)
        verdict = read_fields(in);
    if (verdict == PACKET_OK)
        verdict = check_checksum(in);
    if (verdict == PACKET_OK)
        verdict = check_router(in);
    if (verdict == PACKET_OK)
        verdict = check_first_address(in);
    if (verdict == PACKET_OK && in->receiver != NULL && in->advert->version == VRRP_V2)
        verdict = check_auth(in);
    if (verdict == PACKET_OK)
        verdict = check_interval(in);
    if (verdict == PACKET_OK)
        verdict = check_addresses(in);
    if (verdict == PACKET_OK)
        verdict = check_trailer(in);
    return verdict;
}

/* True when the verdict says that the sender speaks otherwise, and the former dialect is asked. */
static bool is_of_dialect(enum packet_verdict verdict)
{
    return verdict == PACKET_VERSION_ERROR || verdict == PACKET_INTERVAL_ERROR ||
           packet_verdict_is_auth(verdict);
}

/* The group of the receiver, or the RFC's. */
static struct ip_address group_of(const struct packet_receiver *receiver, enum ip_family family)
{
    if (receiver != NULL && receiver->group.family == family)
        return receiver->group;
    return ip_address_vrrp_group(family);
}

static enum packet_verdict judge(const struct packet_ip *ip, const uint8_t *payload, size_t size,
                                 const struct packet_receiver *receiver, struct advert *out,
                                 uint32_t *warnings)
{
    struct reception in = {.ip = ip,
                           .payload = payload,
                           .size = size,
                           .receiver = receiver,
                           .group = group_of(receiver, ip->source.family),
                           .advert = out};

    *out = (struct advert){.ip = *ip};
    enum packet_verdict verdict = run_checks(&in);
    if (warnings != NULL)
        *warnings = verdict == PACKET_OK ? in.warnings : 0;
    return verdict;
}

/* The receiver as it was before its last reload. */
static struct packet_receiver former_receiver(const struct packet_receiver *receiver)
{
    struct packet_receiver former = *receiver;

    former.version = receiver->former->version;
    former.auth = receiver->former->auth;
    former.advert_interval_ns = receiver->former->advert_interval_ns;
    return former;
}

enum packet_verdict packet_receive(const struct packet_ip *ip, const uint8_t *payload, size_t size,
                                   const struct packet_receiver *receiver, struct advert *out,
                                   uint32_t *warnings)
{
    enum packet_verdict verdict = judge(ip, payload, size, receiver, out, warnings);

    if (receiver == NULL || receiver->former == NULL || !is_of_dialect(verdict))
        return verdict;
    const struct packet_receiver former = former_receiver(receiver);
    struct advert advert;
    uint32_t odd = 0;
    if (judge(ip, payload, size, &former, &advert, &odd) != PACKET_OK)
        return verdict;
    *out = advert;
    out->former = true;
    if (warnings != NULL)
        *warnings = odd;
    return PACKET_OK;
}

enum packet_verdict packet_read(const struct packet_ip *ip, const uint8_t *payload, size_t size,
                                const struct ip_address *group, struct advert *out)
{
    struct reception in = {
        .ip = ip, .payload = payload, .size = size, .group = *group, .advert = out};

    *out = (struct advert){.ip = *ip};
    return run_checks(&in);
}
