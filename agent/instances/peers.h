/*
 * Whose machines are routers of this cluster, as far as one virtual router has heard
 * (lib/election/peer_macs): peers, former peers, senders of refused adverts, and this node itself.
 * Memory is taken with the first advert. It only remembers; what comes of it is watch.h's.
 */
#ifndef AGENT_INSTANCES_PEERS_H
#define AGENT_INSTANCES_PEERS_H

#include "agent/instances/router.h"
#include "lib/election/lan_sighting.h"

/* Notes a message with its VRID. True: it was refused, and says something that *out is told of. */
bool router_peers_message(struct router *router, const struct packet_ip *ip,
                          enum packet_verdict verdict, const struct advert *advert,
                          struct lan_sighting *out);

/* Notes a captured frame with its VRID that is not our own. */
void router_peers_frame(struct router *router, const struct vrrp_frame *frame);

/* True when whoever claims is known: *out says what is the matter when it goes on doing so. */
bool router_peers_claim(struct router *router, const struct neighbour_claim *claim,
                        struct lan_sighting *out);

/* The address from which the machine with that MAC sends adverts; NONE: not known. */
struct ip_address router_peers_address(const struct router *router, const uint8_t mac[MAC_SIZE]);

/* Frees what router->peer_macs has. */
void router_peers_free(struct router *router);

#endif
