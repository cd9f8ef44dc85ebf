/* Nodes that sign: clocks, keys and marks as agent/instances/authentication.c has them, and what of
 * them outlives an agent. An advert is its first eight octets here; lib/packet does the rest. */
#include "tests/sim/sim.h"

#include "lib/octets.h"

#include <stdlib.h>
#include <string.h>

#define SIGNING_SEED UINT64_C(497)
#define UTC_NS       (UINT64_C(1800000000) * NS_PER_SEC)
#define BOOT_NS      (UINT64_C(100) * NS_PER_SEC)
/* As agent/instances/sequences.c. */
#define PERIOD_NS      (60 * NS_PER_SEC)
#define RESERVE        (UINT64_C(3600) << 32)
#define REFILL         (UINT64_C(1800) << 32)
#define RESERVE_BEHIND (UINT64_C(1) << 20)

enum {
    VRID = 51,
    PRIORITY_AT = 2,
    FAMILY_AT = 3,
    INTERVAL_AT = 4,
    UNSIGNED_EVERY = 5, /* of the seeds: signatures are not known */
    MOVING_EVERY = 4,   /* and it is moved to them while it runs */
    MODES = 3,          /* by so many steps, */
    STEPS = MODES + 3,  /* and by three the keys are changed */
};

static struct signing *signing_of(const struct world *w, const struct node *n)
{
    return &w->signatures->nodes[node_index(w, n)];
}

static struct auth_clock clock_of(const struct world *w, const struct node *n)
{
    return (struct auth_clock){.utc_ns = UTC_NS + w->now + (uint64_t)n->wall_offset_ns,
                               .boot_ns = BOOT_NS + w->now};
}

/* ---- Building */

static struct auth_keys *ring(uint8_t first, uint8_t second)
{
    struct auth_keys *keys = auth_keys_new();
    uint8_t octets[AUTH_KEY_SIZE_MIN];

    if (keys == NULL)
        abort();
    memset(octets, first, sizeof(octets));
    (void)auth_keys_add(keys, first, octets, sizeof(octets));
    memset(octets, second, sizeof(octets));
    if (second != 0)
        (void)auth_keys_add(keys, second, octets, sizeof(octets));
    return keys;
}

static struct signatures *make_room(void)
{
    struct signatures *room = calloc(1, sizeof(*room));
    uint8_t octets[AUTH_KEY_SIZE_MIN] = {0x66};

    if (room == NULL)
        abort();
    room->rings[0] = ring(1, 0);
    room->rings[1] = ring(1, 2);
    room->rings[2] = ring(2, 1);
    room->rings[3] = ring(2, 0);
    room->strange_ring = auth_keys_new();
    if (room->strange_ring == NULL || !auth_keys_add(room->strange_ring, 1, octets, sizeof(octets)))
        abort();
    return room;
}

/* Steps over all nodes, one after the other, each at one node at a time. */
static void plan_rollout(struct world *w, size_t first_step)
{
    uint64_t span = w->end * 2 / 3 / (STEPS - first_step);

    for (size_t step = first_step; step < STEPS; step++)
        for (size_t i = 0; i < w->node_count; i++)
            world_push(
                w, (step - first_step) * span + rng_below(&w->attack_rng, span * 3 / 4),
                (struct event){.type = EVENT_ROLLOUT, .node = (uint8_t)i, .generation = step});
}

void signing_build(struct world *w)
{
    rng_seed(&w->attack_rng, w->seed ^ SIGNING_SEED);
    if (w->seed < SIM_SIGNED_SEEDS || w->seed % UNSIGNED_EVERY == 0)
        return;
    if (w->room == NULL)
        w->room = make_room();
    w->signatures = w->room;
    w->signatures->recorded_count = 0;
    bool moving = w->seed / UNSIGNED_EVERY % MOVING_EVERY == 0;
    const struct auth_rules rules = {.replay = w->seed % 3 == 0 ? AUTH_REPLAY_MONOTONIC
                                                                : AUTH_REPLAY_TIME,
                                     .window_s = auth_window_default(w->interval_max_ns)};
    for (size_t i = 0; i < w->node_count; i++) {
        struct signing *s = &w->signatures->nodes[i];

        memset(s, 0, sizeof(*s));
        s->policy = (struct auth_policy){.keys = moving ? NULL : w->signatures->rings[0],
                                         .mode = moving ? AUTH_RECEIVE_ONLY : AUTH_ENFORCE,
                                         .rules = rules};
        s->step = moving ? 0 : MODES;
    }
    plan_rollout(w, moving ? 0 : MODES);
}

