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
static void keep_former(struct authentication *auth, bool master)
{
    if (master || auth->heard.family == IP_FAMILY_NONE) {
        end_former(auth);
        return;
    }
    if (auth->former)
        return;
    auth->former = true;
    auth->former_policy = auth->policy;
    auth->former_keys = auth_keys_ref(auth->keys);
}

bool authentication_read(struct authentication *auth, const struct config_instance *config,
                         bool master)
{
    const struct auth_policy policy = config_auth(config);

    if (policy.keys != NULL && auth->peers == NULL)
        auth->peers = calloc(1, sizeof(*auth->peers));
    bool changed = policies_differ(&auth->policy, &policy);
    bool matters = changed && !(master && sends_alike(&auth->policy, &policy));
    if (changed)
        keep_former(auth, master);
    auth_keys_unref(auth->keys);
    auth->keys = auth_keys_ref(config->secrets);
    auth->policy = policy;
    return matters;
}

void authentication_free(struct authentication *auth)
{
    sequences_end(auth);
    end_former(auth);
    auth_keys_unref(auth->keys);
    free(auth->peers);
    *auth = (struct authentication){0};
}

bool authentication_expects_trailers(const struct authentication *auth)
{
    return auth->policy.keys != NULL || (auth->former && auth->former_policy.keys != NULL);
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

const uint8_t *authentication_sign(struct authentication *auth, const struct packet_spec *spec,
                                   uint8_t trailer[AUTH_TRAILER_SIZE])
{
    if (!auth_signs(&auth->policy))
        return NULL;
    const struct auth_clock now = clock_now();
    uint64_t sequence = auth_sender_next(&auth->sender, &auth->policy.rules, now.utc_ns);
    sequences_note(auth, now.utc_ns, now.boot_ns);
    return sign(auth, spec, sequence, trailer);
}

const uint8_t *authentication_sign_again(struct authentication *auth,
                                         const struct packet_spec *spec,
                                         uint8_t trailer[AUTH_TRAILER_SIZE])
{
    const struct auth_clock now = clock_now();
    uint64_t sequence;

    if (!auth_signs(&auth->policy) ||
        !auth_sender_steady(&auth->sender, &auth->policy.rules, &now, &sequence))
        return NULL;
    return sign(auth, spec, sequence, trailer);
}

/* By the policy that is in force. */
static enum packet_verdict judge(struct authentication *auth, const struct advert *advert,
                                 enum packet_verdict verdict)
{
    const struct auth_clock now = clock_now();

    if (auth->policy.keys == NULL)
        return advert->trailer != NULL ? PACKET_TRAILER_UNEXPECTED : verdict;
    /* Out of memory: nothing can be told from a replay. */
    if (auth->peers == NULL)
        return PACKET_TRAILER_STALE;
    enum auth_outcome outcome =
        auth_peers_receive(auth->peers, &auth->policy, advert, verdict, &now);
    sequences_note(auth, now.utc_ns, now.boot_ns);
    return auth_outcome_verdict(outcome);
}

bool authentication_refuses(struct authentication *auth, const struct advert *advert,
                            const uint8_t mac[MAC_SIZE])
{
    const struct auth_clock now = clock_now();
    const struct auth_peer *peer =
        auth->peers != NULL ? auth_peers_find(auth->peers, &advert->ip.source) : NULL;
    struct auth_mark mark = peer != NULL ? peer->mark : (struct auth_mark){0};

    if (auth->policy.keys == NULL || auth->former)
        return false;
    enum auth_outcome outcome = auth_judge(&auth->policy, advert, &mark, &now);
    if (advert->trailer == NULL || (outcome != AUTH_OK && outcome != AUTH_REPLAYED))
        return auth_outcome_verdict(outcome) != PACKET_OK;
    uint64_t sequence = auth_trailer_sequence(advert->trailer);
    bool repeats = auth_origin_repeats(&auth->origin, &advert->ip.source, sequence, mac);
    if (outcome == AUTH_OK)
        return false;
    return repeats || (mark.set && !auth_sequence_after(sequence + SURELY_OLD, mark.sequence));
}

/* By that of before the reload, from the one sender that was followed. */
static bool is_former(struct authentication *auth, const struct advert *advert)
{
    const struct auth_clock now = clock_now();

    if (!auth->former || !ip_address_equal(&advert->ip.source, &auth->heard))
        return false;
    /* One that signed does not begin to send without. */
    if (advert->trailer == NULL && auth->heard_signed)
        return false;
    if (auth->former_policy.keys == NULL)
        return advert->trailer == NULL;
    return auth->peers != NULL &&
           auth_outcome_verdict(auth_peers_receive(auth->peers, &auth->former_policy, advert,
                                                   PACKET_OK, &now)) == PACKET_OK;
}

enum packet_verdict authentication_receive(struct authentication *auth, const struct advert *advert,
                                           enum packet_verdict verdict, bool master)
{
    if (master && auth->former)
        end_former(auth);
    if (verdict != PACKET_OK)
        return verdict;
    verdict = judge(auth, advert, verdict);
    bool as_configured = verdict == PACKET_OK;
    if (!as_configured && is_former(auth, advert))
        verdict = PACKET_OK;
    if (verdict != PACKET_OK)
        return verdict;
    /* Signed, or no signature is known any more: the time of the former is over. */
    if (as_configured && (advert->trailer != NULL || auth->policy.keys == NULL))
        end_former(auth);
    auth->heard = advert->ip.source;
    auth->heard_signed = advert->trailer != NULL;
    return PACKET_OK;
}
