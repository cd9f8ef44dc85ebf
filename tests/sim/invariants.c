/* What must always hold; invariants_text.c says it precisely. */
#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>

/* One line for each node: the end of a timeline. */
static void describe(const struct world *w, const struct node *n)
{
    const struct election *e = &n->elections[0];
    double timer_ms = e->timer_at == DEADLINE_NEVER
                          ? -1
                          : (double)(int64_t)(e->timer_at - w->now) / (double)NS_PER_MS;

    world_log(w, "  node %zu: %s%s%s%s, holds %d%d, held by %x, timer in %.3f ms, learned %.0f ms",
              node_index(w, n), vrrp_state_name(node_state(n, 0)), n->running ? "" : " not running",
              n->paused > 0 ? " paused" : "", n->stopping ? " stopping" : "", n->held[0],
              n->held[1], n->kind == NODE_VIPD ? e->held_by : 0, timer_ms,
              (double)e->learned_interval_ns / (double)NS_PER_MS);
}

void violate(struct world *w, const char *format, ...)
{
    va_list arguments;

    if (w->violated)
        return;
    w->violated = true;
    w->violated_at = w->now;
    va_start(arguments, format);
    vsnprintf(w->violation, sizeof(w->violation), format, arguments);
    va_end(arguments);
    world_log(w, "VIOLATION %s", w->violation);
    for (size_t i = 0; i < w->node_count; i++)
        describe(w, &w->nodes[i]);
}

/* How long a MASTER prepares for the addresses, and waits before that. */
static uint64_t wait_bound(const struct world *w)
{
    return w->prepare_ns + (w->release_first ? 12 * w->interval_max_ns : 0);
}

uint64_t settle_bound(const struct world *w)
{
    bool v2 = w->version == VRRP_V2;

    return 12 * w->interval_max_ns + 2 * NS_PER_SEC + (v2 ? NS_PER_SEC : 0) + 3 * wait_bound(w);
}

static bool calm_for(const struct world *w, uint64_t span)
{
    return w->now >= w->disturbed_at + span;
}

static bool all_hear_each_other(const struct world *w)
{
    if (w->loss_percent > 0)
        return false;
    for (size_t a = 0; a < w->node_count; a++)
        for (size_t b = 0; b < w->node_count; b++)
            if (w->blocked[a][b])
                return false;
    return true;
}

/* Or what it sends is: with a dead-factor of 2 an overtaken frame may come too late. */
static bool somebody_slow(const struct world *w)
{
    for (size_t i = 0; i < w->node_count; i++)
        if (w->nodes[i].latency_ns > SIM_LATENCY_NS ||
            (w->echo_percent > 0 &&
             SIM_OVERTAKEN_NS > (w->dead_factor - 1u) * w->nodes[i].params.advert_interval_ns))
            return true;
    return false;
}

/* Nodes of another version, or of version 2 with other intervals, do not hear each other: no
 * cluster to judge. */
static bool one_cluster(const struct world *w)
{
    const struct election_params *first = &w->nodes[0].params;

    for (size_t i = 1; i < w->node_count; i++) {
        const struct election_params *other = &w->nodes[i].params;

        if (other->version != first->version ||
            (first->version == VRRP_V2 && other->advert_interval_ns != first->advert_interval_ns))
            return false;
    }
    return true;
}

/* A plain peer knows no groups: in a tie with it each family goes by its own addresses, and the
 * members of a group on another node must part with it one by one. */
static bool ties_with_plain(const struct world *w)
{
    for (size_t i = 0; i < w->node_count; i++)
        for (size_t j = 0; j < w->node_count; j++)
            if (w->nodes[i].kind == NODE_PLAIN && w->nodes[j].kind == NODE_VIPD &&
                w->nodes[i].params.priority == w->nodes[j].params.priority)
                return true;
    return false;
}

void invariants_survey(struct world *w)
{
    w->torn = w->torn || (w->family_count > 1 && ties_with_plain(w));
    w->clear = all_hear_each_other(w) && !somebody_slow(w) && one_cluster(w) && !w->clocks_matter;
}

static size_t participants(const struct world *w)
{
    size_t count = 0;

    for (size_t i = 0; i < w->node_count; i++)
        count += node_takes_part(&w->nodes[i]) ? 1 : 0;
    return count;
}