void signing_free(struct world *w)
{
    if (w->room == NULL)
        return;
    for (size_t i = 0; i < KEY_RINGS; i++)
        auth_keys_unref(w->room->rings[i]);
    auth_keys_unref(w->room->strange_ring);
    free(w->room);
    w->room = NULL;
}

bool signing_enforced(const struct world *w)
{
    if (w->signatures == NULL)
        return false;
    for (size_t i = 0; i < w->node_count; i++)
        if (w->signatures->nodes[i].policy.keys == NULL ||
            w->signatures->nodes[i].policy.mode != AUTH_ENFORCE)
            return false;
    return true;
}

/* Two seconds less: what is on its way, and seconds are cut. */
bool signing_clocks_apart(const struct world *w)
{
    if (w->signatures == NULL ||
        w->signatures->nodes[0].policy.rules.replay == AUTH_REPLAY_MONOTONIC)
        return false;
    int64_t limit = (int64_t)((w->signatures->nodes[0].policy.rules.window_s - 2) * NS_PER_SEC);
    for (size_t i = 0; i < w->node_count; i++)
        for (size_t j = 0; j < i; j++)
            if (llabs(w->nodes[i].wall_offset_ns - w->nodes[j].wall_offset_ns) > limit)
                return true;
    return false;
}

/* ---- What outlives the agent */

static void save(struct world *w, struct node *n, bool ended)
{
    struct signing *s = signing_of(w, n);
    uint64_t clock = auth_sequence_at(clock_of(w, n).utc_ns);

    s->saved_at = w->now;
    for (size_t f = 0; f < w->family_count; f++) {
        uint64_t reserve = auth_sequence_after(s->sender[f].last, clock) ? RESERVE_BEHIND : 0;

        if (s->policy.rules.replay == AUTH_REPLAY_MONOTONIC)
            reserve = RESERVE;
        s->saved[f].marks = s->peers[f];
        if (!s->sender[f].sent)
            continue;
        s->saved[f].sent = true;
        s->saved[f].ceiling = s->sender[f].last + (ended ? 0 : reserve);
    }
}

static void note(struct world *w, struct node *n, size_t family)
{
    const struct signing *s = signing_of(w, n);
    const struct auth_sender *sender = &s->sender[family];
    uint64_t ceiling = s->saved[family].ceiling;
    bool spent = sender->sent && auth_sequence_after(sender->last, ceiling);
    bool behind = auth_sequence_after(sender->last, auth_sequence_at(clock_of(w, n).utc_ns));
    bool low = s->policy.rules.replay == AUTH_REPLAY_MONOTONIC && sender->sent &&
               auth_sequence_after(sender->last + REFILL, ceiling);

    if (w->now - s->saved_at >= PERIOD_NS || low || (spent && behind))
        save(w, n, false);
}

/* As mark_of() of agent/instances/sequences.c. */
static uint64_t mark_of(const struct world *w, const struct auth_policy *policy,
                        const struct auth_mark *mark)
{
    uint64_t passed_ns = BOOT_NS + w->now - mark->accepted_ns;

    if (policy->rules.replay != AUTH_REPLAY_TIME || mark->accepted_ns == 0 ||
        passed_ns > 2 * PERIOD_NS)
        return mark->sequence;
    return auth_sequence_passed(mark->sequence, passed_ns);
}

void signing_begin(struct world *w, struct node *n)
{
    if (w->signatures == NULL)
        return;
    struct signing *s = signing_of(w, n);
    s->life++;
    for (size_t f = 0; f < w->family_count; f++) {
        s->sender[f] = (struct auth_sender){0};
        memset(&s->peers[f], 0, sizeof(s->peers[f]));
        if (s->saved[f].sent)
            auth_sender_resume(&s->sender[f], &s->policy.rules, s->saved[f].ceiling,
                               clock_of(w, n).utc_ns);
        for (size_t i = 0; i < AUTH_PEERS_MAX; i++)
            if (s->saved[f].marks.list[i].mark.set)
                auth_peers_set(&s->peers[f], &s->saved[f].marks.list[i].address,
                               mark_of(w, &s->policy, &s->saved[f].marks.list[i].mark));
    }
}

void signing_end(struct world *w, struct node *n)
{
    if (w->signatures != NULL)
        save(w, n, true);
}

/* ---- Adverts */

void signing_put(struct message *message)
{
    uint8_t *octets = message->octets;

    memset(octets, 0, sizeof(message->octets));
    octets[0] = (uint8_t)(message->version << 4 | 1);
    octets[1] = VRID;
    octets[PRIORITY_AT] = message->priority;
    octets[FAMILY_AT] = message->family;
    octets_put_be16(octets + INTERVAL_AT, (uint16_t)(message->interval_ns / (10 * NS_PER_MS)));
}

