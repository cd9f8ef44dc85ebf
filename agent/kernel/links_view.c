/* Looking things up in the view of links and addresses; see links.h. */
#include "agent/kernel/links_internal.h"

#include <string.h>

const struct link *links_by_name(const struct links *links, const char *name)
{
    for (const struct link_entry *e = links->table.links; e != NULL; e = e->next)
        if (strcmp(e->link.name, name) == 0)
            return &e->link;
    return NULL;
}

const struct link *links_by_index(const struct links *links, int ifindex)
{
    const struct link_entry *entry = links_table_link(&links->table, ifindex);

    return entry != NULL ? &entry->link : NULL;
}

const struct link *links_find_child(const struct links *links, int parent,
                                    bool (*fits)(const struct link *link))
{
    for (const struct link_entry *e = links->table.links; e != NULL; e = e->next)
        if ((parent == 0 || e->link.parent == parent) && fits(&e->link))
            return &e->link;
    return NULL;
}

const struct observed_address *links_address(const struct links *links, int ifindex,
                                             const struct ip_address *address)
{
    const struct ip_prefix prefix = {.address = *address};
    const struct address_entry *entry = links_table_address(&links->table, ifindex, &prefix, true);

    return entry != NULL ? &entry->address : NULL;
}

const struct observed_address *links_prefix(const struct links *links, int ifindex,
                                            const struct ip_prefix *prefix)
{
    const struct address_entry *entry = links_table_address(&links->table, ifindex, prefix, false);

    return entry != NULL ? &entry->address : NULL;
}

void links_each_address(const struct links *links, int ifindex,
                        bool (*fn)(void *userdata, const struct observed_address *address),
                        void *userdata)
{
    for (const struct address_entry *e = links->table.first; e != NULL; e = e->next)
        if ((ifindex == 0 || e->address.ifindex == ifindex) && !fn(userdata, &e->address))
            return;
}
