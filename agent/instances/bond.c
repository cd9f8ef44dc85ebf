/* Bonds and their slaves; see bond.h. */
#include "agent/instances/bond.h"

#include "lib/config/interface_fit.h"

#include <string.h>

enum {
    /* A VLAN in a VLAN on a bond, and a macvlan on that. */
    DEPTH_MAX = 6,
};

/* NULL: there is none. */
static const struct link *bond_below(const struct links *links, int ifindex)
{
    const struct link *link = links_by_index(links, ifindex);

    for (int i = 0; i < DEPTH_MAX && link != NULL; i++) {
        if (strcmp(link->kind, "bond") == 0)
            return link;
        link = link->parent > 0 ? links_by_index(links, link->parent) : NULL;
    }
    return NULL;
}

struct search {
    int bond;
    const uint8_t *mac;
    bool found;
};

static bool look(void *userdata, const struct link *link)
{
    struct search *search = userdata;

    search->found = link->master == search->bond && link->has_mac &&
                    memcmp(link->mac, search->mac, MAC_SIZE) == 0;
    return !search->found;
}

bool bond_has_mac(const struct links *links, int ifindex, const uint8_t mac[MAC_SIZE])
{
    const struct link *bond = bond_below(links, ifindex);

    if (bond == NULL)
        return false;
    struct search search = {.bond = bond->ifindex, .mac = mac};
    links_each_link(links, look, &search);
    return search.found;
}

bool bond_echoes(const struct links *links, int ifindex)
{
    const struct link *bond = bond_below(links, ifindex);

    if (bond == NULL)
        return false;
    const struct interface_nature nature = {
        .name = bond->name, .kind = bond->kind, .mode = bond->mode};
    return interface_hears_itself(&nature);
}
