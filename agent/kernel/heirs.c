/* A table of the addresses that are asked for, by hash, and one walk past it; see heirs.h. */
#include "agent/kernel/heirs.h"

#include <assert.h>

enum {
    FEW = 8, /* for these each is looked for by itself: that is less than the table */
    ROOM = 2 * ADDRESS_BATCH_MAX,
};

/* Of so many slots that it is half full at most, and a search short. */
struct table {
    const struct address_batch *batch;
    uint16_t slots[ROOM]; /* index of a change + 1; 0: empty */
    bool found[ADDRESS_BATCH_MAX];
};

typedef void (*tell_fn)(void *userdata, const struct address_change *change,
                        struct desired_set *heir);

void heirs_ask(struct heirs *heirs, unsigned index)
{
    assert(heirs->count < ADDRESS_BATCH_MAX && index < ADDRESS_BATCH_MAX);
    heirs->asked[heirs->count++] = (uint16_t)index;
}

/* FNV-1a over all that identifies it. */
static size_t home_of(int ifindex, const struct ip_prefix *prefix)
{
    const size_t size = prefix->address.family == IP_FAMILY_IPV4 ? 4 : 16;
    uint32_t hash = 2166136261u ^ (uint32_t)ifindex ^ (uint32_t)prefix->length << 24;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ prefix->address.octets[i]) * 16777619u;
    return (hash ^ hash >> 16) % ROOM;
}

static void enter(struct table *table, unsigned index)
{
    const struct observed_address *address = &table->batch->changes[index].address;
    size_t slot = home_of(address->ifindex, &address->prefix);

    while (table->slots[slot] != 0)
        slot = (slot + 1) % ROOM;
    table->slots[slot] = (uint16_t)(index + 1);
}

/* All changes that are about that address and have no heir yet. */
static void meet(struct table *table, int ifindex, const struct ip_prefix *prefix,
                 struct desired_set *set, tell_fn fn, void *userdata)
{
    for (size_t slot = home_of(ifindex, prefix); table->slots[slot] != 0;
         slot = (slot + 1) % ROOM) {
        const unsigned index = table->slots[slot] - 1U;
        const struct observed_address *address = &table->batch->changes[index].address;

        if (table->found[index] || address->ifindex != ifindex ||
            address->prefix.length != prefix->length ||
            !ip_address_equal(&address->prefix.address, &prefix->address))
            continue;
        table->found[index] = true;
        fn(userdata, &table->batch->changes[index], set);
    }
}

static void tell_many(const struct heirs *heirs, const struct address_batch *batch,
                      const struct desired_sets *sets, tell_fn fn, void *userdata)
{
    struct table table = {.batch = batch};

    for (unsigned i = 0; i < heirs->count; i++)
        enter(&table, heirs->asked[i]);
    for (struct desired_set *set = sets->first; set != NULL; set = set->next)
        for (size_t i = 0; i < set->count; i++)
            meet(&table, desired_ifindex(batch->links, set, &set->addresses[i]),
                 &set->addresses[i].prefix, set, fn, userdata);
    for (unsigned i = 0; i < heirs->count; i++)
        if (!table.found[heirs->asked[i]])
            fn(userdata, &batch->changes[heirs->asked[i]], NULL);
}

void heirs_tell(const struct heirs *heirs, const struct address_batch *batch,
                const struct desired_sets *sets, tell_fn fn, void *userdata)
{
    if (heirs->count > FEW) {
        tell_many(heirs, batch, sets, fn, userdata);
        return;
    }
    for (unsigned i = 0; i < heirs->count; i++) {
        const struct address_change *change = &batch->changes[heirs->asked[i]];

        fn(userdata, change,
           desired_who(batch->links, sets, change->address.ifindex, &change->address.prefix));
    }
}
