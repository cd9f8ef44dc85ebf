/* Addresses, sources and MACs of a segment's clients; see watched.h. */
#include "agent/wire/watched.h"

#include <stdlib.h>
#include <string.h>

static bool is_here(const struct segment_client *client, size_t i)
{
    return strcmp(client->addresses[i].device, client->device) == 0;
}

static void add_source(struct conflict_vrrp *what, const struct ip_address *source)
{
    for (size_t i = 0; i < what->own_count; i++)
        if (ip_address_equal(&what->own[i], source))
            return;
    if (source->family != IP_FAMILY_NONE && what->own_count < CONFLICT_OWN_MAX)
        what->own[what->own_count++] = *source;
}

static void add_rival(struct conflict_vrrp *what, const uint8_t mac[MAC_SIZE])
{
    for (size_t i = 0; i < what->rival_count; i++)
        if (memcmp(what->rivals[i], mac, MAC_SIZE) == 0)
            return;
    if (what->rival_count < CONFLICT_RIVALS_MAX)
        memcpy(what->rivals[what->rival_count++], mac, MAC_SIZE);
}

/* False: there is no room for all. */
static bool add_vrid(struct conflict_vrrp *what, uint8_t vrid)
{
    for (size_t i = 0; i < what->vrid_count; i++)
        if (what->vrids[i] == vrid)
            return true;
    if (what->vrid_count == CONFLICT_VRIDS_MAX)
        return false;
    what->vrids[what->vrid_count++] = vrid;
    return true;
}

struct conflict_vrrp watched_vrrp(const struct segment_client *clients)
{
    struct conflict_vrrp what = {0};
    bool all = true;

    for (const struct segment_client *c = clients; c != NULL; c = c->next) {
        add_source(&what, &c->source);
        add_source(&what, &c->learn);
        if (c->has_rival)
            add_rival(&what, c->rival_mac);
        all = all && add_vrid(&what, c->vrid);
    }
    if (!all) {
        memset(what.vrids, 0, sizeof(what.vrids));
        what.vrid_count = 0;
    }
    return what;
}

struct ip_address *watched_addresses(const struct segment_client *clients, size_t *count)
{
    struct ip_address *addresses;
    size_t room = 0;
    size_t n = 0;

    for (const struct segment_client *c = clients; c != NULL; c = c->next)
        room += c->count;
    addresses = calloc(room > 0 ? room : 1, sizeof(*addresses));
    for (const struct segment_client *c = clients; c != NULL && addresses != NULL; c = c->next)
        for (size_t i = 0; i < c->count; i++)
            if (is_here(c, i))
                addresses[n++] = c->addresses[i].prefix.address;
    *count = n;
    return addresses;
}

void watched_hand_on(const struct segment_client *clients, const struct neighbour_claim *claim)
{
    const struct segment_client *next;

    for (const struct segment_client *c = clients; c != NULL; c = next) {
        next = c->next;
        for (size_t i = 0; i < c->count; i++) {
            /* Compared first: of hundreds of addresses on a link one is meant. */
            if (ip_address_equal(&c->addresses[i].prefix.address, &claim->address) &&
                is_here(c, i)) {
                c->calls->on_claim(c->userdata, claim);
                break;
            }
        }
    }
}