static bool somebody_holds(const struct world *w, size_t family)
{
    for (size_t i = 0; i < w->node_count; i++)
        if (w->nodes[i].held[family])
            return true;
    return false;
}

void invariants_disturbed(struct world *w, bool planned)
{
    w->single = calm_for(w, settle_bound(w) + SIM_LEASE_NS) && w->now > 0;
    w->departure = false;
    w->planned = w->single && planned;
    for (size_t f = 0; f < w->family_count; f++)
        w->planned = w->planned && somebody_holds(w, f);
    w->disturbed_at = w->now;
}

bool invariants_calm(const struct world *w)
{
    return calm_for(w, settle_bound(w) + SIM_LEASE_NS);
}

void invariants_accepted(struct world *w, const struct node *n, const struct message *message,
                         bool again)
{
    if (message->forged)
        violate(w, "(o): node %zu acts upon a forged advert as of node %u, priority %u",
                node_index(w, n), message->from, message->priority);
    if (again)
        violate(w, "(o): node %zu acts a second time upon an advert of node %u", node_index(w, n),
                message->from);
}

void invariants_announced(struct world *w, const struct node *n, size_t family)
{
    if (n->kind == NODE_VIPD && election_preparing(&n->elections[family]))
        violate(w, "(n): node %zu announces family %zu before it is prepared", node_index(w, n),
                family);
    if (node_state(n, family) != VRRP_MASTER)
        violate(w, "(k): node %zu announces family %zu as a %s", node_index(w, n), family,
                vrrp_state_name(node_state(n, family)));
}

static bool offers(const struct node *n)
{
    return n->kind == NODE_VIPD && n->elections[0].offer != OFFER_NONE;
}

/* Skew orders the successors: 1 ms of it is more than the network and the loop take. */
static void check_order(struct world *w, const struct node *n)
{
    uint64_t base = n->params.advert_interval_ns;

    /* Whose interval was learned is not known here: the shortest there is. */
    for (size_t i = 0; i < w->node_count; i++)
        if (w->nodes[i].params.advert_interval_ns < base)
            base = w->nodes[i].params.advert_interval_ns;
    for (size_t i = 0; i < w->node_count; i++) {
        const struct node *other = &w->nodes[i];
        uint64_t ahead = other->params.priority > n->params.priority
                             ? (uint64_t)(other->params.priority - n->params.priority)
                             : 0;

        if (node_takes_part(other) && !offers(other) && ahead * base / 256 > 2 * NS_PER_MS)
            violate(w, "(h): node %zu takes over before node %zu, which has priority %u",
                    node_index(w, n), i, other->params.priority);
    }
}

void invariants_transition(struct world *w, const struct node *n, const struct transition *t)
{
    /* No drain of the simulator is forced. */
    if (t->reason == REASON_DRAINED && t->evidence.silence_ns != 0)
        violate(w, "(i): node %zu gave its addresses up, and nobody took over", node_index(w, n));
    if (t->from == VRRP_MASTER && w->single && w->clear && n->taken_at != 0 &&
        w->now - n->taken_at < n->params.advert_interval_ns &&
        (t->reason == REASON_HIGHER_PRIORITY || t->reason == REASON_HIGHER_ADDRESS))
        violate(w, "(j): node %zu is deposed %.3f s after it took mastership", node_index(w, n),
                (double)(w->now - n->taken_at) / 1e9);
    if (w->single && n->blinking && t->from == VRRP_MASTER &&
        t->reason == REASON_NO_PRIMARY_ADDRESS && n->latency_ns <= SIM_LATENCY_NS)
        violate(w, "(l): node %zu is not MASTER any more because its source blinked",
                node_index(w, n));
    if (w->departure && t->to == VRRP_MASTER && w->clear && w->echo_percent == 0)
        check_order(w, n);
    if (calm_for(w, settle_bound(w)) && w->clear)
        violate(w, "(d): node %zu goes %s -> %s in a calm that has lasted %.3f s", node_index(w, n),
                vrrp_state_name(t->from), vrrp_state_name(t->to),
                (double)(w->now - w->disturbed_at) / 1e9);
}

/* A plain peer that hangs keeps its addresses: it has no lease. */
static bool stuck(const struct node *n)
{
    return n->kind == NODE_PLAIN && n->absent_since != SIM_FOREVER;
}

