/* What goes to the kernel in one flight; see address_batch.h. Owner: the reconciler. */
#include "agent/kernel/address_batch.h"

#include "agent/kernel/mark.h"

#include <linux/if_addr.h>
#include <string.h>

enum {
    /* A longer one is no network that others could be in. */
    IPV4_NETWORK_LENGTH_MAX = 31,
    ROOM_FOR_ONE = 2, /* the change, and what it may need before it */
};

void address_batch_clear(struct address_batch *batch)
{
    batch->count = 0;
    batch->unheard = 0;
    batch->promoted = 0;
}

void address_batch_begin(struct address_batch *batch, uint64_t now_ns)
{
    batch->begun_ns = now_ns;
    batch->limit = ADDRESS_BATCH_MAX;
    batch->foreign.ifindex = 0;
    batch->foreign_below.ifindex = 0;
}

void address_batch_allow(struct address_batch *batch, unsigned more)
{
    unsigned left = ADDRESS_BATCH_MAX - batch->count;

    batch->limit = batch->count + (more < left ? more : left);
}

bool address_batch_is_ours(const struct address_batch *batch,
                           const struct observed_address *address)
{
    return mark_is_ours(address) ||
           remembered_has(batch->remembered, address->ifindex, &address->prefix);
}

static bool has_room(const struct address_batch *batch)
{
    return batch->count + ROOM_FOR_ONE <= batch->limit;
}

/* What the kernel makes of it is what we ask for: unlike the marks that it keeps while these are
 * not known, and the state of an IPv6 address. */
static bool is_unheard(const struct address_change *change)
{
    return change->operation == ADDRESS_ADD && !change->read_back &&
           change->address.prefix.address.family == IP_FAMILY_IPV4;
}

static void append(struct address_batch *batch, struct desired_set *set,
                   enum address_operation operation, const struct observed_address *address)
{
    struct address_change *change = &batch->changes[batch->count];

    change->operation = operation;
    change->result = 0;
    change->address = *address;
    change->detail[0] = '\0';
    change->read_back =
        operation == ADDRESS_ADD && !mark_is_known(links_mark_support(batch->links));
    change->unheard = is_unheard(change);
    batch->unheard += change->unheard ? 1 : 0;
    batch->disputed[batch->count] = false;
    batch->owners[batch->count++] = set;
    if (set == NULL)
        return;
    set->in_flight++;
    if (set->since_ns == 0)
        set->since_ns = batch->begun_ns;
}

/* The kernel takes a network's other IPv4 addresses away with the first, unless the link promotes
 * them. */
static void promote_secondaries(struct address_batch *batch, const struct observed_address *address)
{
    if (batch->promoted == address->ifindex)
        return;
    batch->promoted = address->ifindex;
    append(batch, NULL, ADDRESS_PROMOTE, address);
}

static bool in_network(const struct ip_prefix *prefix)
{
    return prefix->address.family == IP_FAMILY_IPV4 && prefix->length <= IPV4_NETWORK_LENGTH_MAX;
}

struct dependent_search {
    const struct ip_prefix *removed;
    bool found;
};

/* Who is first in a network the view knows a little late, so any other may depend on it. */
static bool depends(void *userdata, const struct observed_address *address)
{
    struct dependent_search *search = userdata;
    const struct ip_prefix *removed = search->removed;

    search->found =
        address->prefix.length == removed->length &&
        !ip_address_equal(&address->prefix.address, &removed->address) &&
        ip_address_same_network(&address->prefix.address, &removed->address, removed->length);
    return !search->found;
}

struct foreign_search {
    const struct address_batch *batch;
    struct foreign_networks *found;
};

static bool collect_foreign(void *userdata, const struct observed_address *address)
{
    struct foreign_search *search = userdata;
    struct foreign_networks *found = search->found;

    if (address_batch_is_ours(search->batch, address))
        return true;
    if (found->count == FOREIGN_NETWORKS_MAX) {
        found->all = false;
        return false;
    }
    found->list[found->count++] = address->prefix;
    return true;
}

static void look_for_foreign(const struct address_batch *batch, int ifindex,
                             struct foreign_networks *found)
{
    struct foreign_search search = {.batch = batch, .found = found};

    if (found->ifindex == ifindex)
        return;
    found->ifindex = ifindex;
    found->all = true;
    found->count = 0;
    links_each_address(batch->links, ifindex, collect_foreign, &search);
}

/* Of several IPv4 addresses of one network on one link the kernel lets the first make the route,
 * and the next when that goes. It could not if ours were exempt from it. */
static bool shares_route(const struct ip_prefix *network, const struct ip_prefix *prefix,
                         bool same_link)
{
    return same_link && network->address.family == IP_FAMILY_IPV4 &&
           network->length == prefix->length;
}

static bool covers(const struct ip_prefix *network, const struct ip_prefix *prefix, bool same_link)
{
    return !shares_route(network, prefix, same_link) && network->length <= prefix->length &&
           ip_address_same_network(&network->address, &prefix->address, network->length);
}

