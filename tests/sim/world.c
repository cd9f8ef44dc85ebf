/* The event queue, the switch, and one run from its seed. */
#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of what was added later: groups, requests. The other draws of a seed stay what they were; with
 * this one nothing is added to the seeds that meson.build keeps. */
#define EXTRA_SEED   UINT64_C(495)
#define COMMAND_SEED UINT64_C(496)

static bool earlier(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->sequence < b->sequence;
}

void world_push(struct world *w, uint64_t at, struct event event)
{
    if (w->heap_count == w->heap_room) {
        w->heap_room = w->heap_room * 2 + 1024;
        w->heap = realloc(w->heap, w->heap_room * sizeof(*w->heap));
        if (w->heap == NULL)
            abort();
    }
    event.at = at;
    event.sequence = w->sequence++;
    size_t i = w->heap_count++;
    for (; i > 0 && earlier(&event, &w->heap[(i - 1) / 2]); i = (i - 1) / 2)
        w->heap[i] = w->heap[(i - 1) / 2];
    w->heap[i] = event;
}

static struct event pop(struct world *w)
{
    struct event first = w->heap[0];
    const struct event *last = &w->heap[--w->heap_count];
    size_t i = 0;

    for (size_t child = 1; child < w->heap_count; child = 2 * i + 1) {
        if (child + 1 < w->heap_count && earlier(&w->heap[child + 1], &w->heap[child]))
            child++;
        if (!earlier(&w->heap[child], last))
            break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    w->heap[i] = *last;
    return first;
}

void world_log(const struct world *w, const char *format, ...)
{
    va_list arguments;

    if (!w->trace)
        return;
    printf("%14.6f  ", (double)(w->now / NS_PER_US) / 1e6);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

static void deliver_later(struct world *w, const struct message *message)
{
    uint64_t delay = SIM_DELAY_NS + rng_below(&w->rng, SIM_JITTER_NS);

    if (w->echo_percent > 0 && rng_percent(&w->rng, w->echo_percent))
        delay += rng_below(&w->rng, SIM_OVERTAKEN_NS);
    /* A switch keeps the order of what takes the same way; only the fault does not. */
    uint64_t *last = &w->arrival[message->from][message->to];
    if (w->echo_percent == 0 && w->now + delay < *last)
        delay = *last - w->now;
    *last = w->now + delay;
    world_push(w, w->now + delay,
               (struct event){.type = EVENT_DELIVER, .node = message->to, .message = *message});
}

/* The later of two frames that cross is the one that the cache keeps. */
static void host_hears(struct world *w, const struct message *message)
{
    uint64_t at = w->now + SIM_DELAY_NS + rng_below(&w->host_rng, SIM_JITTER_NS);

    if (at < w->host_heard_at[message->family])
        return;
    w->host_heard_at[message->family] = at;
    w->host_entry[message->family] = message->from;
}

void world_send(struct world *w, const struct message *message)
{
    const struct node *from = &w->nodes[message->from];
    unsigned loss = w->loss_percent;

    if (!from->link_up || !from->powered)
        return;
    if (message->announcement && w->announcement_loss_percent > loss)
        loss = w->announcement_loss_percent;
    if (message->announcement)
        host_hears(w, message);
    else
        attacker_records(w, message);
    for (size_t i = 0; i < w->node_count; i++) {
        struct message copy = *message;

        if (i == message->from || w->blocked[message->from][i])
            continue;
        copy.to = (uint8_t)i;
        if (loss > 0 && rng_percent(&w->rng, loss))
            continue;
        deliver_later(w, &copy);
        if (w->echo_percent > 0 && rng_percent(&w->rng, w->echo_percent))
            deliver_later(w, &copy);
    }
}

/* Frames reach the socket of a stopped agent as well: it reads them when it goes on. */
static void deliver(struct world *w, const struct message *message)
{
    struct node *n = &w->nodes[message->to];

    if (!n->running || !n->powered || !n->link_up || n->inbox_count == INBOX_MAX)
        return;
    n->inbox[n->inbox_count++] = *message;
    if (n->paused > 0)
        return;
    if (w->now + n->latency_ns < n->wake_at) {
        n->wake_at = w->now + n->latency_ns;
        world_push(w, n->wake_at,
                   (struct event){.type = EVENT_WAKE,
                                  .node = message->to,
                                  .generation = ++n->wake_generation});
    }
}

/* Returns whether anything happened that the invariants could see. */
static bool handle(struct world *w, const struct event *event)
{
    struct node *n = &w->nodes[event->node];

    switch (event->type) {
    case EVENT_DELIVER:
        deliver(w, &event->message);
        return false;
    case EVENT_WAKE:
        if (event->generation != n->wake_generation || !n->running || n->paused > 0)
            return false;
        node_wake(w, n);
        break;
    case EVENT_LEASE:
        node_lease_over(w, n, event->generation);
        break;
    case EVENT_FAULT:
        fault_begin(w, event->generation);
        break;
    case EVENT_FAULT_END:
        fault_end(w, event->generation);
        break;
    case EVENT_ROLLOUT:
        signing_rollout(w, event);
        break;
    case EVENT_ATTACK:
        attacker_acts(w, event->generation);
        return false;
    case EVENT_CHECK:
        break;
    }
    return true;
}

void world_run(struct world *w)
{
    for (size_t i = 0; i < w->fault_count; i++)
        if (w->faults[i].enabled)
            world_push(w, w->faults[i].at, (struct event){.type = EVENT_FAULT, .generation = i});
    for (uint64_t at = NS_PER_SEC; at < w->end; at += NS_PER_SEC)
        world_push(w, at, (struct event){.type = EVENT_CHECK});
    for (size_t i = 0; i < w->node_count; i++)
        node_start(w, &w->nodes[i]);
    while (w->heap_count > 0 && !w->violated) {
        struct event event = pop(w);
        if (event.at > w->end)
            break;
        w->now = event.at;
        w->events++;
        if (handle(w, &event))
            invariants_check(w);
    }
}

/* The same seed gives the same cluster and the same faults. */
static void build_nodes(struct world *w, struct rng *rng, enum vrrp_version version)
{
    static const uint64_t v3_intervals_ms[] = {10, 50, 100, 200, 1000};
    uint64_t interval_ns = version == VRRP_V2 ? (1 + rng_below(rng, 2)) * NS_PER_SEC
                                              : v3_intervals_ms[rng_below(rng, 5)] * NS_PER_MS;
    bool mixed = version == VRRP_V3 && rng_percent(rng, 20);
    bool plain_peers = rng_percent(rng, 30) && w->seed < SIM_SIGNED_SEEDS;
    bool ties = rng_percent(rng, 20);

    for (size_t i = 0; i < w->node_count; i++) {
        struct node *n = &w->nodes[i];
        uint64_t own_ns =
            mixed && rng_percent(rng, 50) ? interval_ns * (1 + rng_below(rng, 3)) : interval_ns;

        /* Past what a router waits for by its own. Not drawn: seeds keep their meaning. */
        if (w->seed % 7 == 5 && own_ns > interval_ns)
            own_ns *= 5;

        n->kind = plain_peers && rng_percent(rng, 40) ? NODE_PLAIN : NODE_VIPD;
        w->all_vipd = w->all_vipd && n->kind == NODE_VIPD;
        n->params = (struct election_params){
            .version = version,
            .vrid = 51,
            .priority = (uint8_t)(ties ? 100 + rng_below(rng, 2) : 1 + rng_below(rng, 254)),
            .preempt = w->preempt,
            .advert_interval_ns = own_ns,
            .dead_factor = w->dead_factor,
            .announce_repeat = 2,
            .announce_refresh_ns = SIM_REFRESH_NS,
            .grouped = w->family_count > 1,
            .aligned = true,
            .phase_ns = i * own_ns / NODES_MAX};
        n->powered = true;
        n->link_up = true;
        n->latency_ns = SIM_LATENCY_NS;
        n->wake_at = SIM_FOREVER;
        n->absent_since = SIM_FOREVER;
        if (own_ns > w->interval_max_ns)
            w->interval_max_ns = own_ns;
    }
    if (version == VRRP_V3 && rng_percent(rng, 10))
        w->nodes[0].params.priority = PRIORITY_OWNER;
}

/* Longer than a linger, and than a node that is gone is missed. */
static void build_commands(struct world *w)
{
    rng_seed(&w->command_rng, w->seed ^ COMMAND_SEED);
    if (w->seed < SIM_PREPARED_SEEDS || w->seed >= SIM_SIGNED_SEEDS || !w->all_vipd)
        return;
    w->prepare_ns = (2 + rng_below(&w->command_rng, 6)) * w->interval_max_ns + NS_PER_SEC / 2;
    w->release_first = rng_percent(&w->command_rng, 40);
    for (size_t i = 0; i < w->node_count; i++) {
        w->nodes[i].params.prepare_ns = w->prepare_ns;
        w->nodes[i].params.release_first = w->release_first;
    }
}

void world_build(struct world *w, uint64_t seed, uint64_t hours_ns)
{
    struct rng plan;
    struct event *heap = w->heap;
    struct signatures *signatures = w->room;
    size_t room = w->heap_room;

    memset(w, 0, sizeof(*w));
    w->heap = heap;
    w->heap_room = room;
    w->room = signatures;
    rng_seed(&plan, seed);
    rng_seed(&w->rng, ~seed);
    rng_seed(&w->host_rng, ~seed ^ EXTRA_SEED);
    w->seed = seed;
    w->end = hours_ns;
    w->all_vipd = true;
    w->node_count = rng_percent(&plan, 80) ? 2 + rng_below(&plan, 3) : 2 + rng_below(&plan, 15);
    w->preempt = !rng_percent(&plan, 25);
    enum vrrp_version version = rng_percent(&plan, 15) ? VRRP_V2 : VRRP_V3;
    w->version = version;
    w->family_count = version == VRRP_V3 && rng_percent(&plan, 40) ? 2 : 1;
    struct rng extra;
    rng_seed(&extra, seed ^ EXTRA_SEED);
    /* Not drawn: seeds keep their meaning. */
    w->dead_factor = seed % 4 == 3 ? (uint8_t)(2 + seed / 4 % 5) : DEAD_FACTOR;
    w->instance_families = w->family_count;
    if (rng_percent(&extra, 25))
        w->family_count *= 2;
    build_nodes(w, &plan, version);
    build_commands(w);
    for (size_t f = 0; f < FAMILIES_MAX; f++) {
        w->none_since[f] = SIM_FOREVER;
        w->many_since[f] = SIM_FOREVER;
        w->host_entry[f] = NODES_MAX;
        for (size_t i = 0; i < NODES_MAX; i++)
            w->cut_off_since[i][f] = SIM_FOREVER;
    }
    faults_generate(w, &plan);
    faults_replace(w, &extra);
    signing_build(w);
    faults_attack(w, &w->attack_rng);
    invariants_survey(w);
}

void world_free(struct world *w)
{
    signing_free(w);
    free(w->heap);
    w->heap = NULL;
}
