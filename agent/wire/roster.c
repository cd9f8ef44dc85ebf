/* Finds a segment's client for a message; see roster.h. Owner: the segment. */
#include "agent/wire/roster.h"

size_t roster_slot(enum ip_family family)
{
    return family == IP_FAMILY_IPV6 ? 1 : 0;
}

static bool has_peer(const struct segment_client *client, const struct ip_address *address)
{
    for (size_t i = 0; i < client->peer_count; i++)
        if (ip_address_equal(&client->peers[i], address))
            return true;
    return false;
}

static bool share_peer(const struct segment_client *a, const struct segment_client *b)
{
    for (size_t i = 0; i < a->peer_count; i++)
        if (has_peer(b, &a->peers[i]))
            return true;
    return false;
}

bool roster_has_room(const struct roster *roster, const struct segment_client *client)
{
    const struct segment_client *c = roster->first[roster_slot(client->family)][client->vrid];

    if (client->only_watches)
        return true;
    for (; c != NULL; c = c->next_alike) {
        bool apart = c->unicast != client->unicast || (c->unicast && !share_peer(c, client));

        if (!apart || (c->virtual_mac && client->virtual_mac))
            return false;
    }
    return true;
}

void roster_add(struct roster *roster, struct segment_client *client)
{
    struct segment_client **at = &roster->first[roster_slot(client->family)][client->vrid];

    if (client->only_watches)
        return;
    while (*at != NULL)
        at = &(*at)->next_alike;
    client->next_alike = NULL;
    *at = client;
}

void roster_remove(struct roster *roster, struct segment_client *client)
{
    struct segment_client **at = &roster->first[roster_slot(client->family)][client->vrid];

    if (client->only_watches)
        return;
    while (*at != client)
        at = &(*at)->next_alike;
    *at = client->next_alike;
    client->next_alike = NULL;
}

struct segment_client *roster_find(const struct roster *roster, uint8_t vrid,
                                   const struct ip_address *source,
                                   const struct ip_address *destination)
{
    struct segment_client *first = roster->first[roster_slot(source->family)][vrid];
    bool multicast = ip_address_is_multicast(destination);
    struct segment_client *found = NULL;

    if (first == NULL || first->next_alike == NULL)
        return first;
    for (struct segment_client *c = first; c != NULL; c = c->next_alike) {
        if (c->unicast == multicast)
            continue;
        if (multicast || has_peer(c, source) || has_peer(c, destination))
            return c;
        found = found != NULL ? found : c;
    }
    return found != NULL ? found : first;
}
