/* Which messages and frames are worth a warning; see lan_warning.h. */
#include "lib/election/lan_warning.h"
#include "lib/packet/address_list.h"

#include <assert.h>
#include <string.h>

/* Adverts of ours are on their way for less. */
enum { INTERVALS_UNDER_WAY = 3 };

/* What its list says: another cluster, or a list that differs from ours. */
static bool judge_list(const struct advert *advert, const struct packet_receiver *receiver,
                       struct lan_sighting *out)
{
    enum address_list_match match = address_list_match(advert, receiver);

    if (match == ADDRESS_LIST_SAME || advert->count == 0)
        return false;
    out->kind = match == ADDRESS_LIST_FOREIGN ? LAN_DUPLICATE_VRID : LAN_ADDRESS_LISTS_DIFFER;
    out->address_count = address_list_strange(advert, receiver, &out->sample);
    out->missing_here = out->address_count > 0 || match == ADDRESS_LIST_FOREIGN;
    if (!out->missing_here)
        out->address_count = address_list_missing(advert, receiver, &out->sample);
    if (out->address_count == 0 && match == ADDRESS_LIST_FOREIGN) {
        out->address_count = advert->count;
        out->sample = advert_address(advert, 0);
    }
    return out->address_count > 0;
}

/* The advert as far as it can be judged: of another cluster also what our own version, interval or
 * authentication make us drop. NULL: it cannot. */
static const struct advert *readable(const struct lan_message *m, struct advert *storage)
{
    switch (m->verdict) {
    case PACKET_OK:
        /* Nearly always the list is ours, which has been found out already. */
        return (m->warnings & PACKET_WARN_ADDRESS_LIST_MISMATCH) != 0 ? m->advert : NULL;
    case PACKET_FOREIGN_ADDRESSES:
    case PACKET_AUTH_UNSUPPORTED:
    case PACKET_AUTH_TYPE_ERROR:
    case PACKET_AUTH_MISSING:
    case PACKET_AUTH_FAILURE:
    case PACKET_TRAILER_MISSING:
    case PACKET_TRAILER_UNKNOWN_KEY:
    case PACKET_TRAILER_INVALID_HMAC:
    case PACKET_TRAILER_UNEXPECTED:
    case PACKET_INTERVAL_ERROR:
    case PACKET_ADDRESS_LIST_ERROR:
        return m->advert;
    case PACKET_VERSION_ERROR:
        return packet_receive(m->ip, m->payload, m->size, NULL, storage, NULL) == PACKET_OK
                   ? storage
                   : NULL;
    default:
        return NULL;
    }
}

/* A second master beside us. */
static bool judge_master(const struct lan_message *m, struct lan_sighting *out)
{
    if (m->verdict != PACKET_OK || m->state != VRRP_MASTER || m->offering)
        return false;
    assert(m->advert != NULL);
    out->priority = m->advert->priority;
    out->is_signed = m->advert->trailer != NULL;
    out->kind = LAN_SECOND_MASTER;
    if (out->priority == m->own_priority)
        out->kind = LAN_EQUAL_PRIORITY;
    return out->priority != PRIORITY_RESIGN && out->priority <= m->own_priority;
}

/* A unicast message of a peer that has come to an address of ours, and not to our source. */
static bool judge_destination(const struct lan_message *m, struct lan_sighting *out)
{
    const struct packet_receiver *receiver = m->receiver;
    bool is_peer = false;

    if (m->verdict != PACKET_BAD_DESTINATION || !receiver->unicast ||
        receiver->source.family == IP_FAMILY_NONE || ip_address_is_multicast(&m->ip->destination))
        return false;
    for (size_t i = 0; i < receiver->peer_count; i++)
        is_peer = is_peer || ip_address_equal(&receiver->peers[i], &m->ip->source);
    out->kind = LAN_PEER_LISTS_OTHER;
    out->sample = m->ip->destination;
    return is_peer;
}

bool lan_judge_message(const struct lan_message *m, struct lan_sighting *out)
{
    struct advert storage;
    const struct advert *advert = readable(m, &storage);

    *out = (struct lan_sighting){.peer = m->ip->source};
    if (judge_master(m, out) || judge_destination(m, out))
        return true;
    if (advert == NULL)
        return false;
    out->priority = advert->priority;
    return judge_list(advert, m->receiver, out);
}

void lan_judge_own(const struct vrrp_frame *frame, bool mac_is_ours, uint64_t last_sent_at,
                   uint64_t interval_ns, uint64_t now, struct lan_sighting *out)
{
    bool we_send = last_sent_at != 0 && now - last_sent_at < INTERVALS_UNDER_WAY * interval_ns;

    *out = (struct lan_sighting){
        .kind = mac_is_ours && we_send ? LAN_LOOPED_PACKETS : LAN_DUPLICATE_NODE_ADDRESS,
        .peer = frame->source,
        .has_mac = true,
        .priority = frame->priority,
    };
    memcpy(out->mac, frame->mac, MAC_SIZE);
}
