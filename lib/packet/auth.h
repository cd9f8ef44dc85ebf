/*
 * Authenticated adverts: a trailer of 28 octets behind the VRRP message, with HMAC-SHA256 over
 * both and over the sender's address (keepalived 2.4.3's auth_hmac,
 * draft-cassen-vrrp-auth-hmac). It names a key, has a sequence that only grows, and a tag.
 *
 * auth_keys.h has the keys, auth_sequence.h what is fresh; here trailers are found, made and
 * judged. auth_peers.h remembers senders. No I/O, no clock, nothing is allocated for a packet.
 */
#ifndef VIP_PACKET_AUTH_H
#define VIP_PACKET_AUTH_H

#include "lib/packet/auth_keys.h"
#include "lib/packet/auth_sequence.h"
#include "lib/packet/packet.h"

/* What becomes of adverts with and without a trailer. One that is wrong is always dropped. */
enum auth_mode {
    AUTH_RECEIVE_ONLY = 0, /* sends none, takes both */
    AUTH_PERMISSIVE,       /* sends it, takes both */
    AUTH_ENFORCE,          /* sends it, demands it */
} __attribute__((packed));

/* How an instance authenticates. */
struct auth_policy {
    const struct auth_keys *keys; /* NULL: not at all */
    enum auth_mode mode;
    struct auth_rules rules;
};

/* What authentication says of one advert. */
enum auth_outcome {
    AUTH_OK = 0,
    AUTH_OK_UNAUTHENTICATED, /* no trailer, and none is demanded */
    AUTH_TRAILER_MISSING,
    AUTH_MALFORMED,
    AUTH_UNKNOWN_KEY,
    AUTH_BAD_HMAC,
    AUTH_STALE, /* the tag is right: a peer with another clock, or an old capture */
    AUTH_REPLAYED,
    AUTH_OUTCOMES, /* how many there are */
};

/* "ok", "bad_hmac". Static text. */
const char *auth_outcome_name(enum auth_outcome outcome);

/* "receive-only", "permissive", "enforce", as in a configuration. Static text. */
const char *auth_mode_name(enum auth_mode mode);

/* PACKET_OK, or what it is dropped for. */
enum packet_verdict auth_outcome_verdict(enum auth_outcome outcome);

/* True for a policy by which adverts go out with a trailer. */
static inline bool auth_signs(const struct auth_policy *policy)
{
    return policy->keys != NULL && policy->mode != AUTH_RECEIVE_ONLY;
}

/* Makes the trailer of a built message (packet_build()), by the first key. Its checksum does not
 * matter, nor where it is sent: one trailer serves for all copies. */
void auth_trailer_make(const struct auth_keys *keys, const struct packet_spec *spec,
                       const uint8_t *message, size_t size, uint64_t sequence,
                       uint8_t trailer[AUTH_TRAILER_SIZE]);

/* The id of the key and the sequence that a trailer names. */
uint8_t auth_trailer_key(const uint8_t trailer[AUTH_TRAILER_SIZE]);
uint64_t auth_trailer_sequence(const uint8_t trailer[AUTH_TRAILER_SIZE]);

/*
 * Judges an advert that packet_receive() has read: trailer, key, tag, then freshness against the
 * mark of its sender. The mark is raised by auth_mark_raise() once nothing else drops the advert.
 * In this order only who holds a key can be called stale or replayed.
 */
enum auth_outcome auth_judge(const struct auth_policy *policy, const struct advert *advert,
                             struct auth_mark *mark, const struct auth_clock *now);

#endif
