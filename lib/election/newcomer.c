/* The interval that one advert claims; see newcomer.h. */
#include "lib/election/newcomer.h"

#include "lib/election/steps.h"

/* Two, since one can be lost: at three and six quarters of the interval, and so within the two in
 * which the other routers still hear that a master is present. */
enum { PROBES_MAX = 2, PROBE_QUARTERS = 3 };

static bool claims(const struct election *e)
{
    return e->state == VRRP_BACKUP && e->claimed_interval_ns != 0 && !e->resigned &&
           !e->lower_heard;
}

static void believe(struct election *e, uint64_t interval_ns)
{
    e->learned_interval_ns = interval_ns;
    e->claimed_interval_ns = 0;
}

/* So soon comes only a copy of a packet. */
static uint64_t copy_ns(const struct election *e)
{
    uint64_t quarter = e->params.advert_interval_ns / 4;

    return quarter < ELECTION_SETTLE_NS ? quarter : ELECTION_SETTLE_NS;
}

/* A router that takes over announces, and adverts within a moment, or the other way round. */
static bool announced_just_now(const struct election *e, const struct ip_address *who, uint64_t now)
{
    return e->announced_at != DEADLINE_NEVER && ip_address_equal(&e->announced_by, who) &&
           now - e->announced_at <= ELECTION_SETTLE_NS;
}

void election_learn_interval(struct election *e, const struct advert *advert, uint64_t now)
{
    uint64_t trusted = e->learned_interval_ns > e->params.advert_interval_ns
                           ? e->learned_interval_ns
                           : e->params.advert_interval_ns;
    bool again = e->claimed_interval_ns != 0 && ip_address_equal(&advert->ip.source, &e->claimant);

    /* In version 2 another interval than ours is heard during a reload alone. */
    if (e->params.version == VRRP_V2 || advert->interval_ns <= trusted ||
        announced_just_now(e, &advert->ip.source, now) ||
        (again && now - e->claimed_at > copy_ns(e))) {
        believe(e, advert->interval_ns);
        return;
    }
    e->learned_interval_ns = trusted;
    e->claimed_interval_ns = advert->interval_ns;
    if (again)
        return;
    e->claimant = advert->ip.source;
    e->claimed_at = now;
    e->probes = 0;
}

void election_correct_interval(struct election *e, const struct advert *advert, uint64_t now)
{
    bool same = ip_address_equal(&advert->ip.source, &e->master);

    if (!same || advert->interval_ns >= e->learned_interval_ns || e->params.version == VRRP_V2)
        return;
    believe(e, advert->interval_ns > e->params.advert_interval_ns ? advert->interval_ns
                                                                  : e->params.advert_interval_ns);
    uint64_t due = now + election_master_down_ns(e);
    if (e->timer_at != DEADLINE_NEVER && due < e->timer_at)
        e->timer_at = due;
}

void election_newcomer_announced(struct election *e, uint64_t now)
{
    if (!claims(e) || !ip_address_equal(&e->announced_by, &e->claimant) ||
        now - e->claimed_at > ELECTION_SETTLE_NS)
        return;
    believe(e, e->claimed_interval_ns);
    e->ready = false;
    e->timer_at = e->last_heard_at + election_master_down_ns(e);
    if (e->timer_at < now)
        e->timer_at = now;
}

uint64_t election_newcomer_deadline(const struct election *e)
{
    if (!claims(e) || e->deaf || e->ready || e->probes == PROBES_MAX)
        return DEADLINE_NEVER;
    return e->claimed_at + (e->probes + 1u) * PROBE_QUARTERS * e->params.advert_interval_ns / 4;
}

void election_newcomer_due(struct election *e, uint64_t now, struct election_actions *out)
{
    if (now < election_newcomer_deadline(e))
        return;
    e->probes++;
    election_send(e, PRIORITY_HINT, now, out);
}
