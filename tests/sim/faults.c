/* What goes wrong: planned from the seed before the run, so that faults can be left out one by one
 * without changing the others. */
#include "tests/sim/sim.h"

#include <stdlib.h>

static const char *const names[FAULT_KINDS_ALL] = {
    [FAULT_KILL] = "kill",
    [FAULT_POWER] = "power off",
    [FAULT_STOP] = "graceful stop",
    [FAULT_PAUSE] = "pause",
    [FAULT_SLOW] = "slow node",
    [FAULT_LINK] = "link down",
    [FAULT_SOURCE] = "one family without source",
    [FAULT_CHECK] = "check fails",
    [FAULT_DRAIN] = "drain",
    [FAULT_PRIORITY] = "priority",
    [FAULT_INTERVAL] = "interval",
    [FAULT_CLOCK] = "clock jump",
    [FAULT_SPLIT] = "split",
    [FAULT_ONE_WAY] = "one way",
    [FAULT_DEAF] = "deaf",
    [FAULT_LOSS] = "loss",
    [FAULT_SILENT] = "announcements lost",
    [FAULT_ECHO] = "duplicates and reordering",
    [FAULT_VERSION] = "other version",
    [FAULT_CONFLICT] = "conflict",
    [FAULT_OFFER] = "offer",
    [FAULT_TAKE] = "take",
    [FAULT_MEMBER] = "one instance without interface",
};

const char *fault_name(enum fault_kind kind)
{
    return names[kind];
}

static int by_time(const void *a, const void *b)
{
    const struct fault *x = a;
    const struct fault *y = b;

    return x->at < y->at ? -1 : x->at > y->at;
}

static uint64_t value_of(const struct world *w, const struct fault *f, struct rng *rng)
{
    switch (f->kind) {
    case FAULT_PRIORITY:
        return 1 + rng_below(rng, 254);
    case FAULT_INTERVAL:
        return (1 + rng_below(rng, 3)) * w->nodes[f->node].params.advert_interval_ns;
    case FAULT_LOSS:
        return 10 + rng_below(rng, 60);
    case FAULT_SOURCE:
        return rng_below(rng, w->family_count);
    case FAULT_SLOW:
        return rng_below(rng, w->nodes[f->node].params.advert_interval_ns);
    case FAULT_CLOCK:
        return w->version == VRRP_V2;
    default:
        return 0;
    }
}

/* From much shorter than an advert interval to minutes. */
static uint64_t duration_of(struct rng *rng, uint64_t interval_ns)
{
    switch (rng_below(rng, 4)) {
    case 0:
        return rng_below(rng, interval_ns * 2) + NS_PER_MS;
    case 1:
        return rng_below(rng, interval_ns * 6) + NS_PER_MS;
    case 2:
        return rng_below(rng, 12 * NS_PER_SEC) + NS_PER_MS;
    default:
        return rng_below(rng, 60 * NS_PER_SEC) + NS_PER_MS;
    }
}

void faults_generate(struct world *w, struct rng *rng)
{
    /* The last third of a run is calm, so that (d) has something to look at. */
    uint64_t span = w->end * 2 / 3;
    bool apart = rng_percent(rng, 60);

    w->fault_count = 1 + rng_below(rng, apart ? 4 : FAULTS_MAX);
    for (size_t i = 0; i < w->fault_count; i++) {
        struct fault *f = &w->faults[i];

        f->kind = (enum fault_kind)rng_below(rng, FAULT_VERSION);
        f->at = apart ? span * i / w->fault_count + rng_below(rng, span / w->fault_count / 4 + 1)
                      : rng_below(rng, span);
        f->node = (uint8_t)rng_below(rng, w->node_count);
        f->other = (uint8_t)rng_below(rng, w->node_count);
        f->set = (uint32_t)rng_next(rng);
        f->duration = duration_of(rng, w->interval_max_ns);
        if (f->at + f->duration > span)
            f->duration = span - f->at;
        f->value = value_of(w, f, rng);
        f->enabled = true;
        /* Wall-clock jumps change nothing at all, so this takes the place of some. */
        if (f->kind == FAULT_CLOCK && f->value != 0)
            f->kind = FAULT_VERSION;
        else if (f->kind == FAULT_CLOCK && f->set % 2 == 0)
            f->kind = FAULT_CONFLICT;
    }
    qsort(w->faults, w->fault_count, sizeof(w->faults[0]), by_time);
    for (size_t i = 0; i < w->fault_count; i++)
        if (w->faults[i].kind == FAULT_INTERVAL && w->faults[i].value > w->interval_max_ns)
            w->interval_max_ns = w->faults[i].value;
}

