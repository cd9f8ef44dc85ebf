/*
 * The election: events and timers of one virtual router (RFC 9568 6.4; RFC 3768 6.4 for version 2).
 * Received adverts are in advert.c, what keeps a router in INIT in hold.c. See
 * election.h for what goes beyond the RFC. A `struct election` is a plain value owned by the
 * caller.
 */
#include "lib/election/internal.h"

#include <assert.h>
#include <string.h>

/* A node that is late by more than this many own intervals may have been deposed. */
enum {
    DEPOSE_INTERVALS = 3,
    LOWEST_SKEW_256THS = 2, /* of priority 254, the highest a rival can have without owning */
    HINTS_MAX = 3,          /* see linger_ends() */
    PRIORITY_HINT = 1,
};

/* Delays between the repeats of a takeover announcement: once soon, because any frame can be lost;
 * past the 1 s for which Linux ignores a second change; then through a spanning tree's 30 s. */
static const uint64_t announce_gaps_ns[ANNOUNCE_REPEAT_MAX] = {
    100 * NS_PER_MS, 1200 * NS_PER_MS, 2 * NS_PER_SEC,  4 * NS_PER_SEC,  8 * NS_PER_SEC,
    16 * NS_PER_SEC, 30 * NS_PER_SEC,  30 * NS_PER_SEC, 30 * NS_PER_SEC, 30 * NS_PER_SEC,
};

uint64_t election_skew_ns(const struct election *e)
{
    uint64_t base = e->params.version == VRRP_V2 ? NS_PER_SEC : e->learned_interval_ns;

    return (256u - (uint64_t)e->params.priority) * base / 256;
}

uint64_t election_master_down_ns(const struct election *e)
{
    return 3 * e->learned_interval_ns + election_skew_ns(e);
}

bool election_lingering(const struct election *e)
{
    return e->linger_until != DEADLINE_NEVER;
}

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

void election_successor_seen(struct election *e, uint64_t now)
{
    if (!election_lingering(e) || e->successor_seen)
        return;
    e->successor_seen = true;
    if (now + ELECTION_SETTLE_NS < e->linger_until)
        e->linger_until = now + ELECTION_SETTLE_NS;
}

/* Whether the neighbours' caches surely point at the successor: it announced, and we did not at
 * about the same moment or since, which may have been heard after it. */
static bool successor_has_last_word(const struct election *e)
{
    return e->announced_at != DEADLINE_NEVER &&
           (e->announcing_at == DEADLINE_NEVER ||
            e->announced_at > e->announcing_at + ELECTION_SETTLE_NS);
}

void election_forget_master(struct election *e)
{
    e->master = (struct ip_address){0};
    e->master_priority = 0;
    e->last_heard_at = DEADLINE_NEVER;
    e->resigned = false;
    e->lower_heard = false;
    e->preempt_at = DEADLINE_NEVER;
}

void election_enter_backup(struct election *e, uint64_t now)
{
    election_forget_master(e);
    election_forget_handover(e);
    e->state = VRRP_BACKUP;
    e->ready = false;
    e->announce_at = DEADLINE_NEVER;
    e->learned_interval_ns = e->params.advert_interval_ns;
    e->timer_at = now + election_master_down_ns(e);
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
    election_emit(out, ACTION_ANNOUNCE);
    e->announcing_at = now;
}

