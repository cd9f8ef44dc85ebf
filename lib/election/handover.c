/*
 * What the administrator can ask of the election: to give mastership away (drain) and to take it.
 * Both work with any VRRP peer.
 *
 * A drained MASTER adverts priority 0, as for a shutdown, but stays MASTER until somebody else
 * adverts; only then is it held. Nobody in the time in which the slowest successor would have
 * come: it adverts its own priority again and nothing has happened, unless it was forced. Where
 * nodes prepare for the addresses, the successor has to announce them, too: one that gives up while
 * it prepares has not taken them.
 *
 * A take becomes MASTER as if the master-down time had passed, and adverts a raised priority for a
 * while: see raised.h.
 */
#include "lib/election/handover.h"

#include "lib/election/hold.h"
#include "lib/election/prepare.h"
#include "lib/election/steps.h"
#include "lib/election/transitions.h"

#include <assert.h>

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
    if (e->params.release_first)
        election_release(e, out);
    election_send(e, PRIORITY_RESIGN, now, out);
    /* Repeated with each advert: one that is lost must not cost the whole master-down time. */
    e->timer_at = now + e->params.advert_interval_ns;
}

/* A group goes when all its members can. Others of it may be prepared for long after this one: its
 * successor answers by then. */
static void taken(struct election *e, uint64_t now, struct election_actions *out)
{
    bool first = e->offer != OFFER_TAKEN;

    e->offer = OFFER_TAKEN;
    e->offer_until = DEADLINE_NEVER;
    if (!e->params.grouped) {
        election_hold(e, HOLD_DRAINED, now, out);
    } else if (first && (e->params.prepare_ns != 0 || e->params.mates_prepare)) {
        election_linger(e, now + ELECTION_SETTLE_NS);
        e->successor_seen = true;
    }
}

static void expire(struct election *e, uint64_t now, struct election_actions *out)
{
    e->offer_lost = e->offer == OFFER_HEARD;
    e->offer = OFFER_EXPIRED;
    e->offer_until = DEADLINE_NEVER;
    if (e->params.grouped)
        return;
    if (e->offer_forced)
        election_hold(e, HOLD_DRAINED, now, out);
    else
        election_withdraw(e, now, out);
}

void election_offer_advert(struct election *e, const struct advert *advert, uint64_t now,
                           struct election_actions *out)
{
    if (advert->priority == PRIORITY_RESIGN) {
        /* It could not prepare for them. */
        if (e->offer == OFFER_HEARD && ip_address_equal(&advert->ip.source, &e->master))
            expire(e, now, out);
        return;
    }
    e->master = advert->ip.source;
    e->master_priority = advert->priority;
    if (e->params.prepare_ns == 0 || e->offer == OFFER_TAKEN || election_announced_lately(e, now)) {
        taken(e, now, out);
        return;
    }
    if (e->offer != OFFER_HEARD)
        e->offer_limit = now + election_offer_ns(e) + e->params.prepare_ns;
    e->offer = OFFER_HEARD;
    e->offer_until = now + election_offer_ns(e);
    if (e->offer_until > e->offer_limit)
        e->offer_until = e->offer_limit;
}

void election_offer_announced(struct election *e, uint64_t now, struct election_actions *out)
{
    if (e->offer == OFFER_HEARD)
        taken(e, now, out);
}

void election_offer_due(struct election *e, uint64_t now, struct election_actions *out)
{
    if (now >= e->offer_until)
        expire(e, now, out);
}

void election_withdraw(struct election *e, uint64_t now, struct election_actions *out)
{
    const struct transition t = {
        .from = VRRP_MASTER,
        .to = VRRP_MASTER,
        .reason = REASON_NO_SUCCESSOR,
        .evidence = {.own_priority = e->params.priority, .silence_ns = election_offer_ns(e)}};
    bool expired = e->offer == OFFER_EXPIRED;
    /* Somebody has begun to prepare: what that did here is not known. */
    bool touched = e->offer_lost || e->offer == OFFER_HEARD;

    if (e->offer == OFFER_NONE)
        return;
    assert(e->state == VRRP_MASTER);
    /* As in a takeover: another member's successor may have come and gone. */
    election_forget_handover(e);
    e->master = e->source;
    e->master_priority = e->params.priority;
    e->linger_until = DEADLINE_NEVER;
    e->successor_seen = false;
    if (e->params.prepare_ns != 0 && !election_preparing(e) && (!e->holding || touched))
        election_prepare(e, false, 0, now);
    else if (!election_preparing(e))
        election_claim(e, now, out);
    election_send(e, e->params.priority, now, out);
    e->timer_at = now + e->params.advert_interval_ns;
    if (expired)
        election_report(&t, out);
}

void election_take(struct election *e, uint64_t now, struct election_actions *out)
{
    if (e->state != VRRP_BACKUP)
        return;
    e->taking = true;
    election_master_down_now(e, now, out);
}
