/* One node: an agent that serves packets before timers and carries actions out as vipd does, and a
 * kernel that takes an address away when its lease ends. */
#include "tests/sim/sim.h"

#include <string.h>

size_t node_index(const struct world *w, const struct node *n)
{
    return (size_t)(n - w->nodes);
}

enum vrrp_state node_state(const struct node *n, size_t family)
{
    if (!n->running)
        return VRRP_INIT;
    return n->kind == NODE_PLAIN ? n->plain[family].state : n->elections[family].state;
}

/* Whether it should be MASTER or BACKUP: nothing that it knows of keeps it out. */
bool node_takes_part(const struct node *n)
{
    if (!n->running || !n->powered || !n->link_up || n->paused > 0)
        return false;
    if (n->kind == NODE_PLAIN)
        return n->plain[0].state != VRRP_INIT;
    return n->elections[0].held_by == 0;
}

/* Every second family orders the nodes the other way round. */
struct ip_address node_address(const struct world *w, size_t node, size_t family)
{
    uint8_t octets[16] = {10, 0, 0, (uint8_t)(node + 1)};

    if (family % 2 == 0)
        return ip_address_from_octets(IP_FAMILY_IPV4, octets);
    memset(octets, 0, sizeof(octets));
    octets[0] = 0xfe;
    octets[1] = 0x80;
    octets[15] = (uint8_t)(w->node_count - node);
    return ip_address_from_octets(IP_FAMILY_IPV6, octets);
}

static void renew(struct world *w, struct node *n, size_t family)
{
    n->held[family] = true;
    n->lease_until[family] = w->now + SIM_LEASE_NS;
    n->refresh_at = w->now + SIM_LEASE_NS / 3;
    world_push(w, n->lease_until[family],
               (struct event){
                   .type = EVENT_LEASE, .node = (uint8_t)node_index(w, n), .generation = family});
}

void node_lease_over(struct world *w, struct node *n, size_t family)
{
    if (n->kind == NODE_PLAIN || !n->held[family] || w->now < n->lease_until[family])
        return;
    n->held[family] = false;
    world_log(w, "node %zu: the lease of family %zu ran out", node_index(w, n), family);
}

static void broadcast(struct world *w, struct node *n, size_t family, bool announcement,
                      uint8_t priority)
{
    struct message message = {.from = (uint8_t)node_index(w, n),
                              .family = (uint8_t)family,
                              .announcement = announcement,
                              .priority = priority,
                              .version = (uint8_t)n->params.version,
                              .interval_ns = n->params.advert_interval_ns};
    struct message copy;
    bool again = !announcement && signing_make(w, n, &message, &copy);

    world_send(w, &message);
    if (again)
        world_send(w, &copy);
}

/* With or without its addresses: it was not MASTER before, or said so no more. */
static bool takes_over(const struct world *w, const struct election *e)
{
    return e->preparation != PREPARATION_NONE && e->prepare_began == w->now;
}

static void execute(struct world *w, struct node *n, size_t family,
                    const struct election_actions *actions)
{
    bool fresh = takes_over(w, &n->elections[family]);

    for (size_t i = 0; i < actions->count; i++) {
        const struct election_action *action = &actions->list[i];

        switch (action->type) {
        case ACTION_CLAIM:
            fresh = true;
            renew(w, n, family);
            break;
        case ACTION_ANNOUNCE:
            invariants_announced(w, n, family);
            broadcast(w, n, family, true, 0);
            break;
        case ACTION_SEND_ADVERT:
            if (n->elections[family].state == VRRP_MASTER)
                invariants_sent(w, n, family, fresh);
            broadcast(w, n, family, false, action->priority);
            break;
        case ACTION_RELEASE:
            n->held[family] = false;
            world_log(w, "node %zu: released family %zu", node_index(w, n), family);
            break;
        case ACTION_REPORT:
            w->transitions++;
            world_log(w, "node %zu: family %zu %s -> %s (%s)", node_index(w, n), family,
                      vrrp_state_name(action->transition.from),
                      vrrp_state_name(action->transition.to),
                      reason_name(action->transition.reason));
            if (action->transition.reason == REASON_TAKEN)
                n->taken_at = w->now;
            invariants_transition(w, n, &action->transition);
            break;
        }
    }
}