static void check_master(struct world *w, size_t family)
{
    const struct node *master = NULL;
    unsigned best = 0;
    size_t masters = 0;

    for (size_t i = 0; i < w->node_count; i++) {
        const struct node *n = &w->nodes[i];

        if (!node_takes_part(n))
            continue;
        best = n->params.priority > best ? n->params.priority : best;
        if (node_state(n, family) == VRRP_MASTER) {
            masters++;
            master = n;
        }
    }
    if (masters != 1) {
        violate(w, "(a): %zu masters of family %zu", masters, family);
        return;
    }
    if ((w->preempt || best == PRIORITY_OWNER) && master->params.priority != best)
        violate(w, "(a): node %zu is master with priority %u, another has %u",
                node_index(w, master), master->params.priority, best);
    if (!calm_for(w, settle_bound(w) + SIM_LEASE_NS))
        return;
    for (size_t i = 0; i < w->node_count; i++)
        if (!stuck(&w->nodes[i]) && w->nodes[i].held[family] != (&w->nodes[i] == master))
            violate(w, "(a): node %zu %s the addresses of family %zu", i,
                    w->nodes[i].held[family] ? "still holds" : "does not hold", family);
}

static bool same_state(const struct world *w, const struct node *n)
{
    for (size_t f = 1; f < w->family_count; f++)
        if (node_state(n, f) != node_state(n, 0))
            return false;
    return true;
}

static void check_groups(struct world *w)
{
    for (size_t i = 0; i < w->node_count; i++) {
        const struct node *n = &w->nodes[i];

        /* Plain peers know no groups. */
        if (n->kind == NODE_VIPD && node_takes_part(n) && w->family_count > 1 && !same_state(w, n))
            violate(w, "(g): node %zu is %s in one family and %s in the other", i,
                    vrrp_state_name(node_state(n, 0)),
                    vrrp_state_name(node_state(n, w->family_count - 1)));
    }
}

static void check_leases(struct world *w)
{
    for (size_t i = 0; i < w->node_count; i++) {
        const struct node *n = &w->nodes[i];

        if (n->kind != NODE_VIPD || n->absent_since == SIM_FOREVER ||
            w->now <= n->absent_since + SIM_LEASE_NS)
            continue;
        for (size_t f = 0; f < w->family_count; f++)
            if (n->held[f])
                violate(w, "(f): node %zu holds family %zu %.3f s after its agent was gone", i, f,
                        (double)(w->now - n->absent_since) / 1e9);
    }
}

static bool holders_excused(const struct world *w, size_t family)
{
    if (w->now < w->network_excused_until || !w->clear || w->announcement_loss_percent > 0 ||
        w->echo_percent > 0)
        return true;
    for (size_t i = 0; i < w->node_count; i++)
        if (w->nodes[i].held[family] && (w->now < w->nodes[i].excused_until || stuck(&w->nodes[i])))
            return true;
    return false;
}

/* Master_Down_Interval with the longest skew, and what the network and the loops take. */
static uint64_t takeover_bound(const struct world *w)
{
    return w->dead_factor * w->interval_max_ns +
           (w->version == VRRP_V2 ? NS_PER_SEC : w->interval_max_ns) +
           (w->echo_percent > 0 ? SIM_OVERTAKEN_NS : 0) + wait_bound(w) + 10 * NS_PER_MS;
}

static bool reaches_a_holder(const struct world *w, size_t to, size_t family)
{
    if (w->nodes[to].held[family])
        return true;
    for (size_t i = 0; i < w->node_count; i++)
        if (w->nodes[i].held[family] && w->nodes[i].link_up && !w->blocked[i][to])
            return true;
    return false;
}

/* Never none in either part of a network that falls apart. */
static void check_parts(struct world *w, size_t family)
{
    bool judged =
        w->single && w->all_vipd && w->loss_percent == 0 && !somebody_slow(w) && one_cluster(w);

    for (size_t i = 0; i < w->node_count; i++) {
        uint64_t *since = &w->cut_off_since[i][family];

        if (!judged || !node_takes_part(&w->nodes[i]) || reaches_a_holder(w, i, family))
            *since = SIM_FOREVER;
        else if (*since == SIM_FOREVER || *since < w->disturbed_at)
            *since = w->now;
        else if (w->now - *since > takeover_bound(w))
            violate(w, "(b): node %zu reaches no holder of family %zu for %.3f s", i, family,
                    (double)(w->now - *since) / 1e9);
    }
}

