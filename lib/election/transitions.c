/* How a virtual router becomes BACKUP and MASTER, and gives MASTER up to a better one. */
#include "lib/election/transitions.h"

#include "lib/election/prepare.h"
#include "lib/election/raised.h"
#include "lib/election/steps.h"

#include <assert.h>

void election_enter_backup(struct election *e, uint64_t now)
{
    election_forget_master(e);
    election_forget_handover(e);
    election_forget_preparation(e);
    e->state = VRRP_BACKUP;
    e->ready = false;
    e->announce_at = DEADLINE_NEVER;
    e->learned_interval_ns = e->params.advert_interval_ns;
    e->timer_at = now + election_master_down_ns(e);
}

/* What a BACKUP knows when its timer has run out: why it may take over. */
static struct transition takeover_transition(const struct election *e, uint64_t now)
{
    struct transition t = {
        .from = e->state,
        .to = VRRP_MASTER,
        .reason = REASON_NO_RESPONSE,
        .evidence =
            {
                .peer = e->master,
                .peer_priority = e->master_priority,
                .own_priority = e->params.priority,
                .limit_ns = election_master_down_ns(e),
            },
    };

    if (e->last_heard_at != DEADLINE_NEVER)
        t.evidence.silence_ns = now - e->last_heard_at;
    if (e->params.priority == PRIORITY_OWNER)
        t.reason = REASON_OWNER;
    else if (e->taking)
        t.reason = REASON_TAKEN;
    else if (e->resigned)
        t.reason = REASON_PRIORITY;
    else if (e->lower_heard)
        t.reason = REASON_PREEMPTED;
    return t;
}

/* A master that lives is deposed: it has to hear of us before it gives the addresses up. */
static bool deposes(const struct election *e, const struct transition *t)
{
    switch (t->reason) {
    case REASON_PREEMPTED:
    case REASON_OWNER:
        return true;
    case REASON_TAKEN:
        return e->master.family != IP_FAMILY_NONE && !e->resigned;
    default:
        return false;
    }
}

void election_take_over(struct election *e, uint64_t now, struct election_actions *out)
{
    struct transition t = takeover_transition(e, now);
    uint64_t deposed_ns = e->learned_interval_ns;
    bool from_living = deposes(e, &t);

    /* Whoever announced them answers for them, and goes on until this one has announced. */
    if (e->params.prepare_ns != 0 && e->successor_seen)
        election_release(e, out);
    e->state = VRRP_MASTER;
    e->ready = false;
    e->linger_until = DEADLINE_NEVER;
    e->successor_seen = false;
    e->successor_silent = false;
    election_raise(e, deposed_ns, now);
    e->learned_interval_ns = e->params.advert_interval_ns;
    election_forget_master(e);
    e->master = e->source;
    e->master_priority = election_priority(e);
    e->tie_since = DEADLINE_NEVER;
    e->last_answer_at = DEADLINE_NEVER;
    e->last_resignation_at = DEADLINE_NEVER;
    e->counters.master_transitions++;
    if (e->params.prepare_ns != 0)
        election_prepare(e, from_living, deposed_ns, now);
    else
        election_claim(e, now, out);
    election_send(e, election_priority(e), now, out);
    e->timer_at = now + e->params.advert_interval_ns;
    election_report(&t, out);
}

void election_master_down_now(struct election *e, uint64_t now, struct election_actions *out)
{
    if (e->params.grouped) {
        e->ready = true;
        e->timer_at = DEADLINE_NEVER;
    } else {
        election_take_over(e, now, out);
    }
}

void election_start_up(struct election *e, enum reason reason, uint64_t now,
                       struct election_actions *out)
{
    struct transition t = {.from = VRRP_INIT,
                           .to = VRRP_BACKUP,
                           .reason = reason,
                           .evidence.own_priority = e->params.priority};

    e->healthy_since = e->params.impaired ? DEADLINE_NEVER : now;
    if (e->params.priority == PRIORITY_OWNER && !e->params.grouped) {
        election_take_over(e, now, out);
        return;
    }
    election_enter_backup(e, now);
    election_report(&t, out);
    if (e->params.priority == PRIORITY_OWNER)
        election_master_down_now(e, now, out);
}

/* Told in this order, it is known to whoever hears of it that nobody holds them here. */
static void give_up_first(struct election *e, uint64_t now, struct election_actions *out)
{
    election_release(e, out);
    election_send(e, PRIORITY_RESIGN, now, out);
}

void election_yield(struct election *e, enum reason reason, const struct evidence *evidence,
                    uint64_t now, struct election_actions *out)
{
    struct transition t = {
        .from = e->state, .to = VRRP_BACKUP, .reason = reason, .evidence = *evidence};

    assert(e->state == VRRP_MASTER);
    election_enter_backup(e, now);
    /* A router that takes over announces just before it adverts; one that was master all along
     * does not, and one that prepares for the addresses will. */
    e->hints = 0;
    e->successor_silent = !election_announced_lately(e, now);
    if (e->params.release_first) {
        give_up_first(e, now, out);
    } else if (e->params.prepare_ns != 0 && e->successor_silent) {
        election_linger_for_successor(e, now);
    } else {
        election_linger(e, now + ELECTION_SETTLE_NS);
        e->successor_seen = true;
    }
    election_report(&t, out);
}

void election_resign(struct election *e, uint64_t now, struct election_actions *out)
{
    const struct transition t = {.from = VRRP_MASTER,
                                 .to = VRRP_BACKUP,
                                 .reason = REASON_GROUP,
                                 .evidence.own_priority = e->params.priority};
    bool taken = e->offer == OFFER_TAKEN;
    bool heard = election_offer_answered(e);

    assert(e->state == VRRP_MASTER);
    if (e->params.release_first)
        election_release(e, out);
    if (!heard)
        election_send(e, PRIORITY_RESIGN, now, out);
    election_linger_for_successor(e, now);
    if (taken)
        election_successor_seen(e, now);
    else if (heard)
        election_successor_heard(e, now);
    election_enter_backup(e, now);
    /* If it was master all along it answers the resignation with an announcement; that may be lost.
     */
    e->hints = 0;
    e->successor_silent = !election_announced_lately(e, now);
    election_report(&t, out);
}

void election_successor_announced(struct election *e, const struct ip_address *who, uint64_t now)
{
    e->announced_at = now;
    e->announced_by = *who;
    if (election_has_last_word(e))
        e->successor_silent = false;
    election_successor_seen(e, now);
}
