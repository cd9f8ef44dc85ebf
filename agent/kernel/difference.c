/* Desired against observed; see difference.h. Owner: the reconciler. */
#include "agent/kernel/difference.h"

#include "agent/kernel/virtual_link.h"

/* Two messages' worth: see difference_refresh(). */
enum { REFRESHES_MAX = 256 };

static bool is_ours(const struct observed_address *address)
{
    return address->proto == VIPD_IFA_PROTO;
}

static uint32_t lease_seconds(const struct desired_set *set)
{
    return set->lease_ns == 0 ? UINT32_MAX
                              : (uint32_t)((set->lease_ns + NS_PER_SEC - 1) / NS_PER_SEC);
}

/* Not there with that prefix length: somebody else's address of another length is that address all
 * the same, and IPv6 has each with one length only. False: no room. */
static bool add_one(struct address_batch *batch, const struct desired_sets *sets,
                    struct desired_set *set, const struct ip_prefix *prefix)
{
    const struct observed_address *other =
        links_address(batch->links, set->ifindex, &prefix->address);

    if (other == NULL)
        return address_batch_add(batch, set, prefix, lease_seconds(set));
    if (!is_ours(other))
        return true;
    if (prefix->address.family == IP_FAMILY_IPV6) {
        if (desired_who(sets, set->ifindex, &other->prefix) != NULL)
            return true;
        if (!address_batch_remove(batch, other))
            return false;
    }
    return address_batch_add(batch, set, prefix, lease_seconds(set));
}

static bool add_missing(struct address_batch *batch, const struct desired_sets *sets,
                        struct desired_set *set)
{
    const struct link *link = links_by_index(batch->links, set->ifindex);

    if (set->raises && set->attempted == 0 && link != NULL && !link->up &&
        !address_batch_link(batch, set, set->ifindex, true))
        return false;
    for (; set->attempted < set->count; set->attempted++) {
        const struct ip_prefix *prefix = &set->prefixes[set->attempted];

        if (links_prefix(batch->links, set->ifindex, prefix) == NULL &&
            !add_one(batch, sets, set, prefix))
            return false;
    }
    set->attempt = false;
    return true;
}

bool difference_add(struct address_batch *batch, const struct desired_sets *sets)
{
    for (struct desired_set *s = sets->first; s != NULL; s = s->next)
        if (s->attempt && !s->reading && !add_missing(batch, sets, s))
            return false;
    return true;
}

void difference_refresh(struct address_batch *batch, const struct desired_sets *sets)
{
    unsigned left = REFRESHES_MAX;

    for (struct desired_set *s = sets->first; s != NULL; s = s->next) {
        for (; s->refresh && !s->reading && s->refreshed < s->count; s->refreshed++) {
            const struct observed_address *there =
                links_prefix(batch->links, s->ifindex, &s->prefixes[s->refreshed]);

            if (there == NULL || !is_ours(there))
                continue;
            if (left-- == 0 || !address_batch_refresh(batch, s, there, lease_seconds(s)))
                return;
        }
        s->refresh = s->refresh && s->reading;
    }
}

bool difference_remove(struct address_batch *batch, const struct leftovers *leftovers)
{
    for (size_t i = leftovers->count; i-- > 0;)
        if (!address_batch_remove(batch, &leftovers->list[i]))
            return false;
    return true;
}

struct lowering {
    struct address_batch *batch;
    const struct desired_sets *sets;
    bool room;
};

static bool lower(void *userdata, const struct link *link)
{
    struct lowering *lowering = userdata;

    if (virtual_link_is_ours(link) && link->up && !desired_raises(lowering->sets, link->ifindex))
        lowering->room = address_batch_link(lowering->batch, NULL, link->ifindex, false);
    return lowering->room;
}

bool difference_lower(struct address_batch *batch, const struct desired_sets *sets)
{
    struct lowering lowering = {.batch = batch, .sets = sets, .room = true};

    links_each_link(batch->links, lower, &lowering);
    return lowering.room;
}