struct cover_search {
    const struct address_batch *batch;
    const struct ip_prefix *prefix;
    bool same_link;
    bool found;
};

static bool is_cover(void *userdata, const struct observed_address *address)
{
    struct cover_search *search = userdata;

    search->found = covers(&address->prefix, search->prefix, search->same_link) &&
                    !address_batch_is_ours(search->batch, address);
    return !search->found;
}

static bool covered_on(const struct address_batch *batch, int ifindex,
                       struct foreign_networks *foreign, const struct ip_prefix *prefix,
                       bool same_link)
{
    struct cover_search search = {.batch = batch, .prefix = prefix, .same_link = same_link};

    look_for_foreign(batch, ifindex, foreign);
    for (size_t i = 0; i < foreign->count; i++)
        if (covers(&foreign->list[i], prefix, same_link))
            return true;
    if (!foreign->all)
        links_each_address(batch->links, ifindex, is_cover, &search);
    return search.found;
}

/* Whether somebody else's address already makes the network on-link there (or below a virtual MAC's
 * macvlan): then ours must not bring a second route that would go away with the lease. */
static bool network_covered(struct address_batch *batch, int ifindex,
                            const struct ip_prefix *prefix)
{
    const struct link *link = links_by_index(batch->links, ifindex);

    if (covered_on(batch, ifindex, &batch->foreign, prefix, true))
        return true;
    return link != NULL && link->parent > 0 && strcmp(link->kind, "macvlan") == 0 &&
           covered_on(batch, link->parent, &batch->foreign_below, prefix, false);
}

bool address_batch_add(struct address_batch *batch, struct desired_set *set,
                       const struct claimed_address *wanted, uint32_t lease_s)
{
    const struct ip_prefix *prefix = &wanted->prefix;
    struct observed_address address = {.ifindex = desired_ifindex(batch->links, set, wanted),
                                       .prefix = *prefix,
                                       .valid_s = lease_s,
                                       .scope = claimed_address_scope(wanted)};

    if (!has_room(batch))
        return false;
    memcpy(address.label, wanted->label, sizeof(address.label));
    memcpy(address.broadcast, wanted->broadcast, sizeof(address.broadcast));
    /* From now on: should we die, the lease ends without us. */
    const struct link *link = links_by_index(batch->links, address.ifindex);
    if (in_network(prefix) && link != NULL && !link->promote_secondaries)
        promote_secondaries(batch, &address);
    if (prefix->address.family == IP_FAMILY_IPV6)
        address.flags |= IFA_F_NODAD;
    if (wanted->no_prefix_route || network_covered(batch, address.ifindex, prefix))
        address.flags |= IFA_F_NOPREFIXROUTE;
    mark_set(&address, links_mark_support(batch->links));
    append(batch, set, ADDRESS_ADD, &address);
    return true;
}

bool address_batch_refresh(struct address_batch *batch, struct desired_set *set,
                           const struct observed_address *there, uint32_t lease_s)
{
    struct observed_address address = *there;

    if (!has_room(batch))
        return false;
    /* The other flags are the kernel's own to say. */
    address.flags &= IFA_F_NODAD | IFA_F_NOPREFIXROUTE;
    mark_renew(&address, links_mark_support(batch->links));
    address.valid_s = lease_s;
    append(batch, set, ADDRESS_REFRESH, &address);
    return true;
}

bool address_batch_remove(struct address_batch *batch, const struct observed_address *address)
{
    struct dependent_search search = {.removed = &address->prefix};

    if (!has_room(batch))
        return false;
    if (in_network(&address->prefix) && (address->flags & IFA_F_SECONDARY) == 0) {
        links_each_address(batch->links, address->ifindex, depends, &search);
        if (search.found)
            promote_secondaries(batch, address);
    }
    append(batch, NULL, ADDRESS_REMOVE, address);
    return true;
}

bool address_batch_link(struct address_batch *batch, struct desired_set *set, int ifindex, bool up)
{
    const struct observed_address about = {.ifindex = ifindex};

    if (!has_room(batch))
        return false;
    append(batch, set, up ? ADDRESS_LINK_UP : ADDRESS_LINK_DOWN, &about);
    return true;
}

/* Rare: who else has to do with addresses that we are about to have? */
void address_batch_dispute(struct address_batch *batch, const struct observed_address *address)
{
    for (unsigned i = 0; i < batch->count; i++) {
        const struct address_change *change = &batch->changes[i];

        if (change->unheard && change->address.ifindex == address->ifindex &&
            change->address.prefix.length == address->prefix.length &&
            ip_address_equal(&change->address.prefix.address, &address->prefix.address))
            batch->disputed[i] = true;
    }
}

void address_batch_disown(struct address_batch *batch, struct desired_set *set)
{
    for (unsigned i = 0; i < batch->count; i++)
        if (batch->owners[i] == set)
            batch->owners[i] = NULL;
    set->in_flight = 0;
    set->renewing = 0;
}
