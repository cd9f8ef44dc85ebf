/*
 * What makes two instances of one node different virtual routers. The RFC has it simple: interface,
 * family and VRID (RFC 9568 5.2.3). Unicast routers of one VRID can stand beside each other, and
 * beside a multicast one, since adverts tell by their addresses whose they are.
 */
#ifndef VIP_CONFIG_IDENTITY_H
#define VIP_CONFIG_IDENTITY_H

#include "lib/config/config.h"

enum identity_clash {
    IDENTITY_APART = 0, /* no advert of one can be taken for the other's */
    IDENTITY_VRID,      /* the same virtual router twice */
    IDENTITY_PEER,      /* both unicast, with a peer in common */
    IDENTITY_MAC,       /* both would have the same virtual MAC */
};

/* Compares two instances. peer: of IDENTITY_PEER. */
enum identity_clash config_identity_clash(const struct config_instance *a,
                                          const struct config_instance *b, struct ip_address *peer);

/* The interface for a sentence: its name, or "the interface of its peers". */
const char *config_interface_text(const struct config_instance *instance);

/* Of instances that are apart, the one that a message with their VRID and these addresses is for,
 * or comes from. */
bool config_identity_fits(const struct config_instance *instance, const struct ip_address *source,
                          const struct ip_address *destination);

#endif