static void sign(const struct world *w, const struct node *n, struct message *message,
                 uint64_t sequence)
{
    const struct packet_spec spec = {.version = (enum vrrp_version)message->version,
                                     .vrid = VRID,
                                     .source = node_address(w, message->from, message->family)};

    message->trailed = true;
    message->ahead_ns = (int64_t)((sequence >> 32) * NS_PER_SEC) - (int64_t)(UTC_NS + w->now);
    auth_trailer_make(signing_of(w, n)->policy.keys, &spec, message->octets, MESSAGE_SIZE, sequence,
                      message->octets + MESSAGE_SIZE);
}

bool signing_make(struct world *w, struct node *n, struct message *message, struct message *copy)
{
    uint64_t sequence;

    signing_put(message);
    if (w->signatures == NULL || !auth_signs(&signing_of(w, n)->policy))
        return false;
    struct signing *s = signing_of(w, n);
    const struct auth_clock now = clock_of(w, n);
    struct auth_sender *sender = &s->sender[message->family];
    sign(w, n, message, auth_sender_next(sender, &s->policy.rules, now.utc_ns));
    note(w, n, message->family);
    *copy = *message;
    if (!auth_sender_steady(sender, &s->policy.rules, &now, &sequence))
        return false;
    sign(w, n, copy, sequence);
    return true;
}

/* The same octets, and when the node acted upon them first in this life; NULL: not recorded. */
static uint64_t *acted_upon(const struct world *w, const struct node *n,
                            const struct message *message)
{
    for (size_t i = 0; i < RECORDED_MAX && i < w->signatures->recorded_count; i++) {
        struct recorded *recorded = &w->signatures->recorded[i];

        if (recorded->message.from == message->from &&
            memcmp(recorded->message.octets, message->octets, sizeof(message->octets)) == 0)
            return &recorded->accepted[node_index(w, n)];
    }
    return NULL;
}

bool signing_accepts(struct world *w, struct node *n, const struct message *message)
{
    if (w->signatures == NULL)
        return true;
    struct signing *s = signing_of(w, n);
    const struct auth_clock now = clock_of(w, n);
    const struct advert advert = {
        .ip = {.source = node_address(w, message->from, message->family), .ttl = VRRP_TTL},
        .version = (uint8_t)n->params.version,
        .vrid = VRID,
        .interval_ns = message->interval_ns,
        .message = message->octets,
        .trailer = message->trailed ? message->octets + MESSAGE_SIZE : NULL};

    if (s->policy.keys == NULL)
        return !message->trailed;
    enum auth_outcome outcome =
        auth_peers_receive(&s->peers[message->family], &s->policy, &advert, PACKET_OK, &now);
    note(w, n, message->family);
    bool good = auth_outcome_verdict(outcome) == PACKET_OK;
    if (!good && !message->attack)
        world_log(w, "node %zu: drops an advert of node %u: %s", node_index(w, n), message->from,
                  auth_outcome_name(outcome));
    if (!good || !message->trailed)
        return good;
    uint64_t *life = acted_upon(w, n, message);
    invariants_accepted(w, n, message, life != NULL && *life == s->life);
    if (life != NULL)
        *life = s->life;
    return true;
}

/* ---- Moving to signatures, and to other keys */

void signing_rollout(struct world *w, const struct event *event)
{
    static const enum auth_mode modes[MODES] = {AUTH_RECEIVE_ONLY, AUTH_PERMISSIVE, AUTH_ENFORCE};
    struct auth_policy *policy = &w->signatures->nodes[event->node].policy;
    size_t step = event->generation;

    /* Whoever does it looks whether it has worked before the next step: not with a node that
     * hangs, and not before clocks agree, for the first that a node signs is judged by them. */
    if (w->nodes[event->node].paused > 0 || w->nodes[event->node].stopping ||
        signing_clocks_apart(w)) {
        world_push(w, w->now + NS_PER_SEC, *event);
        return;
    }
    for (size_t i = 0; i < w->node_count; i++)
        if (w->signatures->nodes[i].step < step) {
            world_push(w, w->now + NS_PER_SEC, *event);
            return;
        }
    policy->mode = step < MODES ? modes[step] : AUTH_ENFORCE;
    policy->keys = w->signatures->rings[step < MODES ? 0 : step - MODES + 1];
    w->signatures->nodes[event->node].step = step + 1;
    world_log(w, "node %u: %s, signs with key %u", event->node, auth_mode_name(policy->mode),
              auth_keys_id(policy->keys, 0));
}
