/* What arrives for a router, and what comes of it; see receive.h. */
#include "agent/instances/receive.h"

#include "agent/instances/actions.h"
#include "agent/instances/bond.h"
#include "agent/instances/events.h"
#include "agent/instances/peers.h"
#include "agent/instances/watch.h"

#include <string.h>

static void give_up(struct router *router, const struct conflict_record *c)
{
    struct election_event event = {.type = ELECTION_CONFLICT, .address = c->address};

    memcpy(event.mac, c->mac, sizeof(event.mac));
    instance_event(router->instance, router->index, &event);
}

static void resume(struct router *router)
{
    const struct election_event event = {.type = ELECTION_UNHOLD, .hold = HOLD_CONFLICT};

    /* Of two families only one can be in this: the other one left MASTER with it. */
    instance_event(router->instance, router->index, &event);
}

/* In the order of the outcome. */
static void carry_out(struct router *router, const struct conflict_outcome *outcome)
{
    router_watch_meet(router, outcome);
    if (outcome->release)
        give_up(router, &router->watch->conflict.record);
    router_watch_settle(router, outcome);
    if (outcome->resume)
        resume(router);
    router_watch_go_on(router, outcome);
}

static void look_at_watch(struct router *router)
{
    struct conflict_outcome outcome;

    if (router_watch_due(router, &outcome))
        carry_out(router, &outcome);
}

int receive_watch_due(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    look_at_watch(userdata);
    router_watch_rest(userdata);
    return 0;
}

void receive_message(void *userdata, const struct packet_ip *ip, bool source_is_ours,
                     const uint8_t *payload, size_t size)
{
    struct router *router = userdata;
    struct packet_receiver receiver = router->receiver;
    struct lan_sighting sighting;
    uint32_t warnings = 0;
    struct advert advert;

    receiver.own = &ip->source;
    receiver.own_count = source_is_ours ? 1 : 0;
    enum packet_verdict verdict = packet_receive(ip, payload, size, &receiver, &advert, &warnings);
    bool master = router_election(router)->state == VRRP_MASTER;
    verdict = authentication_receive(&router->auth, &advert, verdict, master);
    warnings = verdict == PACKET_OK ? warnings : 0;
    packet_tally_count(&router->tally, verdict, warnings);
    /* Whoever goes on while we have not said yet that we are MASTER has heard nothing. */
    bool untold = router_has_to_say(router);
    bool offering = router_election(router)->offer != OFFER_NONE;
    const struct lan_message message = {.ip = ip,
                                        .payload = payload,
                                        .size = size,
                                        .receiver = &receiver,
                                        .verdict = verdict,
                                        .warnings = warnings,
                                        .advert = &advert,
                                        .state = router_election(router)->state,
                                        .own_priority = router_election(router)->params.priority,
                                        .offering = offering || untold};
    bool refused = router_peers_message(router, ip, verdict, &advert, &sighting);
    if (!router_watch_message(router, &message) && refused)
        router_watch_see(router, &sighting);
    if (verdict != PACKET_OK)
        return;
    router_heard(router, &advert);
    const struct election_event event = {.type = ELECTION_ADVERT, .advert = &advert};
    const uint64_t losing = router_election(router)->counters.losing_adverts_rcvd;
    instance_event(router->instance, router->index, &event);
    if (!untold && router_election(router)->counters.losing_adverts_rcvd != losing)
        router->node->on_rival(router->node->userdata, router->instance, &advert);
}

/* What we have sent by one slave of a bond comes in by another. */
static bool is_echo(const struct router *router, const uint8_t mac[MAC_SIZE])
{
    return router_owns_mac(router, mac) &&
           bond_echoes(router->node->links, segment_ifindex(&router->client));
}

void receive_claim(void *userdata, const struct neighbour_claim *claim)
{
    struct router *router = userdata;
    const struct election_event event = {.type = ELECTION_SUCCESSOR,
                                         .address = router_peers_address(router, claim->mac)};
    const struct election *e = router_election(router);
    bool virtual = router->config->mac == MAC_VIRTUAL;
    struct conflict_outcome outcome;
    struct lan_sighting sighting;

    bool lingering = election_lingering(e);
    bool told = e->state != VRRP_INIT && claim->kind == NEIGHBOUR_ANNOUNCEMENT;
    bool strange = !router_owns_mac(router, claim->mac);

    if (claim->kind == NEIGHBOUR_PROBE || is_echo(router, claim->mac))
        return;
    if ((lingering || told) && (virtual || strange))
        instance_event(router->instance, router->index, &event);
    if (!strange)
        return;
    bool due = router_peers_claim(router, claim, &sighting)
                   ? router_watch_known(router, claim, &sighting, &outcome)
                   : router_watch_claim(router, claim, &outcome);
    if (due)
        carry_out(router, &outcome);
}

/* While we hold the address of its owner the kernel takes the owner's adverts for our own and drops
 * them: the owner that comes back is heard through the capture only. */
static bool only_captured(const struct router *router, const struct vrrp_frame *frame)
{
    const struct election *e = router_election(router);

    if (!e->holding || frame->priority != PRIORITY_OWNER ||
        ip_address_equal(&frame->source, &e->source))
        return false;
    return router_has_address(router, &frame->source);
}

void receive_frame(void *userdata, const struct vrrp_frame *frame)
{
    struct router *router = userdata;
    struct conflict_outcome outcome;
    struct packet_ip ip;
    const uint8_t *payload;
    size_t size;

    if (!ip_address_equal(&frame->source, &router_election(router)->source))
        router_peers_frame(router, frame);
    else if (is_echo(router, frame->mac))
        return;
    if (router_watch_frame(router, frame, router_owns_mac(router, frame->mac), &outcome))
        carry_out(router, &outcome);
    if (only_captured(router, frame) &&
        packet_split_ip(frame->packet, frame->packet_size, &ip, &payload, &size) == PACKET_OK)
        receive_message(router, &ip, false, payload, size);
}

void receive_configured(struct router *router)
{
    look_at_watch(router);
}
