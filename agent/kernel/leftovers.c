/* Observed addresses against everything desired; see leftovers.h. Owner: the reconciler.
 */
#include "agent/kernel/leftovers.h"

#include "agent/kernel/mark.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct wanted_address {
    int ifindex;
    struct ip_prefix prefix;
};

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted_address *x = a;
    const struct wanted_address *y = b;

    if (x->ifindex != y->ifindex)
        return x->ifindex < y->ifindex ? -1 : 1;
    if (x->prefix.length != y->prefix.length)
        return x->prefix.length < y->prefix.length ? -1 : 1;
    return ip_address_compare(&x->prefix.address, &y->prefix.address);
}

/* Everything desired, sorted, so that each observed address is looked up once. */
static int collect_wanted(struct leftovers *leftovers, const struct links *links,
                          const struct desired_sets *sets)
{
    size_t count = 0;

    for (const struct desired_set *s = sets->first; s != NULL; s = s->next)
        count += s->count;
    if (count > leftovers->wanted_room) {
        struct wanted_address *room = realloc(leftovers->wanted, count * sizeof(*room));
        if (room == NULL)
            return -ENOMEM;
        leftovers->wanted = room;
        leftovers->wanted_room = count;
    }
    leftovers->wanted_count = 0;
    for (const struct desired_set *s = sets->first; s != NULL; s = s->next)
        for (size_t i = 0; i < s->count; i++)
            leftovers->wanted[leftovers->wanted_count++] =
                (struct wanted_address){.ifindex = desired_ifindex(links, s, &s->addresses[i]),
                                        .prefix = s->addresses[i].prefix};
    if (count > 0)
        qsort(leftovers->wanted, count, sizeof(*leftovers->wanted), compare_wanted);
    return 0;
}

static bool is_ours(const struct leftovers *leftovers, const struct observed_address *address)
{
    return mark_is_ours(address) ||
           remembered_has(leftovers->remembered, address->ifindex, &address->prefix);
}

static bool count_ours(void *userdata, const struct observed_address *address)
{
    struct leftovers *leftovers = userdata;

    leftovers->count += is_ours(leftovers, address) ? 1 : 0;
    return true;
}

static bool collect_one(void *userdata, const struct observed_address *address)
{
    struct leftovers *leftovers = userdata;
    const struct wanted_address key = {.ifindex = address->ifindex, .prefix = address->prefix};

    if (!is_ours(leftovers, address))
        return true;
    if (leftovers->wanted_count > 0 && bsearch(&key, leftovers->wanted, leftovers->wanted_count,
                                               sizeof(key), compare_wanted) != NULL)
        return true;
    assert(leftovers->count < leftovers->room);
    leftovers->list[leftovers->count++] = *address;
    return true;
}

int leftovers_find(struct leftovers *leftovers, const struct links *links,
                   const struct remembered *remembered, const struct desired_sets *sets)
{
    leftovers->remembered = remembered;
    leftovers->count = 0;
    if (collect_wanted(leftovers, links, sets) < 0)
        return -ENOMEM;
    links_each_address(links, 0, count_ours, leftovers);
    size_t ours = leftovers->count;
    leftovers->count = 0;
    if (ours > leftovers->room) {
        struct observed_address *room = realloc(leftovers->list, ours * sizeof(*room));
        if (room == NULL)
            return -ENOMEM;
        leftovers->list = room;
        leftovers->room = ours;
    }
    links_each_address(links, 0, collect_one, leftovers);
    return 0;
}

void leftovers_free(struct leftovers *leftovers)
{
    free(leftovers->list);
    free(leftovers->wanted);
}
