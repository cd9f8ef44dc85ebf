/* The steps; see steps.h. None of them calls another part of the election. */
#include "lib/election/steps.h"

#include <assert.h>

/* Delays between the repeats of a takeover announcement: once soon, because any frame can be lost;
 * past the 1 s for which Linux ignores a second change; then through a spanning tree's 30 s. */
static const uint64_t announce_gaps_ns[ANNOUNCE_REPEAT_MAX] = {
    100 * NS_PER_MS, 1200 * NS_PER_MS, 2 * NS_PER_SEC,  4 * NS_PER_SEC,  8 * NS_PER_SEC,
    16 * NS_PER_SEC, 30 * NS_PER_SEC,  30 * NS_PER_SEC, 30 * NS_PER_SEC, 30 * NS_PER_SEC,
};

struct election_action *election_emit(struct election_actions *out, enum election_action_type type)
{
    assert(out->count < ELECTION_ACTIONS_MAX);
    struct election_action *action = &out->list[out->count++];

    *action = (struct election_action){.type = type};
    return action;
}

void election_send(struct election *e, uint8_t priority, uint64_t now, struct election_actions *out)
{
    struct election_action *action = election_emit(out, ACTION_SEND_ADVERT);

    action->priority = priority;
    action->source = e->source;
    e->counters.advertisement_sent++;
    if (priority == PRIORITY_RESIGN)
        e->counters.priority_zero_pkts_sent++;
    e->last_sent_at = now;
}

void election_report(const struct transition *transition, struct election_actions *out)
{
    election_emit(out, ACTION_REPORT)->transition = *transition;
}

uint64_t election_next_announcement(const struct election *e, uint64_t now)
{
    if (e->announce_done < e->params.announce_repeat)
        return now + announce_gaps_ns[e->announce_done];
    if (e->params.announce_refresh_ns != 0)
        return now + e->params.announce_refresh_ns;
    return DEADLINE_NEVER;
}

void election_announce(struct election *e, uint64_t now, struct election_actions *out)
{
    if (election_preparing(e))
        return;
    election_emit(out, ACTION_ANNOUNCE);
    e->announcing_at = now;
}

void election_schedule_announcements(struct election *e, uint64_t now)
{
    e->announce_done = 0;
    e->announce_at = election_preparing(e) ? DEADLINE_NEVER : election_next_announcement(e, now);
}

void election_release(struct election *e, struct election_actions *out)
{
    e->linger_until = DEADLINE_NEVER;
    e->successor_seen = false;
    e->successor_silent = false;
    if (e->holding)
        election_emit(out, ACTION_RELEASE);
    e->holding = false;
}

void election_linger(struct election *e, uint64_t until)
{
    if (e->holding)
        e->linger_until = until;
}

/* How long an unseen successor is waited for. */
static uint64_t linger_bound(const struct election *e)
{
    if (e->params.linger_ns != 0)
        return e->params.linger_ns;
    return election_hand_over_ns(&e->params, e->learned_interval_ns);
}

void election_linger_for_successor(struct election *e, uint64_t now)
{
    election_linger(e, now + linger_bound(e));
    e->linger_limit = e->linger_until;
    if (e->linger_until != DEADLINE_NEVER)
        e->linger_limit += e->params.prepare_ns;
}

void election_successor_heard(struct election *e, uint64_t now)
{
    if (e->params.prepare_ns == 0) {
        election_successor_seen(e, now);
        return;
    }
    if (!election_lingering(e) || e->successor_seen)
        return;
    e->linger_until = now + linger_bound(e);
    if (e->linger_until > e->linger_limit)
        e->linger_until = e->linger_limit;
}

void election_successor_seen(struct election *e, uint64_t now)
{
    if (!election_lingering(e) || e->successor_seen)
        return;
    e->successor_seen = true;
    if (now + ELECTION_SETTLE_NS < e->linger_until)
        e->linger_until = now + ELECTION_SETTLE_NS;
}

void election_forget_master(struct election *e)
{
    e->master = (struct ip_address){0};
    e->master_priority = 0;
    e->last_heard_at = DEADLINE_NEVER;
    e->resigned = false;
    e->lower_heard = false;
    e->claimed_interval_ns = 0;
    e->preempt_at = DEADLINE_NEVER;
}

void election_forget_handover(struct election *e)
{
    e->offer = OFFER_NONE;
    e->offer_forced = false;
    e->offer_until = DEADLINE_NEVER;
    e->taking = false;
    e->raised_until = DEADLINE_NEVER;
}
