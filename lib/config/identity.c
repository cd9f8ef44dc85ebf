/* Tells virtual routers apart; see identity.h. */
#include "lib/config/identity.h"

#include <string.h>

static bool has_peer(const struct config_instance *instance, const struct ip_address *address)
{
    for (size_t i = 0; i < instance->peer_count; i++)
        if (ip_address_equal(&instance->peers[i], address))
            return true;
    return false;
}

/* A peer of a family in which both have virtual addresses. */
static bool share_peer(const struct config_instance *a, const struct config_instance *b,
                       struct ip_address *peer)
{
    for (size_t i = 0; i < a->peer_count; i++) {
        *peer = a->peers[i];
        if (config_has_router(a, peer->family) && config_has_router(b, peer->family) &&
            has_peer(b, peer))
            return true;
    }
    return false;
}

enum identity_clash config_identity_clash(const struct config_instance *a,
                                          const struct config_instance *b, struct ip_address *peer)
{
    bool family = (config_has_router(a, IP_FAMILY_IPV4) && config_has_router(b, IP_FAMILY_IPV4)) ||
                  (config_has_router(a, IP_FAMILY_IPV6) && config_has_router(b, IP_FAMILY_IPV6));

    /* One that is found by a route may turn out to be the same. */
    bool same_link = a->interface[0] == '\0' || b->interface[0] == '\0' ||
                     strcmp(a->interface, b->interface) == 0;

    if (!family || a->vrid != b->vrid || !same_link)
        return IDENTITY_APART;
    if (!a->unicast && !b->unicast)
        return IDENTITY_VRID;
    if (a->unicast && b->unicast && share_peer(a, b, peer))
        return IDENTITY_PEER;
    return a->mac == MAC_VIRTUAL && b->mac == MAC_VIRTUAL ? IDENTITY_MAC : IDENTITY_APART;
}

const char *config_interface_text(const struct config_instance *instance)
{
    return instance->interface[0] != '\0' ? instance->interface : "the interface of its peers";
}

bool config_identity_fits(const struct config_instance *instance, const struct ip_address *source,
                          const struct ip_address *destination)
{
    bool multicast = ip_address_is_multicast(destination);

    if (!instance->unicast)
        return multicast;
    return !multicast && (has_peer(instance, source) || has_peer(instance, destination));
}
