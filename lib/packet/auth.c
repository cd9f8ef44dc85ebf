/* Trailers, made and judged; see auth.h. */
#include "lib/packet/auth.h"

#include "lib/octets.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum {
    SCHEME_HMAC_SHA256 = 1,
    SCHEME_AT = 0,
    KEY_AT = 1,
    RESERVED_AT = 2,
    SEQUENCE_AT = 4,
    TAG_AT = AUTH_TRAILER_SIZE - AUTH_TAG_SIZE,
    PSEUDO_SIZE = 20,
    PSEUDO_SOURCE_AT = 4,
    /* Of the message, read as zeros. */
    CHECKSUM_AT = 6,
    CHECKSUM_SIZE = 2,
};

/* Whose message it is, as both sides know it. */
struct origin {
    uint8_t version;
    uint8_t vrid;
    const struct ip_address *source;
};

const char *auth_outcome_name(enum auth_outcome outcome)
{
    static const char *const names[AUTH_OUTCOMES] = {
        [AUTH_OK] = "ok",
        [AUTH_OK_UNAUTHENTICATED] = "ok_unauthenticated",
        [AUTH_TRAILER_MISSING] = "missing",
        [AUTH_MALFORMED] = "malformed",
        [AUTH_UNKNOWN_KEY] = "unknown_key",
        [AUTH_BAD_HMAC] = "bad_hmac",
        [AUTH_STALE] = "stale",
        [AUTH_REPLAYED] = "replay",
    };

    assert(outcome < AUTH_OUTCOMES);
    return names[outcome];
}

const char *auth_mode_name(enum auth_mode mode)
{
    static const char *const names[] = {
        [AUTH_RECEIVE_ONLY] = "receive-only",
        [AUTH_PERMISSIVE] = "permissive",
        [AUTH_ENFORCE] = "enforce",
    };

    assert(mode <= AUTH_ENFORCE);
    return names[mode];
}

enum packet_verdict auth_outcome_verdict(enum auth_outcome outcome)
{
    static const enum packet_verdict verdicts[AUTH_OUTCOMES] = {
        [AUTH_OK] = PACKET_OK,
        [AUTH_OK_UNAUTHENTICATED] = PACKET_OK,
        [AUTH_TRAILER_MISSING] = PACKET_TRAILER_MISSING,
        [AUTH_MALFORMED] = PACKET_TRAILER_MALFORMED,
        [AUTH_UNKNOWN_KEY] = PACKET_TRAILER_UNKNOWN_KEY,
        [AUTH_BAD_HMAC] = PACKET_TRAILER_INVALID_HMAC,
        [AUTH_STALE] = PACKET_TRAILER_STALE,
        [AUTH_REPLAYED] = PACKET_TRAILER_REPLAY,
    };

    assert(outcome < AUTH_OUTCOMES);
    return verdicts[outcome];
}

/* The tag over a message and the trailer behind it, up to its own place. */
static bool tag_of(const struct auth_keys *keys, const struct origin *origin,
                   const uint8_t *message, size_t size, const uint8_t *trailer,
                   uint8_t tag[AUTH_TAG_SIZE])
{
    static const uint8_t zeros[AUTH_TAG_SIZE];
    const struct ip_address *source = origin->source;
    uint8_t pseudo[PSEUDO_SIZE] = {0};
    const struct auth_piece pieces[] = {
        {pseudo, sizeof(pseudo)},
        {message, CHECKSUM_AT},
        {zeros, CHECKSUM_SIZE},
        {message + CHECKSUM_AT + CHECKSUM_SIZE, size - CHECKSUM_AT - CHECKSUM_SIZE},
        {trailer, TAG_AT},
        {zeros, AUTH_TAG_SIZE},
    };

    pseudo[0] = source->family == IP_FAMILY_IPV6 ? 6 : 4;
    pseudo[1] = origin->version;
    pseudo[2] = origin->vrid;
    memcpy(pseudo + PSEUDO_SOURCE_AT, source->octets, ip_family_size(source->family));
    return auth_keys_tag(keys, trailer[KEY_AT], pieces, sizeof(pieces) / sizeof(pieces[0]), tag);
}

void auth_trailer_make(const struct auth_keys *keys, const struct packet_spec *spec,
                       const uint8_t *message, size_t size, uint64_t sequence,
                       uint8_t trailer[AUTH_TRAILER_SIZE])
{
    const struct origin origin = {(uint8_t)spec->version, spec->vrid, &spec->source};

    memset(trailer, 0, AUTH_TRAILER_SIZE);
    trailer[SCHEME_AT] = SCHEME_HMAC_SHA256;
    trailer[KEY_AT] = auth_keys_id(keys, 0);
    octets_put_be32(trailer + SEQUENCE_AT, (uint32_t)(sequence >> 32));
    octets_put_be32(trailer + SEQUENCE_AT + 4, (uint32_t)sequence);
    (void)tag_of(keys, &origin, message, size, trailer, trailer + TAG_AT);
}

uint8_t auth_trailer_key(const uint8_t trailer[AUTH_TRAILER_SIZE])
{
    return trailer[KEY_AT];
}

uint64_t auth_trailer_sequence(const uint8_t trailer[AUTH_TRAILER_SIZE])
{
    return (uint64_t)octets_be32(trailer + SEQUENCE_AT) << 32 |
           octets_be32(trailer + SEQUENCE_AT + 4);
}

/* Of an advert that has one. */
static enum auth_outcome judge_tag(const struct auth_keys *keys, const struct advert *advert)
{
    const struct origin origin = {advert->version, advert->vrid, &advert->ip.source};
    const uint8_t *trailer = advert->trailer;
    uint8_t tag[AUTH_TAG_SIZE];

    if (trailer[SCHEME_AT] != SCHEME_HMAC_SHA256 || octets_be16(trailer + RESERVED_AT) != 0)
        return AUTH_MALFORMED;
    if (!tag_of(keys, &origin, advert->message, (size_t)(trailer - advert->message), trailer, tag))
        return AUTH_UNKNOWN_KEY;
    return sodium_memcmp(tag, trailer + TAG_AT, AUTH_TAG_SIZE) == 0 ? AUTH_OK : AUTH_BAD_HMAC;
}

enum auth_outcome auth_judge(const struct auth_policy *policy, const struct advert *advert,
                             struct auth_mark *mark, const struct auth_clock *now)
{
    if (advert->trailer == NULL)
        return policy->mode == AUTH_ENFORCE ? AUTH_TRAILER_MISSING : AUTH_OK_UNAUTHENTICATED;
    enum auth_outcome outcome = judge_tag(policy->keys, advert);
    if (outcome != AUTH_OK)
        return outcome;
    switch (auth_mark_judge(mark, &policy->rules, auth_trailer_sequence(advert->trailer),
                            advert->interval_ns, now)) {
    case AUTH_OLD_OR_AHEAD:
        return AUTH_STALE;
    case AUTH_SEEN:
        return AUTH_REPLAYED;
    case AUTH_FRESH:
        break;
    }
    return AUTH_OK;
}
