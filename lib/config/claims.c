/* The virtual routers of an instance, and which of its addresses each claims. */
#include "lib/config/config.h"

bool config_has_router(const struct config_instance *instance, enum ip_family family)
{
    switch (family) {
    case IP_FAMILY_IPV4:
        return instance->ipv4_count > 0 || instance->ipv6_count == 0;
    case IP_FAMILY_IPV6:
        return instance->ipv6_count > 0;
    case IP_FAMILY_NONE:
        break;
    }
    return false;
}

size_t config_router_count(const struct config_instance *instance)
{
    return instance->ipv4_count > 0 && instance->ipv6_count > 0 ? 2 : 1;
}

const struct claimed_address *config_claims(const struct config_instance *instance,
                                            enum ip_family family, size_t *count)
{
    size_t ipv4 = 0;

    *count = 0;
    if (!config_has_router(instance, family))
        return NULL;
    *count = instance->claim_count;
    if (config_router_count(instance) == 1)
        return instance->claims;
    while (ipv4 < instance->claim_count &&
           instance->claims[ipv4].prefix.address.family == IP_FAMILY_IPV4)
        ipv4++;
    *count = family == IP_FAMILY_IPV4 ? ipv4 : instance->claim_count - ipv4;
    return family == IP_FAMILY_IPV4 ? instance->claims : instance->claims + ipv4;
}
