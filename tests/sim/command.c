/* before-master: a command for each instance that is waited for. It takes any time, at times longer
 * than is waited for, and fails now and then after a disturbance. */
#include "tests/sim/sim.h"

enum {
    FAILING_PERCENT = 20,
    TOO_LONG_PERCENT = 5,
};

#define RETRY_NS NS_PER_SEC

void commands_reset(struct node *n)
{
    for (size_t f = 0; f < FAMILIES_MAX; f++) {
        n->command_began[f] = 0;
        n->command_ends[f] = SIM_FOREVER;
        n->retry_at[f] = SIM_FOREVER;
    }
}

/* When the command of the instance became due; 0: it is not. As the agent's events.c. */
static uint64_t due_since(const struct world *w, const struct node *n, size_t first)
{
    uint64_t since = 0;

    for (size_t f = first; f < first + w->instance_families; f++) {
        const struct election *e = &n->elections[f];

        if (e->preparation == PREPARATION_AWAITED)
            return 0;
        if (e->preparation == PREPARATION_RUNS && e->prepare_began > since)
            since = e->prepare_began;
    }
    return since;
}

static bool gave_up(const struct world *w, const struct node *n, size_t first)
{
    for (size_t f = first; f < first + w->instance_families; f++)
        if ((n->elections[f].held_by & HOLD_NOT_PREPARED) != 0)
            return true;
    return false;
}

static void begin(struct world *w, struct node *n, size_t first)
{
    uint64_t span = rng_below(&w->command_rng, w->prepare_ns);

    /* In a calm it works: a failure is a disturbance, and there would be no end of them. */
    bool calm = w->now > w->disturbed_at + settle_bound(w) / 2;
    n->command_good[first] = calm || !rng_percent(&w->command_rng, FAILING_PERCENT);
    if (rng_percent(&w->command_rng, 40))
        span /= 100;
    else if (!calm && rng_percent(&w->command_rng, TOO_LONG_PERCENT))
        span = 2 * w->prepare_ns;
    n->command_ends[first] = w->now + span;
    world_log(w, "node %zu: before-master of family %zu begins, for %.3f s", node_index(w, n),
              first, (double)span / 1e9);
}

void commands_follow(struct world *w, struct node *n)
{
    if (w->prepare_ns == 0 || n->kind != NODE_VIPD)
        return;
    for (size_t first = 0; first < w->family_count; first += w->instance_families) {
        uint64_t since = due_since(w, n, first);

        if (gave_up(w, n, first) && n->retry_at[first] == SIM_FOREVER) {
            n->retry_at[first] = w->now + RETRY_NS;
            invariants_disturbed(w, false);
            world_log(w, "node %zu: before-master failed", node_index(w, n));
        }
        if (since == n->command_began[first])
            continue;
        n->command_began[first] = since;
        n->command_ends[first] = SIM_FOREVER;
        if (since != 0)
            begin(w, n, first);
    }
}

void commands_serve(struct world *w, struct node *n)
{
    const struct election_event retry = {.type = ELECTION_UNHOLD, .hold = HOLD_NOT_PREPARED};

    for (size_t first = 0; first < w->family_count; first += w->instance_families) {
        if (w->now >= n->retry_at[first]) {
            n->retry_at[first] = SIM_FOREVER;
            node_instance_event(w, n, first, &retry);
        }
        if (w->now < n->command_ends[first])
            continue;
        const struct election_event ended = {.type = ELECTION_PREPARED,
                                             .force = n->command_good[first]};
        n->command_ends[first] = SIM_FOREVER;
        node_instance_event(w, n, first, &ended);
    }
}

uint64_t commands_deadline(const struct world *w, const struct node *n)
{
    uint64_t deadline = SIM_FOREVER;

    for (size_t first = 0; first < w->family_count; first += w->instance_families) {
        if (n->retry_at[first] < deadline)
            deadline = n->retry_at[first];
        if (n->command_ends[first] < deadline)
            deadline = n->command_ends[first];
    }
    return deadline;
}
