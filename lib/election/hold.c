/*
 * What keeps a virtual router in INIT, and how it leaves and re-enters the election: Startup and
 * Shutdown of RFC 9568 6.4, by one bit for each cause. A graceful cause resigns and lingers; one
 * that has cut us off releases at once.
 */
#include "lib/election/hold.h"

#include "lib/election/prepare.h"
#include "lib/election/steps.h"
#include "lib/election/transitions.h"

#include <assert.h>
#include <string.h>

struct hold_row {
    const char *name;
    enum reason set;
    enum reason cleared;
    bool resign; /* a MASTER says so with priority 0 (with no link it cannot) */
    bool linger; /* and keeps answering for its successor */
};

static const struct hold_row hold_rows[HOLDS] = {
    {"stopped", REASON_STOPPED, REASON_STARTED, true, true},
    {"no-interface", REASON_NO_INTERFACE, REASON_LINK_UP, false, false},
    {"link-down", REASON_LINK_DOWN, REASON_LINK_UP, false, false},
    {"no-primary-address", REASON_NO_PRIMARY_ADDRESS, REASON_PRIMARY_ADDRESS, true, true},
    {"drained", REASON_DRAINED, REASON_RESUMED, true, true},
    {"check-failed", REASON_CHECK_FAILED, REASON_CHECK_PASSED, true, true},
    {"conflict", REASON_CONFLICT, REASON_CONFLICT_OVER, true, false},
    {"group", REASON_GROUP, REASON_GROUP, true, true},
    {"cannot-claim", REASON_CANNOT_CLAIM, REASON_CLAIM_RETRIED, true, false},
    {"start-delay", REASON_STOPPED, REASON_STARTED, true, true},
    {"unusable-interface", REASON_UNUSABLE_INTERFACE, REASON_USABLE_INTERFACE, true, false},
    {"no-route", REASON_NO_ROUTE, REASON_ROUTE_FOUND, true, false},
    {"not-prepared", REASON_NOT_PREPARED, REASON_CLAIM_RETRIED, true, false},
};

static const struct hold_row *hold_row(enum election_hold hold)
{
    for (size_t i = 0; i < HOLDS; i++)
        if (hold == (enum election_hold)(1u << i))
            return &hold_rows[i];
    assert(!"not a single HOLD_* bit");
    return &hold_rows[0];
}

const char *election_hold_name(enum election_hold hold)
{
    return hold_row(hold)->name;
}

/* For a successor: until one can be there, or just past one that is. */
static void linger(struct election *e, uint64_t now)
{
    election_linger_for_successor(e, now);
    if (e->offer == OFFER_TAKEN)
        election_successor_heard(e, now);
}

static void hold(struct election *e, enum election_hold bit, const struct evidence *evidence,
                 uint64_t now, struct election_actions *out)
{
    const struct hold_row *row = hold_row(bit);
    struct transition t = {
        .from = e->state, .to = VRRP_INIT, .reason = row->set, .evidence = *evidence};

    e->held_by |= (uint32_t)bit;
    e->healthy_since = DEADLINE_NEVER;
    if (e->params.release_first)
        election_release(e, out);
    if (e->state == VRRP_MASTER && row->resign && e->offer != OFFER_TAKEN)
        election_send(e, PRIORITY_RESIGN, now, out);
    if (!row->linger || e->offer == OFFER_EXPIRED)
        election_release(e, out);
    else if (e->state == VRRP_MASTER)
        linger(e, now);
    if (e->offer == OFFER_TAKEN) {
        t.evidence.peer = e->master;
        t.evidence.peer_priority = e->master_priority;
    } else if (e->offer == OFFER_EXPIRED) {
        t.evidence.silence_ns = election_offer_ns(e);
    }
    election_forget_handover(e);
    election_forget_preparation(e);
    if (e->state == VRRP_INIT)
        return;
    e->state = VRRP_INIT;
    e->ready = false;
    /* In INIT there is nothing to be patient for. */
    if (e->source_doubt_until != DEADLINE_NEVER) {
        e->source_doubt_until = DEADLINE_NEVER;
        e->held_by |= HOLD_NO_PRIMARY_ADDRESS;
        e->source = (struct ip_address){0};
    }
    e->timer_at = DEADLINE_NEVER;
    e->announce_at = DEADLINE_NEVER;
    election_forget_master(e);
    election_report(&t, out);
}

void election_hold(struct election *e, enum election_hold bit, uint64_t now,
                   struct election_actions *out)
{
    const struct evidence evidence = {.own_priority = e->params.priority};

    hold(e, bit, &evidence, now, out);
}

void election_conflict(struct election *e, const struct election_event *event, uint64_t now,
                       struct election_actions *out)
{
    struct evidence evidence = {.own_priority = e->params.priority, .claimed = event->address};

    memcpy(evidence.mac, event->mac, sizeof(evidence.mac));
    hold(e, HOLD_CONFLICT, &evidence, now, out);
}

void election_unhold(struct election *e, enum election_hold bit, uint64_t now,
                     struct election_actions *out)
{
    if ((e->held_by & (uint32_t)bit) == 0)
        return;
    e->held_by &= ~(uint32_t)bit;
    if (e->held_by == 0)
        election_start_up(e, hold_row(bit)->cleared, now, out);
}

void election_lose_source(struct election *e, uint64_t now, struct election_actions *out)
{
    e->source_doubt_until = DEADLINE_NEVER;
    election_hold(e, HOLD_NO_PRIMARY_ADDRESS, now, out);
    e->source = (struct ip_address){0};
}

void election_source_due(struct election *e, uint64_t now, struct election_actions *out)
{
    if (now >= e->source_doubt_until)
        election_lose_source(e, now, out);
}

static void source_gone(struct election *e, bool cut_off, uint64_t now,
                        struct election_actions *out)
{
    if (!cut_off && e->state != VRRP_INIT) {
        if (e->source_doubt_until == DEADLINE_NEVER)
            e->source_doubt_until = now + ELECTION_SOURCE_DOUBT_NS;
        return;
    }
    election_lose_source(e, now, out);
    /* A successor would not be heard. */
    if (cut_off)
        election_release(e, out);
}

void election_set_source(struct election *e, const struct election_event *event, uint64_t now,
                         struct election_actions *out)
{
    const struct ip_address *address = &event->address;

    if (address->family == IP_FAMILY_NONE) {
        source_gone(e, event->force, now, out);
        return;
    }
    e->source_doubt_until = DEADLINE_NEVER;
    e->source = *address;
    if (e->state == VRRP_MASTER)
        e->master = *address;
    election_unhold(e, HOLD_NO_PRIMARY_ADDRESS, now, out);
}