void faults_replace(struct world *w, struct rng *rng)
{
    bool group = w->family_count > w->instance_families;

    for (size_t i = 0; i < w->fault_count; i++) {
        struct fault *f = &w->faults[i];

        if (f->kind == FAULT_DRAIN && rng_percent(rng, 50)) {
            f->kind = FAULT_OFFER;
        } else if (f->kind == FAULT_CLOCK && rng_percent(rng, 70)) {
            f->kind = FAULT_TAKE;
        } else if ((f->kind == FAULT_LINK || f->kind == FAULT_SOURCE) && group &&
                   rng_percent(rng, 50)) {
            f->kind = FAULT_MEMBER;
            f->value = rng_below(rng, 2) * w->instance_families;
        }
    }
}

/* A paused agent learns of it when it goes on. */
static void remember(struct node *n, enum election_hold bit, bool set)
{
    n->missed_set = set ? n->missed_set | (uint32_t)bit : n->missed_set & ~(uint32_t)bit;
    n->missed_clear = set ? n->missed_clear & ~(uint32_t)bit : n->missed_clear | (uint32_t)bit;
}

static void hold(struct world *w, struct node *n, enum election_hold bit, bool set)
{
    if (n->paused > 0) {
        remember(n, bit, set);
        return;
    }
    const struct election_event event = {.type = set ? ELECTION_HOLD : ELECTION_UNHOLD,
                                         .hold = bit};

    if (n->running && n->kind == NODE_VIPD) {
        node_event(w, n, 0, &event);
        node_schedule(w, n);
    } else if (n->running && set) {
        plain_stop(w, n, bit != HOLD_LINK_DOWN);
    } else if (n->running) {
        plain_start(w, n);
        node_schedule(w, n);
    }
}

/* The stranger goes on for as long as the fault lasts. */
static void set_conflict(struct world *w, struct node *n, const struct fault *f, bool on)
{
    const struct election_event event = {.type = ELECTION_CONFLICT};

    if (!on) {
        hold(w, n, HOLD_CONFLICT, false);
        return;
    }
    node_event(w, n, f->set / 2 % w->family_count, &event);
    node_schedule(w, n);
}

static void offer(struct world *w, struct node *n)
{
    const struct election_event event = {.type = ELECTION_DRAIN};

    node_event(w, n, 0, &event);
    node_schedule(w, n);
}

/* As the agent does it: only where it can work for all. */
static void take(struct world *w, struct node *n)
{
    const struct election_event event = {.type = ELECTION_TAKE};

    for (size_t i = 0; i < w->family_count; i++)
        if (election_take_verdict(&n->elections[i]) != TAKE_POSSIBLE)
            return;
    node_event(w, n, 0, &event);
    node_schedule(w, n);
}

static void hold_instance(struct world *w, struct node *n, size_t first, bool set)
{
    const struct election_event event = {.type = set ? ELECTION_HOLD : ELECTION_UNHOLD,
                                         .hold = HOLD_NO_INTERFACE};

    if (n->paused > 0) {
        remember(n, HOLD_NO_INTERFACE, set);
    } else if (n->running) {
        node_instance_event(w, n, first, &event);
        node_schedule(w, n);
    }
}

