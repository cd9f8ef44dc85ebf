/* See refused_peer.h. */
#include "lib/election/refused_peer.h"

#include "lib/packet/auth_text.h"

#include <stdio.h>
#include <string.h>

void refused_peer_sighting(const struct peer_mac *peer, uint64_t held_for_ns, uint64_t now,
                           struct lan_sighting *out)
{
    bool by_signature = packet_verdict_is_auth((enum packet_verdict)peer->verdict);

    *out = (struct lan_sighting){
        .kind = LAN_REFUSED_PEER,
        .peer = peer->source,
        .has_mac = by_signature ? peer->has_refused_mac : peer->has_mac,
        .verdict = (enum packet_verdict)peer->verdict,
        .version = peer->version,
        .delivered = peer->delivered,
    };
    memcpy(out->mac, by_signature ? peer->refused_mac : peer->mac, MAC_SIZE);
    if (peer->claimed.family == IP_FAMILY_NONE || now - peer->claimed_at > held_for_ns)
        return;
    out->sample = peer->claimed;
    out->address_count = 1;
}

/* What it does otherwise than this node. */
static void cause_text(const struct lan_sighting *s, const struct lan_subject *subject,
                       const char *peer, char *buffer, size_t size)
{
    switch (s->verdict) {
    case PACKET_VERSION_ERROR:
        snprintf(buffer, size, "%s speaks VRRP version %u, this node version %u", peer, s->version,
                 subject->version);
        break;
    case PACKET_AUTH_UNSUPPORTED:
        snprintf(buffer, size, "%s authenticates its adverts in a way that vipd does not know",
                 peer);
        break;
    case PACKET_AUTH_TYPE_ERROR:
        snprintf(buffer, size,
                 "%s sends a password (keepalived: auth_pass), this node expects none", peer);
        break;
    case PACKET_AUTH_MISSING:
        snprintf(buffer, size, "%s sends no password, this node expects one", peer);
        break;
    case PACKET_AUTH_FAILURE:
        snprintf(buffer, size, "%s sends another password than this node", peer);
        break;
    case PACKET_INTERVAL_ERROR:
        snprintf(buffer, size, "%s has another advert-interval than this node", peer);
        break;
    case PACKET_IP_TTL_ERROR:
        snprintf(buffer, size,
                 subject->unicast ? "adverts of %s have another TTL than unicast-min-ttl and "
                                    "unicast-max-ttl allow"
                                  : "adverts of %s have crossed a router (TTL below 255)",
                 peer);
        break;
    case PACKET_NOT_A_PEER:
        snprintf(buffer, size, "%s is not listed in unicast-peers here", peer);
        break;
    case PACKET_ADDRESS_LIST_ERROR:
        snprintf(buffer, size, "%s has other virtual addresses than this node", peer);
        break;
    default:
        snprintf(buffer, size,
                 s->delivered ? "adverts of %s, a router of this cluster, do not arrive any more"
                              : "adverts of %s, a router of this cluster, reach this machine and "
                                "not vipd",
                 peer);
        break;
    }
}

const char *refused_peer_text(const struct lan_sighting *sighting,
                              const struct lan_subject *subject, char *buffer, size_t size)
{
    char peer[ADDRESS_TEXT_SIZE + MAC_TEXT_SIZE + 4];
    char address[ADDRESS_TEXT_SIZE];
    char held[ADDRESS_TEXT_SIZE + 16] = "its adverts are dropped";
    char cause[200];
    bool holds = sighting->address_count > 0;
    const struct auth_text *trailer = auth_text_of_drop(sighting->verdict);

    ip_address_format(&sighting->peer, peer, ADDRESS_TEXT_SIZE);
    if (sighting->has_mac && packet_verdict_is_auth(sighting->verdict)) {
        size_t used = strlen(peer);
        char mac[MAC_TEXT_SIZE];

        snprintf(peer + used, sizeof(peer) - used, " (%s)",
                 mac_format(sighting->mac, mac, sizeof(mac)));
    }
    if (trailer != NULL)
        snprintf(cause, sizeof(cause), "%s %s", peer, trailer->cause);
    else
        cause_text(sighting, subject, peer, cause, sizeof(cause));
    if (holds)
        snprintf(held, sizeof(held), "both hold %s",
                 ip_address_format(&sighting->sample, address, sizeof(address)));
    snprintf(buffer, size, "%s: %s%s%s", cause, held, trailer != NULL ? "; " : "",
             trailer != NULL ? trailer->mend : "");
    return buffer;
}