void node_event(struct world *w, struct node *n, size_t family, const struct election_event *event)
{
    struct election_actions actions[FAMILIES_MAX];

    group_step(n->elections, w->family_count, family, event, w->now, actions);
    for (size_t i = 0; i < w->family_count; i++)
        execute(w, n, i, &actions[i]);
    commands_follow(w, n);
}

void node_instance_event(struct world *w, struct node *n, size_t first,
                         const struct election_event *event)
{
    struct election_actions actions[FAMILIES_MAX];

    group_step_span(n->elections, w->family_count, first, w->instance_families, event, w->now,
                    actions);
    for (size_t i = 0; i < w->family_count; i++)
        execute(w, n, i, &actions[i]);
    commands_follow(w, n);
}

void node_set_source(struct world *w, struct node *n, size_t family, bool there)
{
    struct election_event event = {.type = ELECTION_SOURCE};

    if (there)
        event.address = node_address(w, node_index(w, n), family);
    node_event(w, n, family, &event);
}

static void hear(struct world *w, struct node *n, const struct message *message)
{
    const struct advert advert = {
        .ip = {.source = node_address(w, message->from, message->family), .ttl = VRRP_TTL},
        .version = (uint8_t)n->params.version,
        .type = 1,
        .vrid = 51,
        .priority = message->priority,
        .interval_ns = message->interval_ns,
        .checksum_kind = CHECKSUM_IPV4_PSEUDO_HEADER};
    const struct election_event event = {.type = ELECTION_ADVERT, .advert = &advert};

    node_event(w, n, message->family, &event);
}

static void serve_packets(struct world *w, struct node *n)
{
    for (size_t i = 0; i < n->inbox_count; i++) {
        const struct message *message = &n->inbox[i];

        if (message->announcement || message->version != n->params.version)
            continue;
        /* RFC 3768 7.1: another interval is discarded. */
        if (n->params.version == VRRP_V2 && message->interval_ns != n->params.advert_interval_ns)
            continue;
        if (!signing_accepts(w, n, message))
            continue;
        if (n->kind == NODE_PLAIN)
            plain_hear(w, n, message);
        else
            hear(w, n, message);
    }
    n->inbox_heard = n->inbox_count;
}

static void serve_announcements(struct world *w, struct node *n)
{
    for (size_t i = 0; i < n->inbox_count && n->kind == NODE_VIPD; i++) {
        const struct message *message = &n->inbox[i];
        const struct election *e = &n->elections[message->family];
        const struct election_event event = {
            .type = ELECTION_SUCCESSOR, .address = node_address(w, message->from, message->family)};

        if (message->announcement && (e->state != VRRP_INIT || election_lingering(e)))
            node_event(w, n, message->family, &event);
    }
    n->inbox_count = 0;
    n->inbox_heard = 0;
}

static void serve_timers(struct world *w, struct node *n)
{
    const struct election_event event = {.type = ELECTION_TIMER};

    if (n->kind == NODE_PLAIN) {
        plain_timer(w, n);
        return;
    }
    for (size_t i = 0; i < w->family_count; i++)
        if (election_deadline(&n->elections[i]) <= w->now)
            node_event(w, n, i, &event);
}

/* The reconciler: renews leases, and adds again what went. */
static void serve_leases(struct world *w, struct node *n)
{
    bool due = w->now >= n->refresh_at;

    if (n->kind == NODE_PLAIN)
        return;
    n->refresh_at = SIM_FOREVER;
    for (size_t i = 0; i < w->family_count; i++)
        if (n->elections[i].holding && n->link_up && (due || !n->held[i]))
            renew(w, n, i);
    for (size_t i = 0; i < w->family_count; i++)
        if (n->held[i] && n->lease_until[i] - SIM_LEASE_NS + SIM_LEASE_NS / 3 < n->refresh_at)
            n->refresh_at = n->lease_until[i] - SIM_LEASE_NS + SIM_LEASE_NS / 3;
}