/* A paused agent, or one that was started since, finds its address where it looks. */
static void set_source(struct world *w, struct node *n, size_t family, bool there)
{
    if (n->paused > 0)
        n->missed_source = true;
    if (!n->running || n->paused > 0)
        return;
    node_set_source(w, n, family, there);
    node_schedule(w, n);
}

static void kill_agent(struct world *w, struct node *n)
{
    n->running = false;
    n->stopping = false;
    n->inbox_count = 0;
    n->missed_set = 0;
    n->missed_clear = 0;
    n->missed_configure = false;
    n->absent_since = w->now;
    if (n->kind == NODE_PLAIN) /* nothing would ever take its addresses away: the machine died */
        plain_stop(w, n, false);
}

static void power_off(struct world *w, struct node *n)
{
    kill_agent(w, n);
    n->powered = false;
    for (size_t i = 0; i < FAMILIES_MAX; i++)
        n->held[i] = false;
}

static void stop(struct world *w, struct node *n)
{
    const struct election_event event = {.type = ELECTION_STOP};

    if (n->kind == NODE_PLAIN) {
        plain_stop(w, n, true);
        n->running = false;
        return;
    }
    n->stopping = true;
    node_event(w, n, 0, &event);
    node_wake(w, n);
}

/* The agent is restarted with the other version, as on a cluster that is moved to it by turns. */
static void set_version(struct world *w, struct node *n, bool other)
{
    bool ran = n->running;

    if (ran)
        power_off(w, n);
    n->powered = true;
    n->params.version = other ? VRRP_V3 : VRRP_V2;
    invariants_survey(w);
    if (ran)
        node_start(w, n);
}

static void set_pause(struct world *w, struct node *n, bool on)
{
    n->paused += on ? 1 : (unsigned)-1;
    n->absent_since = n->paused > 0 ? w->now : SIM_FOREVER;
    if (n->paused > 0)
        return;
    if (n->running)
        node_wake(w, n);
    for (unsigned bit = 0; bit < HOLDS; bit++) {
        if ((n->missed_set & 1u << bit) != 0)
            hold(w, n, (enum election_hold)(1u << bit), true);
        if ((n->missed_clear & 1u << bit) != 0)
            hold(w, n, (enum election_hold)(1u << bit), false);
    }
    n->missed_set = 0;
    n->missed_clear = 0;
    for (size_t i = 0; i < w->family_count && n->missed_source && n->running; i++)
        set_source(w, n, i, true);
    n->missed_source = false;
    if (n->missed_configure && n->running && n->kind == NODE_VIPD) {
        node_reconfigure(w, n);
        node_schedule(w, n);
    }
    n->missed_configure = false;
}

static void set_blocked(struct world *w, const struct fault *f, bool on)
{
    for (size_t a = 0; a < w->node_count; a++)
        for (size_t b = 0; b < w->node_count; b++) {
            bool split = f->kind == FAULT_SPLIT && ((f->set >> a ^ f->set >> b) & 1) != 0;
            bool one_way = f->kind == FAULT_ONE_WAY && a == f->node && b == f->other;
            bool deaf = f->kind == FAULT_DEAF && b == f->node;
            if (split || one_way || deaf)
                w->blocked[a][b] = on;
        }
    invariants_survey(w);
}

static void apply_value(struct world *w, struct node *n, struct fault *f, bool on)
{
    switch (f->kind) {
    case FAULT_SLOW:
        n->latency_ns = on ? f->value + SIM_LATENCY_NS : SIM_LATENCY_NS;
        invariants_survey(w);
        break;
    case FAULT_PRIORITY:
    case FAULT_INTERVAL:
        if (!on)
            return;
        if (f->kind == FAULT_PRIORITY && n->params.priority != PRIORITY_OWNER)
            n->params.priority = (uint8_t)f->value;
        if (f->kind == FAULT_INTERVAL)
            n->params.advert_interval_ns = f->value;
        invariants_survey(w);
        for (size_t i = 0; i < FAMILIES_MAX; i++)
            n->interval_changed[i] = true;
        n->missed_configure = n->paused > 0;
        if (n->running && n->paused == 0 && n->kind == NODE_VIPD) {
            node_reconfigure(w, n);
            node_schedule(w, n);
        } else if (n->running && n->kind == NODE_PLAIN) {
            plain_reconfigure(w, n);
        }
        break;
    case FAULT_CLOCK:
        n->wall_offset_ns += on ? (int64_t)f->duration * 1000 : 0;
        break;
    case FAULT_LOSS:
        w->loss_percent = on ? (unsigned)f->value : 0;
        invariants_survey(w);
        break;
    case FAULT_SILENT:
        w->announcement_loss_percent = on ? 100 : 0;
        break;
    case FAULT_ECHO:
        w->echo_percent = on ? 30 : 0;
        break;
    default:
        break;
    }
}

