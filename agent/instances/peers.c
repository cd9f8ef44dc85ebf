/* Peers and their machines; see peers.h. */
#include "agent/instances/peers.h"

#include "agent/base/clock.h"
#include "lib/election/refused_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for one that is heard. Without memory those that are known make room, if there are
 * any.
 */
static struct peer_macs *peers_for(struct router *router, const struct ip_address *source)
{
    struct peer_macs *peers = &router->peer_macs;
    size_t room = peer_macs_room(peers, source);

    if (room == peers->room)
        return peers;
    struct peer_mac *list = realloc(peers->list, room * sizeof(*list));
    if (list == NULL)
        return peers;
    memset(&list[peers->room], 0, (room - peers->room) * sizeof(*list));
    *peers = (struct peer_macs){.list = list, .room = room};
    return peers;
}

/* Has the frames of one sender captured whose machine is not known. */
static void learn(struct router *router)
{
    static const struct ip_address nobody = {0};
    const struct ip_address *unknown = peer_macs_unknown(&router->peer_macs);

    unknown = unknown != NULL ? unknown : &nobody;
    if (ip_address_equal(unknown, &router->client.learn))
        return;
    router->client.learn = *unknown;
    segment_watch(&router->client);
}

bool router_peers_message(struct router *router, const struct packet_ip *ip,
                          enum packet_verdict verdict, const struct advert *advert,
                          struct lan_sighting *out)
{
    uint64_t now = clock_boot_ns();

    if (!peer_macs_tells(verdict))
        return false;
    struct peer_macs *peers = peers_for(router, &ip->source);
    peer_macs_hear(peers, &ip->source, verdict, advert->version, now);
    learn(router);
    const struct peer_mac *peer = peer_macs_source(peers, &ip->source);
    if (verdict == PACKET_OK || peer == NULL)
        return false;
    refused_peer_sighting(peer, router->config->conflict_quiet_ns, now, out);
    return true;
}

/* As receive_message(), but that nothing comes of it. */
static bool is_refused(struct router *router, const struct vrrp_frame *frame)
{
    struct packet_receiver receiver = router->receiver;
    const uint8_t *payload;
    struct packet_ip ip;
    struct advert advert;
    size_t size;

    if (packet_split_ip(frame->packet, frame->packet_size, &ip, &payload, &size) != PACKET_OK)
        return false;
    receiver.own = &ip.destination;
    receiver.own_count = receiver.unicast ? 1 : 0;
    enum packet_verdict verdict = packet_receive(&ip, payload, size, &receiver, &advert, NULL);
    if (verdict != PACKET_OK)
        return packet_verdict_is_auth(verdict);
    return authentication_refuses(&router->auth, &advert, frame->mac);
}

void router_peers_frame(struct router *router, const struct vrrp_frame *frame)
{
    struct peer_macs *peers = peers_for(router, &frame->source);

    peer_macs_frame(peers, &frame->source, frame->mac, is_refused(router, frame), clock_boot_ns());
    learn(router);
}

/* A search for the link of this node that has a MAC. */
struct own_search {
    const struct links *links;
    const uint8_t *mac;
    const struct link *found;
};

static bool look_at_link(void *userdata, const struct observed_address *address)
{
    struct own_search *search = userdata;
    const struct link *link = links_by_index(search->links, address->ifindex);

    if (link != NULL && link->has_mac && memcmp(link->mac, search->mac, MAC_SIZE) == 0)
        search->found = link;
    return search->found == NULL;
}

static const struct link *own_link(const struct router *router, const uint8_t mac[MAC_SIZE])
{
    struct own_search search = {.links = router->node->links, .mac = mac};

    links_each_address(router->node->links, 0, look_at_link, &search);
    return search.found;
}

bool router_peers_claim(struct router *router, const struct neighbour_claim *claim,
                        struct lan_sighting *out)
{
    uint64_t now = clock_boot_ns();
    const struct peer_mac *peer =
        peer_macs_claim(&router->peer_macs, claim->mac, &claim->address, now);

    if (peer != NULL) {
        refused_peer_sighting(peer, router->config->conflict_quiet_ns, now, out);
        return true;
    }
    const struct link *link = own_link(router, claim->mac);
    if (link == NULL)
        return false;
    *out = (struct lan_sighting){
        .kind = LAN_OWN_INTERFACE, .has_mac = true, .address_count = 1, .sample = claim->address};
    memcpy(out->mac, claim->mac, MAC_SIZE);
    snprintf(out->interface, sizeof(out->interface), "%s", link->name);
    return true;
}

struct ip_address router_peers_address(const struct router *router, const uint8_t mac[MAC_SIZE])
{
    const struct peer_mac *peer = peer_macs_machine(&router->peer_macs, mac);

    return peer != NULL ? peer->source : (struct ip_address){0};
}

void router_peers_free(struct router *router)
{
    free(router->peer_macs.list);
    router->peer_macs = (struct peer_macs){0};
}
