/* The virtual addresses of an instance brought into order; see draft.h. */
#include "lib/config/draft.h"
#include "lib/config/list.h"

#include <stdlib.h>
#include <string.h>

enum { LINK_LOCAL_LENGTH = 64 };

static bool is_listed(const struct claimed_address *claim, enum ip_family family)
{
    return !claim->extra && claim->prefix.address.family == family;
}

static size_t count_listed(const struct config_instance *instance, enum ip_family family)
{
    size_t count = 0;

    for (size_t i = 0; i < instance->claim_count; i++)
        count += is_listed(&instance->claims[i], family) ? 1 : 0;
    return count;
}

/* Without addresses in its adverts, these are of IPv6 only where nothing else can be meant. */
static bool speaks_ipv6_alone(const struct config_instance *instance)
{
    for (size_t i = 0; i < instance->peer_count; i++)
        if (instance->peers[i].family != IP_FAMILY_IPV6)
            return false;
    return instance->peer_count > 0 || (instance->source6.family != IP_FAMILY_NONE &&
                                        instance->source4.family == IP_FAMILY_NONE);
}

/* The interface's own name says nothing new, unless the others are on a macvlan. */
static void drop_own_device(struct config_instance *instance)
{
    for (size_t i = 0; i < instance->claim_count; i++) {
        struct claimed_address *claim = &instance->claims[i];

        if (instance->mac == MAC_INTERFACE && strcmp(claim->device, instance->interface) == 0)
            memset(claim->device, 0, sizeof(claim->device));
    }
}

static void move_to_front(struct config_instance *instance, size_t index)
{
    struct claimed_address claim = instance->claims[index];

    memmove(&instance->claims[1], &instance->claims[0], index * sizeof(claim));
    instance->claims[0] = claim;
}

/* The first one of an advert over IPv6 is link-local, and on the link of the adverts (RFC 9568
 * erratum 8300). */
static bool put_link_local_first(struct config_draft *draft, size_t index)
{
    struct config_instance *instance = &draft->config->instances[index];
    size_t i = 0;

    while (i < instance->claim_count &&
           !(is_listed(&instance->claims[i], IP_FAMILY_IPV6) &&
             instance->claims[i].device[0] == '\0' &&
             ip_address_is_link_local(&instance->claims[i].prefix.address)))
        i++;
    if (i == instance->claim_count) {
        const struct placed_address placed = {
            .address = ip_address_virtual_link_local(instance->vrid),
            .instance = index,
            .line = draft->instances[index].line,
            .derived = true,
        };
        struct claimed_address *grown = config_list_grow(instance->claims, i, sizeof(*grown));

        if (grown == NULL)
            return false;
        instance->claims = grown;
        if (!config_draft_place(draft, &placed))
            return false;
        memset(&grown[i], 0, sizeof(grown[i]));
        grown[i].prefix = (struct ip_prefix){placed.address, LINK_LOCAL_LENGTH};
        instance->claim_count++;
        instance->link_local_derived = true;
    }
    move_to_front(instance, i);
    return true;
}

/* Those of the family and kind, in their order, to where the others end. */
static size_t collect(const struct config_instance *instance, enum ip_family family, bool extra,
                      struct claimed_address *out)
{
    size_t count = 0;

    for (size_t i = 0; i < instance->claim_count; i++)
        if (instance->claims[i].prefix.address.family == family &&
            instance->claims[i].extra == extra)
            out[count++] = instance->claims[i];
    return count;
}

/* What is listed of the family, to `out`. Returns how many that are. */
static size_t list_prefixes(const struct config_instance *instance, enum ip_family family,
                            struct ip_prefix *out)
{
    size_t count = 0;

    for (size_t i = 0; i < instance->claim_count; i++)
        if (is_listed(&instance->claims[i], family))
            out[count++] = instance->claims[i].prefix;
    return count;
}

/* One block for all, the prefixes of adverts behind the claims. */
static bool sort_claims(struct config_instance *instance)
{
    const size_t ipv4 = count_listed(instance, IP_FAMILY_IPV4);
    const size_t ipv6 = count_listed(instance, IP_FAMILY_IPV6);
    struct claimed_address *sorted = calloc(1, instance->claim_count * sizeof(*sorted) +
                                                   (ipv4 + ipv6) * sizeof(struct ip_prefix));
    size_t n = 0;

    if (sorted == NULL)
        return false;
    n += collect(instance, IP_FAMILY_IPV4, false, sorted + n);
    n += collect(instance, IP_FAMILY_IPV4, true, sorted + n);
    n += collect(instance, IP_FAMILY_IPV6, false, sorted + n);
    (void)collect(instance, IP_FAMILY_IPV6, true, sorted + n);
    free(instance->claims);
    instance->claims = sorted;
    struct ip_prefix *prefixes = (struct ip_prefix *)(sorted + instance->claim_count);
    instance->ipv4 = ipv4 > 0 ? prefixes : NULL;
    instance->ipv4_count = list_prefixes(instance, IP_FAMILY_IPV4, prefixes);
    instance->ipv6 = ipv6 > 0 ? prefixes + ipv4 : NULL;
    instance->ipv6_count = list_prefixes(instance, IP_FAMILY_IPV6, prefixes + ipv4);
    return true;
}

bool config_draft_complete_addresses(struct config_draft *draft, size_t index)
{
    struct config_instance *instance = &draft->config->instances[index];
    bool ipv6 = count_listed(instance, IP_FAMILY_IPV6) > 0 ||
                (count_listed(instance, IP_FAMILY_IPV4) == 0 && speaks_ipv6_alone(instance));

    drop_own_device(instance);
    if (ipv6 && instance->vrid != 0 && !draft->instances[index].set_aside &&
        !put_link_local_first(draft, index))
        return false;
    return instance->claim_count == 0 || sort_claims(instance);
}
