/* Desired against observed; see difference.h. Owner: the reconciler. */
#include "agent/kernel/difference.h"

#include "agent/base/log.h"
#include "agent/kernel/mark.h"
#include "agent/kernel/slices.h"
#include "agent/kernel/virtual_link.h"

#include <linux/if_addr.h>
#include <string.h>

enum {
    /* Two messages' worth: see difference_refresh(). */
    REFRESHES_MAX = 256,
    /* Their room is kept for them. */
    ADDITIONS_MAX = ADDRESS_BATCH_MAX - REFRESHES_MAX,
    /* A flight in which claims begin is to be short. */
    BEGINNINGS_MAX = 64,
};

/* Should the kernel have its own mind about a label, that is no reason to go on for ever. */
enum { SHAPINGS_MAX = 2 };

static uint32_t lease_seconds(const struct desired_set *set)
{
    return set->lease_ns == 0 ? UINT32_MAX
                              : (uint32_t)((set->lease_ns + NS_PER_SEC - 1) / NS_PER_SEC);
}

/* Not there with that prefix length: somebody else's address of another length is that address all
 * the same, and IPv6 has each with one length only. What is to be taken over makes room for ours.
 * False: no room. */
static bool add_one(struct address_batch *batch, const struct desired_sets *sets,
                    struct desired_set *set, const struct claimed_address *wanted)
{
    const struct ip_address *address = &wanted->prefix.address;
    const struct observed_address *other =
        links_address(batch->links, desired_ifindex(batch->links, set, wanted), address);

    if (other == NULL)
        return address_batch_add(batch, set, wanted, lease_seconds(set));
    bool ours = address_batch_is_ours(batch, other);
    if (!ours && !set->adopt)
        return true;
    if (!ours || address->family == IP_FAMILY_IPV6) {
        if (desired_who(batch->links, sets, other->ifindex, &other->prefix) != NULL)
            return true;
        if (!address_batch_remove(batch, other))
            return false;
    }
    if (!ours)
        log_instance(LOG_NOTICE, set->owner,
                     "the same address with prefix length %u, put there by somebody else, makes "
                     "room (adopt)",
                     other->prefix.length);
    return address_batch_add(batch, set, wanted, lease_seconds(set));
}

/* The kernel changes none of this in an address that is there. Without a label it has the device's
 * name for one. */
static bool has_shape(const struct links *links, const struct observed_address *there,
                      const struct claimed_address *wanted)
{
    const struct link *link = links_by_index(links, there->ifindex);
    const char *label = wanted->label[0] == '\0' && link != NULL ? link->name : wanted->label;

    return (there->label[0] == '\0' || strcmp(there->label, label) == 0) &&
           (wanted->prefix.address.family == IP_FAMILY_IPV6 ||
            there->scope == claimed_address_scope(wanted)) &&
           memcmp(there->broadcast, wanted->broadcast, sizeof(there->broadcast)) == 0 &&
           (!wanted->no_prefix_route || (there->flags & IFA_F_NOPREFIXROUTE) != 0);
}

/* One of ours comes back as it is to be. False: no room. */
static bool shape_one(struct address_batch *batch, struct desired_set *set,
                      const struct observed_address *there, const struct claimed_address *wanted)
{
    set->shaped++;
    return address_batch_remove(batch, there) &&
           address_batch_add(batch, set, wanted, lease_seconds(set));
}

static void log_adopted(const struct address_batch *batch, const struct desired_set *set,
                        const struct observed_address *there)
{
    const struct link *link = links_by_index(batch->links, there->ifindex);
    char text[ADDRESS_TEXT_SIZE];

    log_instance(LOG_NOTICE, set->owner,
                 "%s was on %s already, put there by somebody else: taken over (adopt)",
                 ip_prefix_format(&there->prefix, text, sizeof(text)),
                 link != NULL ? link->name : "(gone)");
}

/* Of an address that somebody replaces Linux 5.10 leaves our metric (IPv6) and 6.1 our protocol
 * (IPv4), but not the lease. */
static bool lives_too_long(const struct desired_set *set, const struct observed_address *there)
{
    return set->lease_ns != 0 && !set->refresh && there->valid_s == UINT32_MAX;
}

/* There with that prefix length, but perhaps without our mark or lease. False: no room. */
static bool mark_one(struct address_batch *batch, struct desired_set *set,
                     const struct observed_address *there)
{
    bool ours = address_batch_is_ours(batch, there);

    if ((mark_is_ours(there) && !lives_too_long(set, there)) || (!ours && !set->adopt))
        return true;
    if (!address_batch_refresh(batch, set, there, lease_seconds(set)))
        return false;
    if (ours)
        set->unmarked++;
    else
        log_adopted(batch, set, there);
    return true;
}

