/* Policies, clocks and reloads of authenticated adverts; see authentication.h. */
#include "agent/instances/authentication.h"

#include "agent/base/clock.h"
#include "agent/instances/sequences.h"

#include <stdlib.h>

/* A stamp that is so far behind the last one is none of an advert that is captured late. */
#define SURELY_OLD (UINT64_C(1) << 32)

static struct auth_clock clock_now(void)
{
    return (struct auth_clock){.utc_ns = clock_wall_ns(), .boot_ns = clock_boot_ns()};
}

static bool policies_differ(const struct auth_policy *a, const struct auth_policy *b)
{
    if (a->keys == NULL && b->keys == NULL)
        return false;
    return a->mode != b->mode || a->rules.replay != b->rules.replay ||
           a->rules.window_s != b->rules.window_s || !auth_keys_equal(a->keys, b->keys);
}

/* Whether others are sent what they were sent before. */
static bool sends_alike(const struct auth_policy *a, const struct auth_policy *b)
{
    if (auth_signs(a) != auth_signs(b))
        return false;
    return !auth_signs(a) || auth_keys_id(a->keys, 0) == auth_keys_id(b->keys, 0);
}

static void end_former(struct authentication *auth)
{
    auth_keys_unref(auth->former_keys);
    auth->former_keys = NULL;
    auth->former = false;
}

/* Nodes are never reloaded at one and the same moment: whoever is followed goes on as it did. Of
 * several reloads that before the first counts. */
static void keep_former(struct authentication *auth, bool follows)
{
    if (!follows) {
        end_former(auth);
        return;
    }
    if (auth->former)
        return;
    auth->former = true;
    auth->former_policy = auth->policy;
    auth->former_keys = auth_keys_ref(auth->keys);
}

/* Room for what goes with keys. */
static bool make_room(struct authenticator *auth)
{
    if (auth->kept == NULL)
        auth->kept = calloc(1, sizeof(*auth->kept));
    if (auth->kept != NULL && auth->kept->peers == NULL)
        auth->kept->peers = calloc(1, sizeof(*auth->kept->peers));
    return auth->kept != NULL && auth->kept->peers != NULL;
}

bool authentication_read(struct authenticator *auth, const struct config_instance *config,
                         bool master)
{
    const struct auth_policy policy = config_auth(config);

    auth->lost = policy.keys != NULL && !make_room(auth);
    struct authentication *kept = auth->kept;
    if (kept == NULL)
        return false;
    bool changed = policies_differ(&kept->policy, &policy);
    bool matters = changed && !(master && sends_alike(&kept->policy, &policy));
    if (changed)
        keep_former(kept, !master && auth->heard.family != IP_FAMILY_NONE);
    auth_keys_unref(kept->keys);
    kept->keys = auth_keys_ref(config->secrets);
    kept->policy = policy;
    return matters;
}

const struct auth_policy *authentication_policy(const struct authenticator *auth)
{
    return auth->kept != NULL ? &auth->kept->policy : NULL;
}

void authentication_free(struct authenticator *auth)
{
    struct authentication *kept = auth->kept;

    if (kept != NULL) {
        sequences_end(kept);
        end_former(kept);
        auth_keys_unref(kept->keys);
        free(kept->peers);
        free(kept);
    }
    *auth = (struct authenticator){0};
}

bool authentication_expects_trailers(const struct authenticator *auth)
{
    const struct authentication *kept = auth->kept;

    return kept != NULL &&
           (kept->policy.keys != NULL || (kept->former && kept->former_policy.keys != NULL));
}

/* Where it goes is in the checksum alone, which is not signed. */
static const uint8_t *sign(const struct authentication *auth, const struct packet_spec *spec,
                           uint64_t sequence, uint8_t trailer[AUTH_TRAILER_SIZE])
{
    struct packet_spec unsigned_spec = *spec;
    uint8_t message[ADVERT_BUFFER_SIZE];

    unsigned_spec.destination = spec->source;
    unsigned_spec.trailer = NULL;
    size_t size = packet_build(&unsigned_spec, message, sizeof(message));
    auth_trailer_make(auth->keys, spec, message, size, sequence, trailer);
    return trailer;
}