void election_schedule_announcements(struct election *e, uint64_t now)
{
    e->announce_done = 0;
    e->announce_at = election_next_announcement(e, now);
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

/* RFC 9568 6.4.2 B2, in our order: hold the addresses, tell the neighbours, then the rivals. */
static void take_over(struct election *e, uint64_t now, struct election_actions *out)
{
    struct transition t = takeover_transition(e, now);

    e->state = VRRP_MASTER;
    e->ready = false;
    e->holding = true;
    e->linger_until = DEADLINE_NEVER;
    e->successor_seen = false;
    e->successor_silent = false;
    election_raise(e, e->learned_interval_ns, now);
    e->learned_interval_ns = e->params.advert_interval_ns;
    election_forget_master(e);
    e->master = e->source;
    e->master_priority = election_priority(e);
    e->tie_since = DEADLINE_NEVER;
    e->last_answer_at = DEADLINE_NEVER;
    e->counters.master_transitions++;
    election_emit(out, ACTION_CLAIM);
    election_announce(e, now, out);
    election_send(e, election_priority(e), now, out);
    e->timer_at = now + e->params.advert_interval_ns;
    election_schedule_announcements(e, now);
    election_report(&t, out);
}

void election_master_down_now(struct election *e, uint64_t now, struct election_actions *out)
{
    if (e->params.grouped) {
        e->ready = true;
        e->timer_at = DEADLINE_NEVER;
    } else {
        take_over(e, now, out);
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
        take_over(e, now, out);
        return;
    }
    election_enter_backup(e, now);
    election_report(&t, out);
    if (e->params.priority == PRIORITY_OWNER)
        election_master_down_now(e, now, out);
}

void election_yield(struct election *e, enum reason reason, const struct evidence *evidence,
                    uint64_t now, struct election_actions *out)
{
    struct transition t = {
        .from = e->state, .to = VRRP_BACKUP, .reason = reason, .evidence = *evidence};

    assert(e->state == VRRP_MASTER);
    election_enter_backup(e, now);
    election_linger(e, now + ELECTION_SETTLE_NS);
    e->successor_seen = true;
    /* A router that takes over announces just before it adverts; one that was master all along
     * does not. */
    e->hints = 0;
    e->successor_silent =
        !successor_has_last_word(e) || now - e->announced_at > e->params.advert_interval_ns;
    election_report(&t, out);
}

enum checksum_kind election_first_checksum_kind(const struct election_params *params)
{
    if (params->version == VRRP_V2)
        return CHECKSUM_MESSAGE_ONLY;
    if (params->family == IP_FAMILY_IPV6)
        return CHECKSUM_IPV6_PSEUDO_HEADER;
    return params->checksum == CHECKSUM_MODE_RFC9568 ? CHECKSUM_MESSAGE_ONLY
                                                     : CHECKSUM_IPV4_PSEUDO_HEADER;
}

/* Slept past the time in which the quickest rival deposes us: whatever we believe is stale. */
static void check_oversleep(struct election *e, uint64_t now, struct election_actions *out)
{
    uint64_t base = e->params.version == VRRP_V2 ? NS_PER_SEC : e->params.advert_interval_ns;
    uint64_t limit =
        DEPOSE_INTERVALS * e->params.advert_interval_ns + LOWEST_SKEW_256THS * base / 256;
    struct transition t = {.from = VRRP_MASTER,
                           .to = VRRP_BACKUP,
                           .reason = REASON_OVERSLEPT,
                           .evidence = {.own_priority = e->params.priority,
                                        .silence_ns = now - e->last_sent_at,
                                        .limit_ns = limit}};

    if (e->state != VRRP_MASTER || now - e->last_sent_at < limit)
        return;
    e->counters.oversleeps++;
    election_release(e, out);
    election_enter_backup(e, now);
    election_report(&t, out);
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

static void advert_due(struct election *e, uint64_t now, struct election_actions *out)
{
    if (now < e->timer_at)
        return;
    if (e->offer == OFFER_TAKEN)
        e->last_sent_at = now; /* nothing to say, but awake */
    else
        election_send(e, e->offer != OFFER_NONE ? PRIORITY_RESIGN : election_priority(e), now, out);
    e->timer_at += e->params.advert_interval_ns;
    if (e->timer_at <= now)
        e->timer_at = now + e->params.advert_interval_ns;
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

static void timer(struct election *e, uint64_t now, struct election_actions *out)
{
    if (election_lingering(e) && now >= e->linger_until)
        linger_ends(e, now, out);
    if (e->state == VRRP_MASTER) {
        election_offer_due(e, now, out);
        election_lower_due(e, now, out);
        advert_due(e, now, out);
        announce_due(e, now, out);
    } else if (e->state == VRRP_BACKUP && now >= e->timer_at && !backup_overslept(e, now)) {
        election_master_down_now(e, now, out);
    }
}

static void demote(struct election *e, uint64_t now, struct election_actions *out)
{
    const struct evidence evidence = {.own_priority = e->params.priority};

    if (e->state == VRRP_MASTER)
        election_yield(e, REASON_GROUP, &evidence, now, out);
}

void election_init(struct election *e, const struct election_params *params)
{
    assert(params->advert_interval_ns > 0 && params->priority > 0);
    assert(params->announce_repeat <= ANNOUNCE_REPEAT_MAX);
    memset(e, 0, sizeof(*e));
    e->params = *params;
    e->state = VRRP_INIT;
    e->held_by = HOLD_STOPPED | HOLD_NO_PRIMARY_ADDRESS;
    e->learned_interval_ns = params->advert_interval_ns;
    e->timer_at = DEADLINE_NEVER;
    e->linger_until = DEADLINE_NEVER;
    e->announce_at = DEADLINE_NEVER;
    e->last_answer_at = DEADLINE_NEVER;
    e->last_rcvd_at = DEADLINE_NEVER;
    e->tie_since = DEADLINE_NEVER;
    e->announced_at = DEADLINE_NEVER;
    e->announcing_at = DEADLINE_NEVER;
    e->healthy_since = DEADLINE_NEVER;
    election_forget_handover(e);
    e->checksum_kind = election_first_checksum_kind(params);
    election_forget_master(e);
}

void election_step(struct election *e, const struct election_event *event, uint64_t now,
                   struct election_actions *out)
{
    check_oversleep(e, now, out);
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
        election_unhold(e, event->hold, now, out);
        break;
    case ELECTION_SOURCE:
        election_set_source(e, &event->address, now, out);
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
        e->announced_at = now;
        if (successor_has_last_word(e))
            e->successor_silent = false;
        election_successor_seen(e, now);
        break;
    case ELECTION_CONFLICT:
        election_conflict(e, event, now, out);
        break;
    case ELECTION_PROMOTE:
        if (e->state == VRRP_BACKUP && e->ready)
            take_over(e, now, out);
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
    }
    assert(e->state != VRRP_INIT || e->held_by != 0);
    assert(e->state == VRRP_INIT || e->held_by == 0);
    assert(e->state != VRRP_MASTER || e->holding);
}

uint64_t election_deadline(const struct election *e)
{
    uint64_t deadline = e->timer_at;

    if (e->linger_until < deadline)
        deadline = e->linger_until;
    if (e->announce_at < deadline)
        deadline = e->announce_at;
    if (e->offer_until < deadline)
        deadline = e->offer_until;
    if (e->raised_until < deadline)
        deadline = e->raised_until;
    return deadline;
}
