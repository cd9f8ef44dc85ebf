/* The invariant (e): how late a MASTER adverts. */
#include "tests/sim/sim.h"

static bool has_unheard_advert(const struct node *n, size_t family)
{
    for (size_t i = n->inbox_heard; i < n->inbox_count; i++)
        if (n->inbox[i].family == family && !n->inbox[i].announcement)
            return true;
    return false;
}

static void check_late(struct world *w, const struct node *n, size_t family)
{
    uint64_t since = w->now - n->last_sent_at[family];
    uint64_t limit =
        n->params.dead_factor * n->params.advert_interval_ns +
        2 * (n->params.version == VRRP_V2 ? NS_PER_SEC : n->params.advert_interval_ns) / 256;

    if (since <= limit)
        return;
    if (since > 2 * limit)
        violate(w, "(e): node %zu adverts %.3f s after its last advert, without taking over anew",
                node_index(w, n), (double)since / 1e9);
    if (has_unheard_advert(n, family))
        violate(w, "(e): node %zu adverts %.3f s after its last advert, without listening first",
                node_index(w, n), (double)since / 1e9);
}

void invariants_sent(struct world *w, struct node *n, size_t family, bool fresh)
{
    if (!fresh && !n->interval_changed[family])
        check_late(w, n, family);
    n->last_sent_at[family] = w->now;
    n->interval_changed[family] = false;
}
