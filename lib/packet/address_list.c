/* Address lists compared; see address_list.h. Pure: nothing is kept. */
#include "lib/packet/address_list.h"

#include <string.h>

enum {
    /* The smallest MTU a peer may have cut its address list to (RFC 8200 5). */
    SMALLEST_MTU = 1280,
    SPOTS = 4096,
};

static bool advert_lists(const struct advert *advert, const struct ip_address *address)
{
    for (size_t i = 0; i < advert->count; i++) {
        struct ip_address listed = advert_address(advert, i);
        if (ip_address_equal(&listed, address))
            return true;
    }
    return false;
}

static bool receiver_lists(const struct packet_receiver *receiver, const struct ip_address *address)
{
    for (size_t i = 0; i < receiver->address_count; i++)
        if (ip_address_equal(&receiver->addresses[i].address, address))
            return true;
    return false;
}

/* The common case, for which no sets need to be compared: the same list in the same order. */
static bool same_order(const struct advert *advert, const struct packet_receiver *receiver)
{
    if (advert->count > receiver->address_count)
        return false;
    for (size_t i = 0; i < advert->count; i++) {
        struct ip_address listed = advert_address(advert, i);
        if (!ip_address_equal(&listed, &receiver->addresses[i].address))
            return false;
    }
    return true;
}

/* How many addresses the advert lists, one listed twice counted once. */
static size_t distinct_addresses(const struct advert *advert)
{
    size_t width = ip_family_size(advert->ip.source.family);
    size_t distinct = 0;

    for (size_t i = 0; i < advert->count; i++) {
        size_t before = 0;
        while (before < i && memcmp(advert->addresses + before * width,
                                    advert->addresses + i * width, width) != 0)
            before++;
        distinct += before == i ? 1 : 0;
    }
    return distinct;
}

/* Less what a trailer takes of it. */
static size_t smallest_mtu(const struct packet_receiver *receiver)
{
    return SMALLEST_MTU - (size_t)(receiver->trailers ? AUTH_TRAILER_SIZE : 0);
}

/* True when `listed` of our addresses are all that the advert could list: those that fit, and not
 * necessarily the link-local one that we derive from the VRID where the configuration has none. */
static bool lists_enough(const struct advert *advert, size_t listed,
                         const struct packet_receiver *receiver)
{
    struct ip_address derived = ip_address_virtual_link_local(receiver->vrid);
    size_t expected = receiver->address_count;

    if (receiver_lists(receiver, &derived) && !advert_lists(advert, &derived))
        expected--;
    return listed >= packet_addresses_that_fit(receiver->version, receiver->family, expected,
                                               smallest_mtu(receiver));
}

static bool is_same(const struct advert *advert, const struct packet_receiver *receiver)
{
    if (same_order(advert, receiver))
        return lists_enough(advert, advert->count, receiver);
    for (size_t i = 0; i < advert->count; i++) {
        struct ip_address listed = advert_address(advert, i);
        if (!receiver_lists(receiver, &listed))
            return false;
    }
    return lists_enough(advert, distinct_addresses(advert), receiver);
}

/* Where an address stands in a small map. Adverts of strangers come at any rate, and lists are
 * long: comparing each with each would cost milliseconds. */
static size_t spot_of(const struct ip_address *address)
{
    const uint8_t *end = address->octets + ip_family_size(address->family);

    return ((size_t)end[-2] << 8 | end[-1]) % SPOTS;
}

/* How many of ours the advert lists; *derived: whether the one that follows from the VRID is there.
 */
static size_t count_ours(const struct advert *advert, const struct packet_receiver *receiver,
                         bool *derived)
{
    const struct ip_address link_local = ip_address_virtual_link_local(receiver->vrid);
    uint8_t map[SPOTS / 8] = {0};
    size_t ours = 0;

    *derived = false;
    for (size_t i = 0; i < advert->count; i++) {
        const struct ip_address listed = advert_address(advert, i);
        size_t spot = spot_of(&listed);
        map[spot / 8] |= (uint8_t)(1u << spot % 8);
    }
    for (size_t i = 0; i < receiver->address_count; i++) {
        const struct ip_address *own = &receiver->addresses[i].address;
        size_t spot = spot_of(own);

        if ((map[spot / 8] & 1u << spot % 8) == 0 || !advert_lists(advert, own))
            continue;
        ours++;
        *derived = *derived || ip_address_equal(own, &link_local);
    }
    return ours;
}

static bool is_foreign(const struct advert *advert, const struct packet_receiver *receiver)
{
    bool derived;
    size_t ours = count_ours(advert, receiver, &derived);

    if (!derived)
        return ours == 0;
    return ours == 1 && advert->count > 1 && receiver->address_count > 1;
}

enum address_list_match address_list_match(const struct advert *advert,
                                           const struct packet_receiver *receiver)
{
    if (advert->count > 0 && is_same(advert, receiver))
        return ADDRESS_LIST_SAME;
    return is_foreign(advert, receiver) ? ADDRESS_LIST_FOREIGN : ADDRESS_LIST_PART;
}

static bool is_derived(const struct ip_address *address, const struct packet_receiver *receiver)
{
    const struct ip_address link_local = ip_address_virtual_link_local(receiver->vrid);

    return ip_address_equal(address, &link_local);
}

size_t address_list_strange(const struct advert *advert, const struct packet_receiver *receiver,
                            struct ip_address *first)
{
    size_t count = 0;

    *first = (struct ip_address){0};
    for (size_t i = 0; i < advert->count; i++) {
        const struct ip_address listed = advert_address(advert, i);

        /* Alone it does say something. */
        if ((is_derived(&listed, receiver) && advert->count > 1) ||
            receiver_lists(receiver, &listed))
            continue;
        if (count++ == 0)
            *first = listed;
    }
    return count;
}

size_t address_list_missing(const struct advert *advert, const struct packet_receiver *receiver,
                            struct ip_address *first)
{
    size_t room = packet_addresses_that_fit(receiver->version, receiver->family,
                                            receiver->address_count, smallest_mtu(receiver));
    size_t count = 0;

    *first = (struct ip_address){0};
    for (size_t i = 0; i < room; i++) {
        const struct ip_address *own = &receiver->addresses[i].address;

        if (is_derived(own, receiver) || advert_lists(advert, own))
            continue;
        if (count++ == 0)
            *first = *own;
    }
    return count;
}
