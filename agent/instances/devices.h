/*
 * Links beside its own that some of a router's addresses are to be on (`dev`). The election follows
 * the interface of the adverts alone; an address whose device is missing or down waits for it,
 * which is told when it begins and when it is over, and the status warns of it meanwhile. What
 * comes back is claimed and announced anew. Who else claims such an address is watched on its
 * device.
 */
#ifndef AGENT_INSTANCES_DEVICES_H
#define AGENT_INSTANCES_DEVICES_H

#include "agent/instances/router.h"

/* Takes the devices from the router's configuration, after router_read_config(). False: out of
 * memory. */
bool router_devices_read(struct router *router);

/* Frees the list. */
void router_devices_free(struct router *router);

/* True when some of its addresses are to be on that link, or were before it was renamed. */
bool router_uses_device(const struct router *router, const struct link *link);

/* Links have changed. */
void router_devices_follow(struct router *router);

/* The addresses were claimed or given up: tells what waits now. */
void router_devices_tell(struct router *router);

/* Whether the addresses were given up since that was told. */
bool router_devices_due(const struct router *router);

/* What the status says while some wait. Returns buffer. size: REASON_TEXT_SIZE. */
const char *router_devices_text(const struct router *router, char *buffer, size_t size);

/* Why that address waits: "no-device", "device-down"; NULL: it does not. Static text. */
const char *router_waits_for(const struct router *router, const struct claimed_address *claim);

#endif
