/*
 * The election: each event of one virtual router, handed to the file that knows it, and its timers
 * (RFC 9568 6.4; RFC 3768 6.4 for version 2). From below: router (the value), steps, raised,
 * transitions, hold, handover, then advert and configure. See election.h for what goes beyond the
 * RFC. A `struct election` is a plain value owned by the caller.
 */
#include "lib/election/election.h"

#include "lib/election/advert.h"
#include "lib/election/configure.h"
#include "lib/election/handover.h"
#include "lib/election/hold.h"
#include "lib/election/newcomer.h"
#include "lib/election/prepare.h"
#include "lib/election/raised.h"
#include "lib/election/steps.h"
#include "lib/election/transitions.h"

#include <assert.h>
#include <string.h>

enum {
    LOWEST_SKEW_256THS = 2, /* of priority 254, the highest a rival can have without owning */
    HINTS_MAX = 3,          /* see linger_ends() */
    KEPT_LIMITS = 2,        /* see may_go_on() */
};

/* Within this the quickest rival deposes us: whatever we believe is stale by then. */
static uint64_t oversleep_limit(const struct election *e)
{
    uint64_t base = e->params.version == VRRP_V2 ? NS_PER_SEC : e->params.advert_interval_ns;

    return e->params.dead_factor * e->params.advert_interval_ns + LOWEST_SKEW_256THS * base / 256;
}

static bool overslept(const struct election *e, uint64_t now)
{
    return e->state == VRRP_MASTER && now - e->last_sent_at >= oversleep_limit(e);
}

static void let_go(struct election *e, uint64_t now, struct election_actions *out)
{
    struct transition t = {.from = VRRP_MASTER,
                           .to = VRRP_BACKUP,
                           .reason = REASON_OVERSLEPT,
                           .evidence = {.own_priority = e->params.priority,
                                        .silence_ns = now - e->last_sent_at,
                                        .limit_ns = oversleep_limit(e)}};

    e->counters.oversleeps++;
    election_release(e, out);
    election_enter_backup(e, now);
    election_report(&t, out);
}

/*
 * Whoever took over meanwhile has announced and adverted, and what it sent lies in our socket: of
 * two timers in a row the second is behind it. So a timer first means nothing heard yet, and two
 * mean that nobody took over: letting go would leave nobody there. Not when it was long: a machine
 * that was suspended received nothing, either.
 */
static bool may_go_on(const struct election *e, const struct election_event *event, uint64_t now)
{
    return event->type == ELECTION_TIMER && e->offer == OFFER_NONE && !election_preparing(e) &&
           now - e->last_sent_at < KEPT_LIMITS * oversleep_limit(e);
}

/* Returns whether the event is to be handled now. */
static bool wakes_up(struct election *e, const struct election_event *event, uint64_t now,
                     struct election_actions *out)
{
    bool listened = e->listened;

    e->listened = false;
    if (!overslept(e, now))
        return true;
    if (!may_go_on(e, event, now)) {
        let_go(e, now, out);
        return true;
    }
    if (listened) {
        e->counters.oversleeps++;
        return true;
    }
    e->listened = true;
    return false;
}

/* A BACKUP that wakes late by more than an interval cannot know whether the silence was the
 * master's or its own (a suspended machine hears nothing): it listens for one interval before it
 * acts. */
static bool backup_overslept(struct election *e, uint64_t now)
{
    if (now - e->timer_at <= e->learned_interval_ns)
        return false;
    e->counters.oversleeps++;
    e->timer_at = now + e->learned_interval_ns + election_skew_ns(e);
    return true;
}

static void announce_due(struct election *e, uint64_t now, struct election_actions *out)
{
    if (now < e->announce_at)
        return;
    election_announce(e, now, out);
    if (e->announce_done < e->params.announce_repeat)
        e->announce_done++;
    e->announce_at = election_next_announcement(e, now);
}

/* Never late: who hears us counts the intervals. */
static uint64_t aligned(const struct election *e, uint64_t at)
{
    uint64_t interval = e->params.advert_interval_ns;
    uint64_t early = interval / ELECTION_EARLY_PART;
    uint64_t behind = (at + interval - e->params.phase_ns % interval) % interval;

    if (!e->params.aligned)
        return at;
    return at - (behind < early ? behind : early);
}