static uint64_t deadline_of(const struct world *w, const struct node *n)
{
    if (n->kind == NODE_PLAIN)
        return plain_deadline(n, w->family_count);
    uint64_t deadline = group_deadline(n->elections, w->family_count);
    for (size_t i = 0; i < w->family_count; i++)
        if (n->held[i] && n->refresh_at < deadline)
            deadline = n->refresh_at;
    if (commands_deadline(w, n) < deadline)
        deadline = commands_deadline(w, n);
    return deadline;
}

void node_schedule(struct world *w, struct node *n)
{
    uint64_t deadline = n->inbox_count > 0 ? w->now : deadline_of(w, n);

    n->wake_generation++;
    n->wake_at = SIM_FOREVER;
    if (!n->running || n->paused > 0 || deadline == DEADLINE_NEVER)
        return;
    n->wake_at = (deadline > w->now ? deadline : w->now) + rng_below(&w->rng, n->latency_ns);
    world_push(w, n->wake_at,
               (struct event){.type = EVENT_WAKE,
                              .node = (uint8_t)node_index(w, n),
                              .generation = n->wake_generation});
}

static void end_if_stopped(struct world *w, struct node *n)
{
    for (size_t i = 0; i < w->family_count; i++)
        if (n->elections[i].holding)
            return;
    n->running = false;
    n->stopping = false;
    signing_end(w, n);
    world_log(w, "node %zu: the agent has ended", node_index(w, n));
}

void node_wake(struct world *w, struct node *n)
{
    if (n->blind) {
        n->blind = false;
        serve_timers(w, n);
        node_schedule(w, n);
        return;
    }
    serve_packets(w, n);
    serve_timers(w, n);
    if (n->kind == NODE_VIPD)
        commands_serve(w, n);
    serve_leases(w, n);
    serve_announcements(w, n);
    if (n->stopping)
        end_if_stopped(w, n);
    node_schedule(w, n);
}

void node_start(struct world *w, struct node *n)
{
    const struct election_event start = {.type = ELECTION_START};

    n->running = true;
    n->stopping = false;
    n->blind = false;
    n->inbox_count = 0;
    n->inbox_heard = 0;
    n->absent_since = SIM_FOREVER;
    n->refresh_at = SIM_FOREVER;
    commands_reset(n);
    signing_begin(w, n);
    world_log(w, "node %zu: started, priority %u, interval %llu ms", node_index(w, n),
              n->params.priority, (unsigned long long)(n->params.advert_interval_ns / NS_PER_MS));
    if (n->kind == NODE_PLAIN) {
        plain_start(w, n);
        node_schedule(w, n);
        return;
    }
    for (size_t i = 0; i < w->family_count; i++) {
        n->params.family = i % 2 == 0 ? IP_FAMILY_IPV4 : IP_FAMILY_IPV6;
        election_init(&n->elections[i], &n->params);
        n->held[i] = false; /* what a predecessor left is removed first */
    }
    for (size_t i = 0; i < w->family_count; i++)
        node_set_source(w, n, i, true);
    if (!n->link_up) {
        const struct election_event down = {.type = ELECTION_HOLD, .hold = HOLD_LINK_DOWN};
        node_event(w, n, 0, &down);
    }
    node_event(w, n, 0, &start);
    node_schedule(w, n);
}

void node_reconfigure(struct world *w, struct node *n)
{
    for (size_t i = 0; i < w->family_count; i++) {
        struct election_params params = n->params;
        const struct election_event event = {.type = ELECTION_CONFIGURE, .params = &params};

        params.family = i % 2 == 0 ? IP_FAMILY_IPV4 : IP_FAMILY_IPV6;
        node_event(w, n, i, &event);
    }
}
