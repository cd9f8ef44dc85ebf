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

void reconciler_note_loss(const struct reconciler *reconciler, struct desired_set *set)
{
    bool lost =
        set->failed > 0 && set->failed == set->count && reconciler_count_held(reconciler, set) == 0;

    if (lost && !set->lost)
        set->told = false;
    set->lost = lost;
}

/* What is to be asked about those from the one that set->answering is at. */
struct asking {
    struct local_question list[LOCAL_ROUTE_QUESTIONS];
    size_t places[LOCAL_ROUTE_QUESTIONS]; /* in the set */
    size_t count;
    size_t end; /* up to here */
};

/* At most so many questions. IPv4 addresses, and those that wait for a device, need none. */
static void collect(const struct reconciler *reconciler, const struct desired_set *set,
                    size_t count, size_t most, struct asking *asking)
{
    asking->count = 0;
    for (asking->end = set->answering; asking->end < count; asking->end++) {
        const struct claimed_address *claim = &set->addresses[asking->end];

        if (claim->prefix.address.family != IP_FAMILY_IPV6 ||
            desired_waits(reconciler->links, claim))
            continue;
        if (asking->count == most)
            break;
        asking->places[asking->count] = asking->end;
        asking->list[asking->count++] =
            (struct local_question){.ifindex = desired_ifindex(reconciler->links, set, claim),
                                    .address = claim->prefix.address};
    }
}

/* More at a time while all are answered for, so that little is asked in vain. */
bool reconciler_answers(struct reconciler *reconciler, struct desired_set *set, size_t count)
{
    struct asking asking;

    for (size_t most = 1; set->answering < count;) {
        collect(reconciler, set, count, most, &asking);
        size_t answered = local_route_count(reconciler->routes, asking.list, asking.count);

        reconciler->progress += answered;
        if (answered < asking.count) {
            set->answering = asking.places[answered];
            return false;
        }
        set->answering = asking.end;
        most = 4 * most < LOCAL_ROUTE_QUESTIONS ? 4 * most : LOCAL_ROUTE_QUESTIONS;
    }
    return true;
}

uint64_t reconciler_progress(const struct reconciler *reconciler)
{
    return reconciler->progress;
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
