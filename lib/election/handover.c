/*
 * What the administrator can ask of the election: to give mastership away (drain) and to take it.
 * Both work with any VRRP peer.
 *
 * A drained MASTER adverts priority 0, as for a shutdown, but stays MASTER until somebody else
 * adverts; only then is it held. Nobody in the time in which the slowest successor would have
 * come: it adverts its own priority again and nothing has happened, unless it was forced.
 *
 * A take adverts the highest priority that is not the owner's, which makes any other master yield
 * (RFC 9568 6.4.3), until that one has been silent for a while; then the own priority again. A peer
 * of higher priority that preempts takes it back after that, as it is configured to.
 */
#include "lib/election/internal.h"

#include <assert.h>

enum {
    PRIORITY_RAISED = 254,
    /* A deposed master was due to advert twice in this time. */
    SILENT_INTERVALS = 2,
    /* One that still adverts after these does not yield. */
    RAISED_INTERVALS_MAX = 10,
};

uint8_t election_priority(const struct election *e)
{
    if (e->raised_until != DEADLINE_NEVER && e->params.priority < PRIORITY_RAISED)
        return PRIORITY_RAISED;
    return e->params.priority;
}

uint64_t election_hand_over_ns(const struct election_params *params, uint64_t interval_ns)
{
    /* The longest master-down interval that a successor can have (priority 0 would be the limit),
     * so that nothing is lost even when our resignation is. */
    uint64_t skew_max = params->version == VRRP_V2 ? NS_PER_SEC : interval_ns;

    return 3 * interval_ns + skew_max + ELECTION_SETTLE_NS;
}

void election_forget_handover(struct election *e)
{
    e->offer = OFFER_NONE;
    e->offer_forced = false;
    e->offer_until = DEADLINE_NEVER;
    e->taking = false;
    e->raised_until = DEADLINE_NEVER;
}

uint64_t election_offer_ns(const struct election *e)
{
    uint64_t bound = election_hand_over_ns(&e->params, e->learned_interval_ns);

    return e->params.linger_ns > bound ? e->params.linger_ns : bound;
}

void election_drain(struct election *e, bool force, uint64_t now, struct election_actions *out)
{
    if (e->state != VRRP_MASTER) {
        election_hold(e, HOLD_DRAINED, now, out);
        return;
    }
    if (e->offer != OFFER_NONE) {
        e->offer_forced = force;
        return;
    }
    election_forget_handover(e);
    e->offer = OFFER_MADE;
    e->offer_forced = force;
    e->offer_until = now + election_offer_ns(e);
    /* Ours must not be the last announcement that the neighbours hear. */
    e->announce_at = DEADLINE_NEVER;
    election_send(e, PRIORITY_RESIGN, now, out);
    /* Repeated with each advert: one that is lost must not cost the whole master-down time. */
    e->timer_at = now + e->params.advert_interval_ns;
}

void election_offer_advert(struct election *e, const struct advert *advert, uint64_t now,
                           struct election_actions *out)
{
    if (advert->priority == PRIORITY_RESIGN)
        return;
    e->offer = OFFER_TAKEN;
    e->offer_until = DEADLINE_NEVER;
    e->master = advert->ip.source;
    e->master_priority = advert->priority;
    /* A group goes when all its members can. */
    if (!e->params.grouped)
        election_hold(e, HOLD_DRAINED, now, out);
}

void election_offer_due(struct election *e, uint64_t now, struct election_actions *out)
{
    if (now < e->offer_until)
        return;
    e->offer = OFFER_EXPIRED;
    e->offer_until = DEADLINE_NEVER;
    if (e->params.grouped)
        return;
    if (e->offer_forced)
        election_hold(e, HOLD_DRAINED, now, out);
    else
        election_withdraw(e, now, out);
}

void election_withdraw(struct election *e, uint64_t now, struct election_actions *out)
{
    const struct transition t = {
        .from = VRRP_MASTER,
        .to = VRRP_MASTER,
        .reason = REASON_NO_SUCCESSOR,
        .evidence = {.own_priority = e->params.priority, .silence_ns = election_offer_ns(e)}};
    bool expired = e->offer == OFFER_EXPIRED;

    if (e->offer == OFFER_NONE)
        return;
    assert(e->state == VRRP_MASTER);
    /* As in a takeover: another member's successor may have come and gone. */
    election_forget_handover(e);
    e->master = e->source;
    e->master_priority = e->params.priority;
    election_emit(out, ACTION_CLAIM);
    election_announce(e, now, out);
    election_schedule_announcements(e, now);
    election_send(e, e->params.priority, now, out);
    e->timer_at = now + e->params.advert_interval_ns;
    if (expired)
        election_report(&t, out);
}

enum take_verdict election_take_verdict(const struct election *e)
{
    if (e->state == VRRP_INIT)
        return TAKE_HELD;
    if (e->state == VRRP_MASTER)
        return TAKE_MASTER;
    if (e->master_priority == PRIORITY_OWNER)
        return TAKE_OWNER;
    if (e->master_priority == PRIORITY_RAISED && ip_address_compare(&e->master, &e->source) > 0)
        return TAKE_TIE_LOST;
    return TAKE_POSSIBLE;
}

void election_take(struct election *e, uint64_t now, struct election_actions *out)
{
    if (e->state != VRRP_BACKUP)
        return;
    e->taking = true;
    election_master_down_now(e, now, out);
}

void election_raise(struct election *e, uint64_t deposed_ns, uint64_t now)
{
    uint64_t interval = e->params.advert_interval_ns;

    if (!e->taking)
        return;
    if (interval < deposed_ns)
        interval = deposed_ns;
    e->taking = false;
    e->raised_span = SILENT_INTERVALS * interval + ELECTION_SETTLE_NS;
    e->raised_until = now + e->raised_span;
    e->raised_limit = now + RAISED_INTERVALS_MAX * interval;
}

void election_raised_advert(struct election *e, uint8_t priority, uint64_t now)
{
    if (e->raised_until == DEADLINE_NEVER || priority < e->params.priority)
        return;
    e->raised_until = now + e->raised_span;
    if (e->raised_until > e->raised_limit)
        e->raised_until = e->raised_limit;
}

void election_lower_due(struct election *e, uint64_t now, struct election_actions *out)
{
    if (now < e->raised_until)
        return;
    e->raised_until = DEADLINE_NEVER;
    e->master_priority = e->params.priority;
    election_send(e, e->params.priority, now, out);
    e->timer_at = now + e->params.advert_interval_ns;
}
