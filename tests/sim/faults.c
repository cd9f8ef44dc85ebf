/* Faults begin and end: whom they meet, and what the invariants excuse for how long. */
#include "tests/sim/sim.h"

/* Whether the fault is one that an administrator plans. */
static bool is_planned(const struct fault *f)
{
    return f->kind == FAULT_STOP || f->kind == FAULT_CHECK || f->kind == FAULT_DRAIN ||
           f->kind == FAULT_PRIORITY || f->kind == FAULT_INTERVAL || f->kind == FAULT_CLOCK ||
           f->kind == FAULT_ECHO || f->kind == FAULT_OFFER || f->kind == FAULT_TAKE ||
           f->kind == FAULT_BLINK;
}

static bool is_departure(const struct fault *f)
{
    return f->kind == FAULT_KILL || f->kind == FAULT_POWER || f->kind == FAULT_STOP ||
           f->kind == FAULT_LINK || f->kind == FAULT_SOURCE || f->kind == FAULT_CHECK ||
           f->kind == FAULT_DRAIN || f->kind == FAULT_CONFLICT || f->kind == FAULT_OFFER ||
           f->kind == FAULT_MEMBER;
}

static bool breaks_the_network(const struct fault *f)
{
    return f->kind == FAULT_SPLIT || f->kind == FAULT_ONE_WAY || f->kind == FAULT_DEAF ||
           f->kind == FAULT_LOSS || f->kind == FAULT_LINK || f->kind == FAULT_SILENT ||
           f->kind == FAULT_ECHO || f->kind == FAULT_PACKET;
}

/* Where signatures are demanded nothing comes of it. */
static bool is_attack(const struct fault *f)
{
    return f->kind == FAULT_FORGED || f->kind == FAULT_REPLAY;
}

/* A clock that is set in a calm changes nothing: all have heard the master. If anything else
 * happens while it is wrong, who takes over may be a stranger to others by its clock. */
static bool is_clock_in_calm(const struct world *w, const struct fault *f, bool begins)
{
    return f->kind == FAULT_WALL && !w->clocks_matter &&
           (!signing_clocks_apart(w) || (begins && invariants_calm(w) && w->clear));
}

/* What a fault of a node needs: stacked ones would only hide each other. */
static bool applies(const struct world *w, const struct fault *f)
{
    const struct node *n = &w->nodes[f->node];

    switch (f->kind) {
    case FAULT_KILL:
    case FAULT_POWER:
    case FAULT_STOP:
    case FAULT_CHECK:
    case FAULT_DRAIN:
    case FAULT_PAUSE:
    case FAULT_VERSION:
        return n->running && !n->stopping && n->paused == 0;
    case FAULT_CONFLICT:
    case FAULT_OFFER:
    case FAULT_TAKE:
    case FAULT_MEMBER:
    case FAULT_SOURCE:
    case FAULT_BLINK:
        return n->kind == NODE_VIPD && n->running && !n->stopping && n->paused == 0;
    case FAULT_LINK:
        return n->link_up && n->running && !n->stopping && n->paused == 0;
    default:
        return true;
    }
}

static void excuse(struct world *w, const struct fault *f)
{
    struct node *n = &w->nodes[f->node];
    uint64_t until = w->now + SIM_LEASE_NS + settle_bound(w);

    /* RFC 3768 discards adverts with another interval: two clusters, until they agree again. */
    bool parts = f->kind == FAULT_VERSION || (f->kind == FAULT_INTERVAL && w->version == VRRP_V2);

    if (f->kind == FAULT_KILL || f->kind == FAULT_PAUSE || f->kind == FAULT_SLOW)
        n->excused_until = until;
    /* Who has parted from the others cannot tell them that it is not master any more. */
    bool apart = f->kind != FAULT_SPLIT && (!w->clear || w->now < w->network_excused_until);
    bool disturbs = f->kind == FAULT_PAUSE || f->kind == FAULT_SLOW || f->kind == FAULT_ECHO ||
                    (breaks_the_network(f) && f->kind != FAULT_SPLIT);
    if (parts || apart || disturbs)
        w->hints_excused_until = w->now + SIM_REFRESH_NS;
    if (breaks_the_network(f) || parts)
        w->network_excused_until = until;
}

/* Only a master meets a conflict, and mostly its clock is one that matters. */
static uint8_t who_is_met(const struct world *w, const struct fault *f)
{
    bool masters = f->kind == FAULT_CONFLICT || (f->kind == FAULT_WALL && f->set / 2 % 4 != 0);

    for (size_t i = 0; i < w->node_count && masters; i++)
        if (node_state(&w->nodes[i], 0) == VRRP_MASTER)
            return (uint8_t)i;
    return f->node;
}

/* Something begins or ends. */
static void disturb(struct world *w, const struct fault *f, bool begins, bool planned)
{
    bool mattered = w->clocks_matter;

    if (is_attack(f) || is_clock_in_calm(w, f, begins))
        return;
    w->clocks_matter = signing_clocks_apart(w);
    invariants_disturbed(w, planned && !mattered && !w->clocks_matter);
    w->departure = w->single && begins && is_departure(f);
    excuse(w, f);
    if (mattered || w->clocks_matter) {
        w->network_excused_until = w->now + SIM_LEASE_NS + settle_bound(w);
        w->hints_excused_until = w->now + SIM_REFRESH_NS;
        invariants_survey(w);
    }
}

void fault_begin(struct world *w, size_t index)
{
    struct fault *f = &w->faults[index];

    f->node = who_is_met(w, f);
    if (!applies(w, f))
        return;
    f->on = true;
    f->injected = true;
    world_log(w, "FAULT: %s, node %u, for %.3f s", fault_name(f->kind), f->node,
              (double)(f->duration / NS_PER_MS) / 1e3);
    if (f->kind == FAULT_WALL)
        fault_act(w, f, true);
    disturb(w, f, true, is_planned(f));
    if (f->kind != FAULT_WALL)
        fault_act(w, f, true);
    world_push(w, w->now + f->duration,
               (struct event){.type = EVENT_FAULT_END, .generation = index});
}

void fault_end(struct world *w, size_t index)
{
    struct fault *f = &w->faults[index];
    const struct node *n = &w->nodes[f->node];

    if (f->kind == FAULT_VERSION && (n->paused > 0 || n->stopping)) {
        world_push(w, w->now + NS_PER_SEC,
                   (struct event){.type = EVENT_FAULT_END, .generation = index});
        return;
    }
    world_log(w, "END OF: %s, node %u", fault_name(f->kind), f->node);
    f->on = false;
    if (f->kind == FAULT_WALL)
        fault_act(w, f, false);
    disturb(w, f, false,
            f->kind != FAULT_PAUSE && f->kind != FAULT_SLOW && f->kind != FAULT_VERSION);
    if (f->kind == FAULT_WALL)
        return;
    /* Killed or stopped again in the meantime: whoever did that starts it. */
    bool starts = f->kind == FAULT_KILL || f->kind == FAULT_POWER || f->kind == FAULT_STOP;
    if (starts && n->running)
        return;
    fault_act(w, f, false);
}
