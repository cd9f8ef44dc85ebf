/* What each fault does to a node or to the network, and what its end does. */
#include "tests/sim/sim.h"

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
    /* Where it was stopped: half of them know of no packet yet. */
    n->blind = n->kind == NODE_VIPD && w->now / NS_PER_US % 2 == 1;
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
        invariants_survey(w);
        break;
    default:
        break;
    }
}

void fault_act(struct world *w, struct fault *f, bool on)
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
    case FAULT_BLINK:
        n->blinking = on;
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
    case FAULT_FORGED:
    case FAULT_REPLAY:
        if (on)
            attacker_acts(w, (size_t)(f - w->faults));
        break;
    case FAULT_PACKET:
        if (on)
            attacker_sends_one(w);
        break;
    case FAULT_WALL:
        n->wall_offset_ns += on == (f->set % 2 == 0) ? (int64_t)f->value : -(int64_t)f->value;
        break;
    default:
        apply_value(w, n, f, on);
        break;
    }
}
