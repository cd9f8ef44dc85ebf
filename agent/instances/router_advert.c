/* A router's adverts; see router_advert.h. */
#include "agent/instances/router_advert.h"

#include "agent/base/log.h"
#include "agent/wire/segment_send.h"

#include <string.h>

enum { DEFAULT_MTU = 1500 };

/* A failing send is said once, and once more when it works again: an advert every 10 ms must not
 * fill the journal. */
static void note_send_result(struct router *router, int error)
{
    char name[NAME_SIZE + 16];

    if (error < 0)
        router->send_errors++;
    if (error < 0 && !router->send_failing)
        log_instance(LOG_WARNING, router_name(router, name, sizeof(name)),
                     "cannot send adverts on %s: %s", router->interface, strerror(-error));
    else if (error == 0 && router->send_failing)
        log_instance(LOG_NOTICE, router_name(router, name, sizeof(name)),
                     "adverts go out on %s again", router->interface);
    router->send_failing = error < 0;
}

/* To the last of those it goes to. */
static void on_sent(void *userdata, int error)
{
    struct router *router = userdata;

    router->send_result = error < 0 ? error : router->send_result;
    if (--router->sending == 0)
        note_send_result(router, router->send_result);
}

/* Of a resignation from an address that has just gone: a courtesy that may fail. */
static void on_courtesy_sent(void *userdata, int error)
{
    (void)userdata;
    (void)error;
}

static void send_to(struct router *router, struct packet_spec *spec,
                    const struct ip_address *destination, bool alone,
                    const struct advert_sender *sender)
{
    uint8_t buffer[ADVERT_BUFFER_SIZE];

    spec->destination = *destination;
    size_t size = packet_build(spec, buffer, sizeof(buffer));
    const struct advert_header header = {
        .source = spec->source,
        .destination = *destination,
        .ttl = router->config->unicast ? router->config->unicast_ttl : VRRP_TTL,
    };
    /* From the common MAC only by who holds the addresses: switches follow it. */
    if (router->virtual != NULL && router->virtual->io != NULL &&
        !election_preparing(router_election(router)))
        sender->on_sent(sender->userdata,
                        advert_io_send(router->virtual->io, &header, buffer, size));
    else if (alone)
        segment_post(&router->client, &header, buffer, size, sender);
    else
        sender->on_sent(sender->userdata, segment_send(&router->client, &header, buffer, size));
}

void router_send_advert(struct router *router, const struct election_action *action, bool alone)
{
    const struct config_instance *config = router->config;
    const struct packet_receiver *receiver = &router->receiver;
    const struct election *e = router_election(router);
    const struct link *link = links_by_index(router->node->links, segment_ifindex(&router->client));
    bool lost = e->source.family == IP_FAMILY_NONE;
    const struct advert_sender courtesy = {.on_sent = on_courtesy_sent, .userdata = router};
    const struct advert_sender sender = {.on_sent = lost ? on_courtesy_sent : on_sent,
                                         .userdata = router};
    const struct ip_address *to = config->unicast ? receiver->peers : &receiver->group;
    size_t count = config->unicast ? receiver->peer_count : 1;
    struct packet_spec spec = {
        .version = config->version,
        .vrid = config->vrid,
        .priority = action->priority,
        .auth = config->auth,
        .interval_ns = config->advert_interval_ns,
        .checksum_kind = e->checksum_kind,
        .source = lost ? action->source : e->source,
        .addresses = receiver->addresses,
        .address_count = receiver->address_count,
        .mtu = link != NULL && link->mtu > 0 ? link->mtu : DEFAULT_MTU,
        .trailer_room = config->secrets != NULL,
    };
    uint8_t trailer[AUTH_TRAILER_SIZE];

    if (!lost) {
        /* What was posted before may still wait, and leaves with this one. */
        router->send_result = router->sending > 0 ? router->send_result : 0;
        router->sending += (unsigned)count;
    }
    /* Signed once, however many peers it goes to. */
    spec.trailer = authentication_sign(&router->auth, &spec, trailer);
    for (size_t i = 0; i < count; i++)
        send_to(router, &spec, &to[i], alone, &sender);
    spec.trailer = authentication_sign_again(&router->auth, &spec, trailer);
    for (size_t i = 0; i < count && spec.trailer != NULL; i++)
        send_to(router, &spec, &to[i], alone, &courtesy);
}
