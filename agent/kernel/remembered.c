/* The addresses we have added; see remembered.h. Owner: the reconciler. */
#include "agent/kernel/remembered.h"

#include <stdlib.h>

enum {
    ROOM_MIN = 16,
};

/* ifindex 0: the slot is empty. */
struct remembered_address {
    int ifindex;
    struct ip_prefix prefix;
};

/* FNV-1a over all that identifies it. */
static size_t home_of(const struct remembered *remembered, int ifindex,
                      const struct ip_prefix *prefix)
{
    uint32_t hash = 2166136261u ^ (uint32_t)ifindex ^ (uint32_t)prefix->length << 24;

    for (size_t i = 0; i < sizeof(prefix->address.octets); i++)
        hash = (hash ^ prefix->address.octets[i]) * 16777619u;
    return (hash ^ hash >> 16) & (remembered->room - 1);
}

/* Its slot, or the empty one where it would be. There is always an empty one. */
static size_t slot_of(const struct remembered *remembered, int ifindex,
                      const struct ip_prefix *prefix)
{
    size_t i = home_of(remembered, ifindex, prefix);

    for (;; i = (i + 1) & (remembered->room - 1)) {
        const struct remembered_address *slot = &remembered->slots[i];

        if (slot->ifindex == 0 ||
            (slot->ifindex == ifindex && slot->prefix.length == prefix->length &&
             ip_address_equal(&slot->prefix.address, &prefix->address)))
            return i;
    }
}

bool remembered_has(const struct remembered *remembered, int ifindex,
                    const struct ip_prefix *prefix)
{
    return remembered->count > 0 &&
           remembered->slots[slot_of(remembered, ifindex, prefix)].ifindex != 0;
}

/* At most half full, so that searches are short. */
static bool grow(struct remembered *remembered)
{
    struct remembered old = *remembered;

    if (old.count * 2 < old.room)
        return true;
    remembered->room = old.room > 0 ? old.room * 2 : ROOM_MIN;
    remembered->slots = calloc(remembered->room, sizeof(*remembered->slots));
    if (remembered->slots == NULL) {
        *remembered = old;
        return old.count + 1 < old.room;
    }
    for (size_t i = 0; i < old.room; i++) {
        const struct remembered_address *slot = &old.slots[i];

        if (slot->ifindex != 0)
            remembered->slots[slot_of(remembered, slot->ifindex, &slot->prefix)] = *slot;
    }
    free(old.slots);
    return true;
}

void remembered_add(struct remembered *remembered, int ifindex, const struct ip_prefix *prefix)
{
    if (remembered_has(remembered, ifindex, prefix) || !grow(remembered))
        return;
    remembered->slots[slot_of(remembered, ifindex, prefix)] =
        (struct remembered_address){.ifindex = ifindex, .prefix = *prefix};
    remembered->count++;
}

void remembered_forget(struct remembered *remembered, int ifindex, const struct ip_prefix *prefix)
{
    size_t mask = remembered->room - 1;

    if (!remembered_has(remembered, ifindex, prefix))
        return;
    size_t hole = slot_of(remembered, ifindex, prefix);
    remembered->slots[hole].ifindex = 0;
    remembered->count--;
    /* Who had to go past the hole to its slot moves into it. */
    for (size_t i = (hole + 1) & mask; remembered->slots[i].ifindex != 0; i = (i + 1) & mask) {
        struct remembered_address *slot = &remembered->slots[i];
        size_t home = home_of(remembered, slot->ifindex, &slot->prefix);

        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        remembered->slots[hole] = *slot;
        slot->ifindex = 0;
        hole = i;
    }
}

void remembered_sweep(struct remembered *remembered,
                      bool (*is_over)(void *userdata, int ifindex, const struct ip_prefix *prefix),
                      void *userdata)
{
    for (size_t i = 0; i < remembered->room; i++) {
        /* Another one may move into the slot. */
        while (remembered->slots[i].ifindex != 0 &&
               is_over(userdata, remembered->slots[i].ifindex, &remembered->slots[i].prefix)) {
            const struct remembered_address over = remembered->slots[i];
            remembered_forget(remembered, over.ifindex, &over.prefix);
        }
    }
}

void remembered_free(struct remembered *remembered)
{
    free(remembered->slots);
    *remembered = (struct remembered){0};
}
