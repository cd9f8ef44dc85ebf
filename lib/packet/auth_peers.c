/* Senders and their marks; see auth_peers.h. */
#include "lib/packet/auth_peers.h"

#include <stddef.h>

/* AUTH_PEERS_MAX: it has none. */
static size_t place_of(const struct auth_peers *peers, const struct ip_address *address)
{
    size_t i = 0;

    while (i < AUTH_PEERS_MAX && !ip_address_equal(&peers->list[i].address, address))
        i++;
    return i;
}

const struct auth_peer *auth_peers_find(const struct auth_peers *peers,
                                        const struct ip_address *address)
{
    size_t i = place_of(peers, address);

    return i < AUTH_PEERS_MAX ? &peers->list[i] : NULL;
}

/* True when a is to go rather than b: free, never genuine, longest unheard. */
static bool goes_first(const struct auth_peer *a, const struct auth_peer *b)
{
    bool a_free = a->address.family == IP_FAMILY_NONE;
    bool b_free = b->address.family == IP_FAMILY_NONE;

    if (a_free != b_free)
        return a_free;
    if (a->mark.set != b->mark.set)
        return b->mark.set;
    return a->last_utc_ns < b->last_utc_ns;
}

/* Its place, made in that of another where there is none. What is not genuine takes none from a
 * sender with a key: then it is one of the others. */
static struct auth_peer *enter(struct auth_peers *peers, const struct ip_address *address,
                               bool genuine)
{
    size_t known = place_of(peers, address);
    size_t victim = 0;

    if (known < AUTH_PEERS_MAX)
        return &peers->list[known];
    for (size_t i = 1; i < AUTH_PEERS_MAX; i++)
        if (goes_first(&peers->list[i], &peers->list[victim]))
            victim = i;
    struct auth_peer *place =
        peers->list[victim].mark.set && !genuine ? &peers->others : &peers->list[victim];
    if (place == &peers->others)
        place->address = *address;
    else
        *place = (struct auth_peer){.address = *address};
    return place;
}

void auth_peers_set(struct auth_peers *peers, const struct ip_address *address, uint64_t sequence)
{
    enter(peers, address, true)->mark = (struct auth_mark){.set = true, .sequence = sequence};
}

/* The tag was right. */
static bool is_genuine(enum auth_outcome outcome, const struct advert *advert)
{
    return advert->trailer != NULL &&
           (outcome == AUTH_OK || outcome == AUTH_STALE || outcome == AUTH_REPLAYED);
}

static void count(struct auth_peer *peer, const struct advert *advert, enum auth_outcome outcome,
                  const struct auth_clock *now)
{
    peer->by_outcome[outcome]++;
    peer->last = outcome;
    peer->last_utc_ns = now->utc_ns;
    peer->key_id = advert->trailer != NULL ? auth_trailer_key(advert->trailer) : 0;
    if (is_genuine(outcome, advert))
        peer->ahead_s = (int32_t)((uint32_t)(auth_trailer_sequence(advert->trailer) >> 32) -
                                  (uint32_t)(now->utc_ns / NS_PER_SEC));
}

enum auth_outcome auth_peers_receive(struct auth_peers *peers, const struct auth_policy *policy,
                                     const struct advert *advert, enum packet_verdict read,
                                     const struct auth_clock *now)
{
    const struct auth_peer *known = auth_peers_find(peers, &advert->ip.source);
    struct auth_mark mark = {0};

    if (known != NULL)
        mark = known->mark;
    enum auth_outcome outcome = auth_judge(policy, advert, &mark, now);
    if (read != PACKET_OK)
        return outcome;
    if (outcome == AUTH_OK)
        auth_mark_raise(&mark, &policy->rules, auth_trailer_sequence(advert->trailer), now);
    struct auth_peer *peer = enter(peers, &advert->ip.source, is_genuine(outcome, advert));
    if (peer != &peers->others)
        peer->mark = mark;
    count(peer, advert, outcome, now);
    return outcome;
}
