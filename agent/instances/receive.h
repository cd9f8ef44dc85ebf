/*
 * What arrives from the LAN for a router: adverts, claims of its addresses, captured frames, and
 * the timer of its watch. Counted, shown to the watch, given to its election; what the watch makes
 * of a conflict is carried out.
 */
#ifndef AGENT_INSTANCES_RECEIVE_H
#define AGENT_INSTANCES_RECEIVE_H

#include "agent/instances/router.h"

/* What a segment tells the router, its userdata; see segment_client.h. */
void receive_message(void *userdata, const struct packet_ip *ip, bool source_is_ours,
                     const uint8_t *payload, size_t size);
void receive_claim(void *userdata, const struct neighbour_claim *claim);
void receive_frame(void *userdata, const struct vrrp_frame *frame);

/* The router's router_calls.on_watch_due. */
int receive_watch_due(sd_event_source *source, uint64_t usec, void *userdata);

/* The router's configuration changed: what it means for a conflict under way. */
void receive_configured(struct router *router);

#endif