const uint8_t *authentication_sign(struct authenticator *auth, const struct packet_spec *spec,
                                   uint8_t trailer[AUTH_TRAILER_SIZE])
{
    struct authentication *kept = auth->kept;

    if (kept == NULL || !auth_signs(&kept->policy))
        return NULL;
    const struct auth_clock now = clock_now();
    uint64_t sequence = auth_sender_next(&kept->sender, &kept->policy.rules, now.utc_ns);
    sequences_note(kept, now.utc_ns, now.boot_ns);
    return sign(kept, spec, sequence, trailer);
}

const uint8_t *authentication_sign_again(struct authenticator *auth, const struct packet_spec *spec,
                                         uint8_t trailer[AUTH_TRAILER_SIZE])
{
    struct authentication *kept = auth->kept;
    uint64_t sequence;

    if (kept == NULL || !auth_signs(&kept->policy))
        return NULL;
    const struct auth_clock now = clock_now();
    if (!auth_sender_steady(&kept->sender, &kept->policy.rules, &now, &sequence))
        return NULL;
    return sign(kept, spec, sequence, trailer);
}

/* By the policy that is in force. */
static enum packet_verdict judge(struct authenticator *auth, const struct advert *advert,
                                 enum packet_verdict verdict)
{
    struct authentication *kept = auth->kept;

    /* Out of memory: nothing can be told from a replay. */
    if (auth->lost)
        return PACKET_TRAILER_STALE;
    if (kept == NULL || kept->policy.keys == NULL)
        return advert->trailer != NULL ? PACKET_TRAILER_UNEXPECTED : verdict;
    const struct auth_clock now = clock_now();
    enum auth_outcome outcome =
        auth_peers_receive(kept->peers, &kept->policy, advert, verdict, &now);
    sequences_note(kept, now.utc_ns, now.boot_ns);
    return auth_outcome_verdict(outcome);
}

bool authentication_refuses(struct authenticator *auth, const struct advert *advert,
                            const uint8_t mac[MAC_SIZE])
{
    struct authentication *kept = auth->kept;

    if (kept == NULL || kept->policy.keys == NULL || kept->former)
        return false;
    const struct auth_clock now = clock_now();
    const struct auth_peer *peer =
        kept->peers != NULL ? auth_peers_find(kept->peers, &advert->ip.source) : NULL;
    struct auth_mark mark = peer != NULL ? peer->mark : (struct auth_mark){0};
    enum auth_outcome outcome = auth_judge(&kept->policy, advert, &mark, &now);
    if (advert->trailer == NULL || (outcome != AUTH_OK && outcome != AUTH_REPLAYED))
        return auth_outcome_verdict(outcome) != PACKET_OK;
    uint64_t sequence = auth_trailer_sequence(advert->trailer);
    bool repeats = auth_origin_repeats(&kept->origin, &advert->ip.source, sequence, mac);
    if (outcome == AUTH_OK)
        return false;
    return repeats || (mark.set && !auth_sequence_after(sequence + SURELY_OLD, mark.sequence));
}

/* By that of before the reload, from the one sender that was followed. */
static bool is_former(struct authenticator *auth, const struct advert *advert)
{
    struct authentication *kept = auth->kept;

    if (kept == NULL || !kept->former || !ip_address_equal(&advert->ip.source, &auth->heard))
        return false;
    /* One that signed does not begin to send without. */
    if (advert->trailer == NULL && auth->heard_signed)
        return false;
    if (kept->former_policy.keys == NULL)
        return advert->trailer == NULL;
    const struct auth_clock now = clock_now();
    return kept->peers != NULL &&
           auth_outcome_verdict(auth_peers_receive(kept->peers, &kept->former_policy, advert,
                                                   PACKET_OK, &now)) == PACKET_OK;
}

enum packet_verdict authentication_receive(struct authenticator *auth, const struct advert *advert,
                                           enum packet_verdict verdict, bool master)
{
    struct authentication *kept = auth->kept;

    if (kept != NULL && master && kept->former)
        end_former(kept);
    if (verdict != PACKET_OK)
        return verdict;
    verdict = judge(auth, advert, verdict);
    bool as_configured = verdict == PACKET_OK;
    if (!as_configured && is_former(auth, advert))
        verdict = PACKET_OK;
    if (verdict != PACKET_OK)
        return verdict;
    /* Signed, or no signature is known any more: the time of the former is over. */
    if (kept != NULL && as_configured && (advert->trailer != NULL || kept->policy.keys == NULL))
        end_former(kept);
    auth->heard = advert->ip.source;
    auth->heard_signed = advert->trailer != NULL;
    return PACKET_OK;
}
