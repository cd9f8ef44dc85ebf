/* What the kernel holds of what is wanted; see reconciler.h. Changes nothing. */
#include "agent/kernel/mark.h"
#include "agent/kernel/reconciler.h"
#include "agent/kernel/reconciler_state.h"

bool reconciler_settled(const struct desired_set *set)
{
    return desired_settled(set);
}

bool reconciler_held(const struct reconciler *reconciler, const struct desired_set *set,
                     const struct claimed_address *address)
{
    int ifindex = desired_ifindex(reconciler->links, set, address);

    return links_address(reconciler->links, ifindex, &address->prefix.address) != NULL;
}

size_t reconciler_count_held(const struct reconciler *reconciler, const struct desired_set *set)
{
    size_t held = 0;

    for (size_t i = 0; i < set->count; i++)
        held += reconciler_held(reconciler, set, &set->addresses[i]) ? 1 : 0;
    return held;
}

bool reconciler_answers(const struct reconciler *reconciler, struct desired_set *set)
{
    for (; set->answering < set->count; set->answering++) {
        const struct claimed_address *claim = &set->addresses[set->answering];
        const struct ip_address *address = &claim->prefix.address;

        if (address->family == IP_FAMILY_IPV6 && !desired_waits(reconciler->links, claim) &&
            !local_route_has(reconciler->routes, desired_ifindex(reconciler->links, set, claim),
                             address))
            return false;
    }
    return true;
}

enum address_owner reconciler_owner(const struct reconciler *reconciler, int ifindex,
                                    const struct ip_address *address)
{
    const struct observed_address *there = links_address(reconciler->links, ifindex, address);

    if (there == NULL)
        return ADDRESS_NOBODYS;
    return address_batch_is_ours(&reconciler->batch, there) ? ADDRESS_OURS : ADDRESS_OTHERS;
}

bool reconciler_disturbed(const struct reconciler *reconciler,
                          const struct observed_address *address)
{
    if (!mark_is_ours(address))
        return true;
    if (address->valid_s != UINT32_MAX)
        return false;
    const struct desired_set *set =
        desired_who(reconciler->links, &reconciler->sets, address->ifindex, &address->prefix);
    return set != NULL && set->lease_ns != 0;
}

bool reconciler_runs_soon(const struct reconciler *reconciler)
{
    return reconciler->run;
}

uint64_t reconciler_repairs(const struct reconciler *reconciler)
{
    return reconciler->repairs;
}