/* Whether the fault is one that an administrator plans. */
static bool is_planned(const struct fault *f)
{
    return f->kind == FAULT_STOP || f->kind == FAULT_CHECK || f->kind == FAULT_DRAIN ||
           f->kind == FAULT_PRIORITY || f->kind == FAULT_INTERVAL || f->kind == FAULT_CLOCK ||
           f->kind == FAULT_ECHO || f->kind == FAULT_OFFER || f->kind == FAULT_TAKE;
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
           f->kind == FAULT_ECHO;
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

static void act(struct world *w, struct fault *f, bool on)
{
    struct node *n = &w->nodes[f->node];

    switch (f->kind) {
    case FAULT_KILL:
        on ? kill_agent(w, n) : node_start(w, n);
        break;
    case FAULT_POWER:
        n->powered = !on;
        on ? power_off(w, n) : node_start(w, n);
        break;
    case FAULT_STOP:
        on ? stop(w, n) : node_start(w, n);
        break;
    case FAULT_PAUSE:
        set_pause(w, n, on);
        break;
    case FAULT_LINK:
        n->link_up = !on;
        hold(w, n, HOLD_LINK_DOWN, on);
        break;
    case FAULT_SOURCE:
        set_source(w, n, f->value, !on);
        break;
    case FAULT_VERSION:
        set_version(w, n, on);
        break;
    case FAULT_CHECK:
        hold(w, n, HOLD_CHECK_FAILED, on);
        break;
    case FAULT_DRAIN:
        hold(w, n, HOLD_DRAINED, on);
        break;
    case FAULT_CONFLICT:
        set_conflict(w, n, f, on);
        break;
    case FAULT_OFFER:
        on ? offer(w, n) : hold(w, n, HOLD_DRAINED, false);
        break;
    case FAULT_TAKE:
        if (on)
            take(w, n);
        break;
    case FAULT_MEMBER:
        hold_instance(w, n, f->value, on);
        break;
    case FAULT_SPLIT:
    case FAULT_ONE_WAY:
    case FAULT_DEAF:
        set_blocked(w, f, on);
        break;
    default:
        apply_value(w, n, f, on);
        break;
    }
}

/* Only a master meets a conflict. */
static uint8_t who_is_met(const struct world *w, const struct fault *f)
{
    for (size_t i = 0; i < w->node_count && f->kind == FAULT_CONFLICT; i++)
        if (node_state(&w->nodes[i], 0) == VRRP_MASTER)
            return (uint8_t)i;
    return f->node;
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
    invariants_disturbed(w, is_planned(f));
    w->departure = w->single && is_departure(f);
    excuse(w, f);
    act(w, f, true);
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
    f->on = false;
    world_log(w, "END OF: %s, node %u", fault_name(f->kind), f->node);
    invariants_disturbed(w, f->kind != FAULT_PAUSE && f->kind != FAULT_SLOW &&
                                f->kind != FAULT_VERSION);
    excuse(w, f);
    /* Killed or stopped again in the meantime: whoever did that starts it. */
    bool starts = f->kind == FAULT_KILL || f->kind == FAULT_POWER || f->kind == FAULT_STOP;
    if (starts && n->running)
        return;
    act(w, f, false);
}
