/* Senders of adverts and their machines; see peer_macs.h. */
#include "lib/election/peer_macs.h"

#include <string.h>

bool peer_macs_tells(enum packet_verdict verdict)
{
    switch (verdict) {
    case PACKET_OK:
    case PACKET_NOT_A_PEER:
    case PACKET_IP_TTL_ERROR:
    case PACKET_VERSION_ERROR:
    case PACKET_INTERVAL_ERROR:
    case PACKET_ADDRESS_LIST_ERROR:
        return true;
    default:
        return packet_verdict_is_auth(verdict);
    }
}

/* The room: it is not there. */
static size_t find(const struct peer_macs *peers, const struct ip_address *source)
{
    size_t i = 0;

    while (i < peers->room && !ip_address_equal(&peers->list[i].source, source))
        i++;
    return i;
}

const struct peer_mac *peer_macs_source(const struct peer_macs *peers,
                                        const struct ip_address *source)
{
    size_t i = find(peers, source);

    return i < peers->room ? &peers->list[i] : NULL;
}

size_t peer_macs_room(const struct peer_macs *peers, const struct ip_address *source)
{
    static const struct ip_address nobody = {0};

    if (peers->room == 0)
        return 1;
    if (find(peers, source) < peers->room || find(peers, &nobody) < peers->room)
        return peers->room;
    return PEER_MACS;
}

/* True when a is to go rather than b. */
static bool goes_first(const struct peer_mac *a, const struct peer_mac *b)
{
    bool a_free = a->source.family == IP_FAMILY_NONE;
    bool b_free = b->source.family == IP_FAMILY_NONE;

    if (a_free != b_free)
        return a_free;
    if (a->accepted != b->accepted)
        return b->accepted;
    return a->heard_at < b->heard_at;
}

/* Its entry, made in the place of another where there is none. NULL: nobody is to go for it. */
static struct peer_mac *enter(struct peer_macs *peers, const struct ip_address *source)
{
    size_t known = find(peers, source);
    size_t victim = 0;

    if (known < peers->room)
        return &peers->list[known];
    if (source->family == IP_FAMILY_NONE || peers->room == 0)
        return NULL;
    for (size_t i = 1; i < peers->room; i++)
        if (goes_first(&peers->list[i], &peers->list[victim]))
            victim = i;
    peers->list[victim] = (struct peer_mac){.source = *source, .verdict = PACKET_OK};
    return &peers->list[victim];
}

void peer_macs_hear(struct peer_macs *peers, const struct ip_address *source,
                    enum packet_verdict verdict, uint8_t version, uint64_t now)
{
    struct peer_mac *entry = peer_macs_tells(verdict) ? enter(peers, source) : NULL;

    if (entry == NULL)
        return;
    entry->verdict = (uint8_t)verdict;
    entry->version = version;
    entry->delivered = true;
    entry->accepted = entry->accepted || verdict == PACKET_OK;
    entry->heard_at = now;
    bool known = entry->has_refused_mac && now - entry->refused_at <= PEER_MAC_KNOWN_NS;
    if (packet_verdict_is_auth(verdict) && !known)
        entry->looks = PEER_MAC_LOOKS;
}

void peer_macs_frame(struct peer_macs *peers, const struct ip_address *source,
                     const uint8_t mac[MAC_SIZE], bool refused, uint64_t now)
{
    struct peer_mac *entry = enter(peers, source);

    if (entry == NULL)
        return;
    entry->heard_at = now;
    entry->looks -= entry->looks > 0 ? 1 : 0;
    if (refused) {
        memcpy(entry->refused_mac, mac, MAC_SIZE);
        entry->has_refused_mac = true;
        entry->refused_at = now;
        entry->looks = 0;
    }
    /* Who was never accepted from there is the only one that is known. */
    if (refused && (entry->has_mac || entry->accepted))
        return;
    memcpy(entry->mac, mac, MAC_SIZE);
    entry->has_mac = true;
}

/* The room: there is none. */
static size_t place_of_mac(const struct peer_macs *peers, const uint8_t mac[MAC_SIZE])
{
    size_t i = 0;

    while (i < peers->room &&
           (peers->list[i].source.family == IP_FAMILY_NONE || !peers->list[i].has_mac ||
            memcmp(peers->list[i].mac, mac, MAC_SIZE) != 0))
        i++;
    return i;
}

const struct peer_mac *peer_macs_machine(const struct peer_macs *peers, const uint8_t mac[MAC_SIZE])
{
    size_t i = place_of_mac(peers, mac);

    return i < peers->room ? &peers->list[i] : NULL;
}

struct peer_mac *peer_macs_claim(struct peer_macs *peers, const uint8_t mac[MAC_SIZE],
                                 const struct ip_address *address, uint64_t now)
{
    size_t i = place_of_mac(peers, mac);

    if (i == peers->room)
        return NULL;
    peers->list[i].claimed = *address;
    peers->list[i].claimed_at = now;
    return &peers->list[i];
}

const struct ip_address *peer_macs_unknown(const struct peer_macs *peers)
{
    const struct peer_mac *best = NULL;

    for (size_t i = 0; i < peers->room; i++) {
        const struct peer_mac *entry = &peers->list[i];

        if (entry->source.family == IP_FAMILY_NONE || (entry->has_mac && entry->looks == 0))
            continue;
        if (best == NULL || goes_first(best, entry))
            best = entry;
    }
    return best != NULL ? &best->source : NULL;
}