/* One address as it is to be. False: no room. */
static bool put_right(struct address_batch *batch, const struct desired_sets *sets,
                      struct desired_set *set, const struct claimed_address *wanted)
{
    if (desired_waits(batch->links, wanted))
        return true;
    const struct observed_address *there =
        links_prefix(batch->links, desired_ifindex(batch->links, set, wanted), &wanted->prefix);
    if (there == NULL)
        return add_one(batch, sets, set, wanted);
    if (set->shaped < SHAPINGS_MAX * set->count && mark_is_ours(there) &&
        !has_shape(batch->links, there, wanted))
        return shape_one(batch, set, there, wanted);
    return mark_one(batch, set, there);
}

static bool add_missing(struct address_batch *batch, const struct desired_sets *sets,
                        struct desired_set *set)
{
    const struct link *link = links_by_index(batch->links, set->ifindex);

    if (set->raises && set->attempted == 0 && link != NULL && !link->up &&
        !address_batch_link(batch, set, set->ifindex, true))
        return false;
    for (; set->attempted < set->count; set->attempted++)
        if (!put_right(batch, sets, set, &set->addresses[set->attempted]))
            return false;
    set->attempt = false;
    return true;
}

static bool is_due(const struct desired_set *set)
{
    return set->attempt && !set->reading;
}

static bool add_unsliced(struct address_batch *batch, const struct desired_sets *sets)
{
    for (struct desired_set *s = sets->first; s != NULL; s = s->next)
        if (is_due(s) && !slices_apply(s) && !add_missing(batch, sets, s))
            return false;
    return true;
}

/* The room for a slice. False: there is none. */
static bool allow_slice(struct address_batch *batch, const struct desired_set *set)
{
    unsigned slice = slices_next(set);

    if (batch->count + slice > ADDITIONS_MAX)
        return false;
    address_batch_allow(batch, slice);
    return true;
}

/* The first of each, before any goes on. False: that is enough for this flight. */
static bool begin_slices(struct address_batch *batch, const struct desired_sets *sets)
{
    bool begun = false;

    for (struct desired_set *s = sets->first; s != NULL; s = s->next) {
        if (!is_due(s) || !slices_apply(s) || s->attempted > 0)
            continue;
        if (batch->count >= BEGINNINGS_MAX || !allow_slice(batch, s))
            return false;
        (void)add_missing(batch, sets, s);
        begun = begun || s->attempt;
    }
    return !begun;
}

static bool go_on_with_slices(struct address_batch *batch, const struct desired_sets *sets)
{
    for (struct desired_set *s = sets->first; s != NULL; s = s->next)
        if (is_due(s) && slices_apply(s) &&
            (!allow_slice(batch, s) || !add_missing(batch, sets, s)))
            return false;
    return true;
}

bool difference_add(struct address_batch *batch, const struct desired_sets *sets)
{
    address_batch_allow(batch, ADDITIONS_MAX);
    return add_unsliced(batch, sets) &&
           (!sets->many || (begin_slices(batch, sets) && go_on_with_slices(batch, sets)));
}

bool difference_refresh(struct address_batch *batch, const struct desired_sets *sets)
{
    unsigned left = REFRESHES_MAX;

    address_batch_allow(batch, ADDRESS_BATCH_MAX);
    for (struct desired_set *s = sets->first; s != NULL; s = s->next) {
        for (; s->refresh && !s->reading && s->refreshed < s->count; s->refreshed++) {
            const struct claimed_address *wanted = &s->addresses[s->refreshed];
            const struct observed_address *there = links_prefix(
                batch->links, desired_ifindex(batch->links, s, wanted), &wanted->prefix);

            /* One that has lost its mark is to be put right: not before its time. */
            if (there == NULL || !mark_is_ours(there))
                continue;
            if (left-- == 0 || !address_batch_refresh(batch, s, there, lease_seconds(s)))
                return false;
            s->renewing += s->on_time ? 1 : 0;
        }
        s->refresh = s->refresh && s->reading;
    }
    return true;
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

    if (virtual_mark_is_on(link) && link->up && !desired_raises(lowering->sets, link->ifindex))
        lowering->room = address_batch_link(lowering->batch, NULL, link->ifindex, false);
    return lowering->room;
}

bool difference_lower(struct address_batch *batch, const struct desired_sets *sets)
{
    struct lowering lowering = {.batch = batch, .sets = sets, .room = true};

    links_each_link(batch->links, lower, &lowering);
    return lowering.room;
}