static bool prepares(const struct world *w, size_t family)
{
    for (size_t i = 0; i < w->node_count; i++)
        if (w->nodes[i].running && election_preparing(&w->nodes[i].elections[family]))
            return true;
    return false;
}

/* What a host that heard every announcement believes. */
static void check_caches(struct world *w, size_t family)
{
    size_t entry = w->host_entry[family];

    if (!w->all_vipd || w->now < w->hints_excused_until || entry == NODES_MAX ||
        prepares(w, family))
        return;
    if (node_state(&w->nodes[entry], family) != VRRP_MASTER)
        violate(w, "(k): the neighbours were last told that family %zu is at node %zu, a %s",
                family, entry, vrrp_state_name(node_state(&w->nodes[entry], family)));
}

/* A resignation shortens the wait of the successor to its skew. */
static void check_resignation(struct world *w)
{
    uint64_t skew = w->version == VRRP_V2 ? NS_PER_SEC : w->interval_max_ns;

    if (!w->departure || !w->planned || !w->clear || w->echo_percent > 0 || participants(w) == 0 ||
        w->now < w->disturbed_at + skew + wait_bound(w) + SIM_WINDOW_NS)
        return;
    for (size_t i = 0; i < w->node_count; i++)
        if (w->nodes[i].kind == NODE_VIPD && w->nodes[i].running &&
            w->nodes[i].absent_since == SIM_FOREVER &&
            (election_lingering(&w->nodes[i].elections[0]) ||
             (offers(&w->nodes[i]) && participants(w) > 1)))
            violate(w, "(b): node %zu still waits for a successor %.3f s after it resigned", i,
                    (double)(w->now - w->disturbed_at) / 1e9);
}

static void check_holders(struct world *w, size_t family)
{
    uint64_t window = SIM_WINDOW_NS + (w->family_count > 1 ? 5 * w->interval_max_ns : 0);
    size_t holders = 0;

    for (size_t i = 0; i < w->node_count; i++)
        holders += w->nodes[i].held[family] && w->nodes[i].link_up ? 1 : 0;
    if (holders < 2 || holders_excused(w, family)) {
        w->many_since[family] = SIM_FOREVER;
    } else {
        if (w->release_first && w->planned)
            violate(w, "(m): %zu holders of family %zu in a planned change", holders, family);
        if (w->many_since[family] == SIM_FOREVER)
            w->many_since[family] = w->now;
        if (w->now - w->many_since[family] > window && w->now - w->disturbed_at > window)
            violate(w, "(c): %zu holders of family %zu for %.3f s", holders, family,
                    (double)(w->now - w->many_since[family]) / 1e9);
    }
    if (holders > 0 || !w->single || participants(w) == 0 || !w->clear) {
        w->none_since[family] = SIM_FOREVER;
        return;
    }
    if (w->none_since[family] == SIM_FOREVER)
        w->none_since[family] = w->now;
    if (w->planned && w->all_vipd && w->echo_percent == 0 && w->announcement_loss_percent == 0 &&
        !w->release_first)
        violate(w, "(b): nobody holds family %zu in a planned change", family);
    if (w->now - w->none_since[family] > takeover_bound(w))
        violate(w, "(b): nobody holds family %zu for %.3f s", family,
                (double)(w->now - w->none_since[family]) / 1e9);
}

void invariants_check(struct world *w)
{
    check_leases(w);
    if (w->torn)
        return;
    check_resignation(w);
    for (size_t f = 0; f < w->family_count; f++) {
        check_holders(w, f);
        check_parts(w, f);
    }
    if (!calm_for(w, settle_bound(w)) || !w->clear || participants(w) == 0)
        return;
    for (size_t f = 0; f < w->family_count; f++) {
        check_master(w, f);
        check_caches(w, f);
    }
    for (size_t i = 0; i < w->node_count; i++)
        if (node_takes_part(&w->nodes[i]) && offers(&w->nodes[i]))
            violate(w, "(i): node %zu still offers its addresses", i);
    check_groups(w);
}