static void advert_due(struct election *e, uint64_t now, struct election_actions *out)
{
    if (now < e->timer_at)
        return;
    if (election_offer_answered(e))
        e->last_sent_at = now; /* nothing to say, but awake */
    else
        election_send(e, e->offer != OFFER_NONE ? PRIORITY_RESIGN : election_priority(e), now, out);
    e->timer_at += e->params.advert_interval_ns;
    if (e->timer_at <= now)
        e->timer_at = now + e->params.advert_interval_ns;
    e->timer_at = aligned(e, e->timer_at);
}

/*
 * The end of a linger. After a split two masters meet, and the better one may never have known of
 * the other: it has no reason to announce, and the neighbours' caches point at us. One more advert,
 * which it hears as a losing one, makes it answer with an announcement (A4; others do the same). As
 * adverts were lost this one may be, too: again, a few times, until it is seen to announce. The
 * priority is the lowest there is: who followed its group might win with its own.
 * Never when late, or when it is time to take over: then the winner may be gone.
 */
static void linger_ends(struct election *e, uint64_t now, struct election_actions *out)
{
    bool hint = e->successor_silent && e->hints < HINTS_MAX && e->state == VRRP_BACKUP &&
                now < e->timer_at && now - e->linger_until <= ELECTION_SETTLE_NS;

    if (!hint) {
        election_release(e, out);
        return;
    }
    e->hints++;
    election_send(e, PRIORITY_HINT, now, out);
    election_linger(e, now + ELECTION_SETTLE_NS);
}

/* The preparation for the addresses is over: they are claimed, or given to whoever can. */
static void prepared(struct election *e, bool well, uint64_t now, struct election_actions *out)
{
    if (e->preparation != PREPARATION_RUNS)
        return;
    /* Given up already for whoever comes: withdrawn, the offer brings another preparation. */
    if (e->offer != OFFER_NONE && e->params.release_first) {
        election_forget_preparation(e);
        return;
    }
    if (!well && !e->params.claims_unprepared) {
        election_hold(e, HOLD_NOT_PREPARED, now, out);
        return;
    }
    election_claim(e, now, out);
    /* Offered: ours must not be the last announcement that the neighbours hear. */
    if (e->offer != OFFER_NONE)
        e->announce_at = DEADLINE_NEVER;
}

static void timer(struct election *e, uint64_t now, struct election_actions *out)
{
    election_source_due(e, now, out);
    if (election_lingering(e) && now >= e->linger_until)
        linger_ends(e, now, out);
    if (election_prepare_due(e, now))
        prepared(e, false, now, out);
    election_newcomer_due(e, now, out);
    if (e->state == VRRP_MASTER) {
        election_offer_due(e, now, out);
        election_lower_due(e, now, out);
        advert_due(e, now, out);
        announce_due(e, now, out);
    } else if (e->state == VRRP_BACKUP && !e->deaf && now >= e->timer_at &&
               !backup_overslept(e, now)) {
        /* Nobody becomes MASTER with an address that may be gone. */
        if (e->source_doubt_until != DEADLINE_NEVER)
            election_lose_source(e, now, out);
        else
            election_master_down_now(e, now, out);
    }
}

/* Another member of the group met its better one; in this family nobody may be there yet: a peer
 * without a group is still BACKUP here. So it leaves as in a hand-over. */
static void demote(struct election *e, uint64_t now, struct election_actions *out)
{
    if (e->state == VRRP_MASTER)
        election_resign(e, now, out);
}

/* Who hears nothing does not conclude from silence that the master is gone; once it may hear again
 * the master has its time. */
static void set_deaf(struct election *e, bool deaf, uint64_t now)
{
    if (e->deaf == deaf)
        return;
    e->deaf = deaf;
    if (e->state != VRRP_BACKUP)
        return;
    e->ready = false;
    e->timer_at = now + election_master_down_ns(e);
}

