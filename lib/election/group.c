/*
 * Virtual routers that move together; see group.h for the rules and why they do not swing.
 * Everything is derived from the members' states after each event: a group has no state of its own.
 */
#include "lib/election/group.h"

#include <assert.h>

/* A member is held by HOLD_GROUP while any other member is held by a reason of its own. `clearing`:
 * bits about to be cleared on members `from`..`to`-1, so that nobody starts alone. */
struct clearing {
    uint32_t bits;
    size_t from;
    size_t to;
};

static bool others_held(const struct election *members, size_t count, size_t self,
                        const struct clearing *clearing)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t own = members[i].held_by & ~(uint32_t)HOLD_GROUP;

        if (i >= clearing->from && i < clearing->to)
            own &= ~clearing->bits;
        if (i != self && own != 0)
            return true;
    }
    return false;
}

static void spread_holds(struct election *members, size_t count, const struct clearing *clearing,
                         uint64_t now, struct election_actions *out)
{
    for (size_t i = 0; i < count; i++) {
        bool want = others_held(members, count, i, clearing);
        bool have = (members[i].held_by & HOLD_GROUP) != 0;
        const struct election_event event = {.type = want ? ELECTION_HOLD : ELECTION_UNHOLD,
                                             .hold = HOLD_GROUP};

        if (want != have)
            election_step(&members[i], &event, now, &out[i]);
    }
}

static bool goes_to_all(const struct election_event *event)
{
    switch (event->type) {
    case ELECTION_START:
    case ELECTION_STOP:
    case ELECTION_HOLD:
    case ELECTION_UNHOLD:
    case ELECTION_DRAIN:
    case ELECTION_KEEP:
    case ELECTION_TAKE:
        return true;
    default:
        return false;
    }
}

static uint32_t bits_cleared_by(const struct election_event *event)
{
    switch (event->type) {
    case ELECTION_START:
        return HOLD_STOPPED;
    case ELECTION_UNHOLD:
        return (uint32_t)event->hold;
    case ELECTION_SOURCE:
        return event->address.family != IP_FAMILY_NONE ? HOLD_NO_PRIMARY_ADDRESS : 0;
    default:
        return 0;
    }
}

/* One member left MASTER: the others follow. */
static void spread_yield(struct election *members, size_t count, bool was_master, uint64_t now,
                         struct election_actions *out)
{
    const struct election_event event = {.type = ELECTION_DEMOTE};
    bool yielded = false;

    for (size_t i = 0; i < count; i++)
        yielded = yielded || members[i].state == VRRP_BACKUP;
    if (!was_master || !yielded)
        return;
    for (size_t i = 0; i < count; i++)
        if (members[i].state == VRRP_MASTER)
            election_step(&members[i], &event, now, &out[i]);
}

/* The same event for every member. */
static void give_all(struct election *members, size_t count, const struct election_event *event,
                     uint64_t now, struct election_actions *out)
{
    for (size_t i = 0; i < count; i++)
        election_step(&members[i], event, now, &out[i]);
}

/* The offer of a drain: the group goes when each member has a successor, and stays when one has
 * waited in vain, or is not offering any more. */
static void settle_offers(struct election *members, size_t count, uint64_t now,
                          struct election_actions *out)
{
    const struct election_event go = {.type = ELECTION_HOLD, .hold = HOLD_DRAINED};
    const struct election_event stay = {.type = ELECTION_KEEP};
    size_t with[OFFER_EXPIRED + 1] = {0};

    for (size_t i = 0; i < count; i++)
        with[members[i].offer]++;
    if (with[OFFER_NONE] == count)
        return;
    if (with[OFFER_TAKEN] == count ||
        (members[0].offer_forced && with[OFFER_MADE] + with[OFFER_HEARD] + with[OFFER_NONE] == 0))
        give_all(members, count, &go, now, out);
    else if (with[OFFER_MADE] + with[OFFER_HEARD] == 0 || with[OFFER_NONE] > 0)
        give_all(members, count, &stay, now, out);
}

/* All are ready: the group takes over. */
static void promote(struct election *members, size_t count, uint64_t now,
                    struct election_actions *out)
{
    const struct election_event event = {.type = ELECTION_PROMOTE};

    for (size_t i = 0; i < count; i++)
        if (members[i].state != VRRP_MASTER && !members[i].ready)
            return;
    for (size_t i = 0; i < count; i++)
        if (members[i].state != VRRP_MASTER)
            election_step(&members[i], &event, now, &out[i]);
}

void group_step(struct election *members, size_t count, size_t target,
                const struct election_event *event, uint64_t now, struct election_actions *out)
{
    bool all = goes_to_all(event);

    group_step_span(members, count, all ? 0 : target, all ? count : 1, event, now, out);
}

void group_step_span(struct election *members, size_t count, size_t first, size_t span,
                     const struct election_event *event, uint64_t now, struct election_actions *out)
{
    struct election_event own = *event;
    bool was_master = group_state(members, count) == VRRP_MASTER;
    const struct clearing clearing = {
        .bits = bits_cleared_by(event), .from = first, .to = first + span};
    const struct clearing settled = {0};

    assert(span > 0 && first + span <= count);
    for (size_t i = 0; i < count; i++)
        out[i].count = 0;
    if (count > 1 && clearing.bits != 0)
        spread_holds(members, count, &clearing, now, out);
    if (event->type == ELECTION_DRAIN && !was_master)
        own = (struct election_event){.type = ELECTION_HOLD, .hold = HOLD_DRAINED};
    if (event->type == ELECTION_ADVERT && first != 0) {
        own.has_lead = true;
        own.lead_rcvd_at = members[0].last_rcvd_at;
    }
    for (size_t i = clearing.from; i < clearing.to; i++)
        election_step(&members[i], &own, now, &out[i]);
    if (count == 1)
        return;
    spread_holds(members, count, &settled, now, out);
    spread_yield(members, count, was_master, now, out);
    settle_offers(members, count, now, out);
    promote(members, count, now, out);
}

uint64_t group_deadline(const struct election *members, size_t count)
{
    uint64_t deadline = DEADLINE_NEVER;

    for (size_t i = 0; i < count; i++)
        if (election_deadline(&members[i]) < deadline)
            deadline = election_deadline(&members[i]);
    return deadline;
}

enum vrrp_state group_state(const struct election *members, size_t count)
{
    enum vrrp_state lowest = VRRP_MASTER;

    for (size_t i = 0; i < count; i++)
        if (members[i].state < lowest)
            lowest = members[i].state;
    return lowest;
}
