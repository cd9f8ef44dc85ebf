/* An attacker on the LAN: hears all adverts, has no key, and sends what it likes, as whom it likes.
 * It reaches who hears the node it speaks for: it joins no parts of a network. */
#include "tests/sim/sim.h"

#include <string.h>

enum {
    FORGERIES = 5,
    RECENT = 4, /* of what was recorded: the last ones are the most dangerous */
};

void attacker_records(struct world *w, const struct message *message)
{
    struct signatures *all = w->signatures;

    if (all == NULL || !message->trailed)
        return;
    struct recorded *place = &all->recorded[all->recorded_count++ % RECORDED_MAX];
    memset(place, 0, sizeof(*place));
    place->message = *message;
}

static void deliver(struct world *w, struct message *message)
{
    message->attack = true;
    for (size_t i = 0; i < w->node_count; i++) {
        bool own = message->from == i; /* dropped, as an agent does */
        bool cut = message->from < w->node_count && w->blocked[message->from][i];

        message->to = (uint8_t)i;
        if (!own && !cut)
            world_push(
                w, w->now + SIM_DELAY_NS,
                (struct event){.type = EVENT_DELIVER, .node = (uint8_t)i, .message = *message});
    }
}

/* What would move somebody: to yield, to take over, to wait. */
static struct message tempting(struct world *w)
{
    static const uint8_t priorities[] = {PRIORITY_OWNER, PRIORITY_RESIGN, 254, 1};
    struct message message = {.from = (uint8_t)rng_below(&w->attack_rng, w->node_count + 1),
                              .family = (uint8_t)rng_below(&w->attack_rng, w->family_count),
                              .priority = priorities[rng_below(&w->attack_rng, 4)],
                              .version = (uint8_t)w->version,
                              .interval_ns = w->nodes[0].params.advert_interval_ns,
                              .forged = true};

    if (w->version == VRRP_V3 && rng_percent(&w->attack_rng, 40))
        message.interval_ns = 40950 * NS_PER_MS;
    signing_put(&message);
    return message;
}

/* What a clock stamped that was ahead is good again when its time comes, and no rule of time can
 * tell: keys are to be changed after that. Not judged. */
static bool has_its_time_to_come(const struct world *w, const struct message *message)
{
    return message->ahead_ns > w->nodes[message->from].wall_offset_ns + (int64_t)NS_PER_SEC;
}

static const struct recorded *any_recorded(struct world *w)
{
    const struct signatures *all = w->signatures;
    uint64_t room = all->recorded_count < RECORDED_MAX ? all->recorded_count : RECORDED_MAX;
    uint64_t back = rng_below(&w->attack_rng, rng_percent(&w->attack_rng, 40) ? RECENT : room);

    if (all->recorded_count <= back)
        return NULL;
    const struct recorded *found = &all->recorded[(all->recorded_count - 1 - back) % RECORDED_MAX];
    return has_its_time_to_come(w, &found->message) ? NULL : found;
}

static void forge(struct world *w)
{
    struct message message = tempting(w);
    const struct recorded *recorded = any_recorded(w);
    uint8_t *trailer = message.octets + MESSAGE_SIZE;
    const struct packet_spec spec = {.version = (enum vrrp_version)message.version,
                                     .vrid = 51,
                                     .source = node_address(w, message.from, message.family)};
    uint64_t now = auth_sequence_at(UINT64_C(1800000000) * NS_PER_SEC + w->now);

    switch (rng_below(&w->attack_rng, FORGERIES)) {
    case 0: /* no signature */
        break;
    case 1: /* by a key of its own */
        message.trailed = true;
        auth_trailer_make(w->signatures->strange_ring, &spec, message.octets, MESSAGE_SIZE, now,
                          trailer);
        break;
    case 2: /* none at all in its place */
        message.trailed = true;
        trailer[0] = 1;
        trailer[1] = 1;
        break;
    case 3: /* somebody's signature under something else */
        if (recorded == NULL)
            return;
        message.trailed = true;
        memcpy(trailer, recorded->message.octets + MESSAGE_SIZE, AUTH_TRAILER_SIZE);
        /* By chance it may be what that was. */
        message.forged = memcmp(message.octets, recorded->message.octets, MESSAGE_SIZE) != 0 ||
                         message.from != recorded->message.from;
        break;
    default: /* a signed advert as of somebody else, or at another time */
        if (recorded == NULL)
            return;
        message = recorded->message;
        message.forged = true;
        if (rng_percent(&w->attack_rng, 50))
            message.from = message.from < w->node_count ? (uint8_t)(message.from + 1) : 0;
        else
            message.octets[MESSAGE_SIZE + 7]++;
        break;
    }
    deliver(w, &message);
}

static void replay(struct world *w)
{
    const struct recorded *recorded = any_recorded(w);

    if (recorded == NULL)
        return;
    struct message message = recorded->message;
    deliver(w, &message);
}

void attacker_acts(struct world *w, size_t fault)
{
    const struct fault *f = &w->faults[fault];

    if (!f->on)
        return;
    if (signing_enforced(w) && f->kind == FAULT_FORGED)
        forge(w);
    else if (signing_enforced(w))
        replay(w);
    world_push(w, w->now + NS_PER_MS + rng_below(&w->attack_rng, f->value),
               (struct event){.type = EVENT_ATTACK, .generation = fault});
}

void attacker_sends_one(struct world *w)
{
    struct message message = tempting(w);

    world_log(w, "ATTACK: as of node %u, family %u, priority %u, interval %llu ms", message.from,
              message.family, message.priority,
              (unsigned long long)(message.interval_ns / NS_PER_MS));
    deliver(w, &message);
}