void election_init(struct election *e, const struct election_params *params)
{
    assert(params->advert_interval_ns > 0 && params->priority > 0);
    assert(params->dead_factor > 1);
    assert(params->announce_repeat <= ANNOUNCE_REPEAT_MAX);
    memset(e, 0, sizeof(*e));
    e->params = *params;
    e->state = VRRP_INIT;
    e->held_by = HOLD_STOPPED | HOLD_NO_PRIMARY_ADDRESS;
    e->learned_interval_ns = params->advert_interval_ns;
    e->timer_at = DEADLINE_NEVER;
    e->source_doubt_until = DEADLINE_NEVER;
    e->linger_until = DEADLINE_NEVER;
    e->linger_limit = DEADLINE_NEVER;
    e->announce_at = DEADLINE_NEVER;
    e->last_answer_at = DEADLINE_NEVER;
    e->last_resignation_at = DEADLINE_NEVER;
    e->last_rcvd_at = DEADLINE_NEVER;
    e->tie_since = DEADLINE_NEVER;
    e->announced_at = DEADLINE_NEVER;
    e->announcing_at = DEADLINE_NEVER;
    e->healthy_since = DEADLINE_NEVER;
    election_forget_handover(e);
    election_forget_preparation(e);
    e->checksum_kind = election_first_checksum_kind(params);
    election_forget_master(e);
}

void election_step(struct election *e, const struct election_event *event, uint64_t now,
                   struct election_actions *out)
{
    if (!wakes_up(e, event, now, out))
        return;
    switch (event->type) {
    case ELECTION_START:
        election_unhold(e, HOLD_STOPPED, now, out);
        break;
    case ELECTION_STOP:
        election_hold(e, HOLD_STOPPED, now, out);
        break;
    case ELECTION_HOLD:
        election_hold(e, event->hold, now, out);
        break;
    case ELECTION_UNHOLD:
        /* What is not to be drained any more does not offer its addresses either. */
        if (event->hold == HOLD_DRAINED)
            election_withdraw(e, now, out);
        election_unhold(e, event->hold, now, out);
        break;
    case ELECTION_SOURCE:
        election_set_source(e, event, now, out);
        break;
    case ELECTION_ADVERT:
        election_advert(e, event, now, out);
        break;
    case ELECTION_TIMER:
        timer(e, now, out);
        break;
    case ELECTION_CONFIGURE:
        election_configure(e, event->params, now, out);
        break;
    case ELECTION_SUCCESSOR:
        election_successor_announced(e, &event->address, now);
        election_offer_announced(e, now, out);
        election_newcomer_announced(e, now);
        break;
    case ELECTION_CONFLICT:
        election_conflict(e, event, now, out);
        break;
    case ELECTION_PROMOTE:
        if (e->state == VRRP_BACKUP && e->ready)
            election_take_over(e, now, out);
        break;
    case ELECTION_DEMOTE:
        demote(e, now, out);
        break;
    case ELECTION_DRAIN:
        election_drain(e, event->force, now, out);
        break;
    case ELECTION_KEEP:
        election_withdraw(e, now, out);
        break;
    case ELECTION_TAKE:
        election_take(e, now, out);
        break;
    case ELECTION_PREPARED:
        prepared(e, event->force, now, out);
        break;
    case ELECTION_DEAF:
        set_deaf(e, event->force, now);
        break;
    }
    assert(e->state != VRRP_INIT || e->held_by != 0);
    assert(e->state == VRRP_INIT || e->held_by == 0);
    assert(e->state != VRRP_MASTER || e->holding || election_preparing(e) ||
           e->offer != OFFER_NONE);
    assert(e->state == VRRP_MASTER || !election_preparing(e));
}

uint64_t election_deadline(const struct election *e)
{
    uint64_t deadline = e->timer_at;

    if (e->deaf && e->state == VRRP_BACKUP)
        deadline = DEADLINE_NEVER;
    if (e->linger_until < deadline)
        deadline = e->linger_until;
    if (e->announce_at < deadline)
        deadline = e->announce_at;
    if (e->offer_until < deadline)
        deadline = e->offer_until;
    if (e->raised_until < deadline)
        deadline = e->raised_until;
    if (e->source_doubt_until < deadline)
        deadline = e->source_doubt_until;
    if (e->prepare_until < deadline)
        deadline = e->prepare_until;
    if (election_newcomer_deadline(e) < deadline)
        deadline = election_newcomer_deadline(e);
    return deadline;
}
