/*
 * New parameters for a router that runs: a reload, or another effective priority. Nothing is held
 * against a router that it believed under the old ones.
 */
#include "lib/election/configure.h"

#include "lib/election/prepare.h"
#include "lib/election/steps.h"

#include <assert.h>

/* The time the BACKUP's timer was set to run for. */
static uint64_t backup_wait(const struct election *e)
{
    return e->resigned ? election_skew_ns(e) : election_master_down_ns(e);
}

/* Waiting to depose a lower priority: since it was heard first, by the new delay. */
static void change_preempt_delay(struct election *e, uint64_t old_ns)
{
    if (e->preempt_at != DEADLINE_NEVER)
        e->preempt_at += e->params.preempt_delay_ns - old_ns;
}

/* A MASTER that is being drained goes on resigning, or keeping still, by the new interval: it must
 * not find later that it slept by the new one. */
static void change_offer_interval(struct election *e, uint64_t now, struct election_actions *out)
{
    if (e->offer == OFFER_TAKEN)
        e->last_sent_at = now;
    else
        election_send(e, PRIORITY_RESIGN, now, out);
    e->timer_at = now + e->params.advert_interval_ns;
}

/* A BACKUP that was about to depose a lower priority, and is not to any more: it has heard a master
 * that it now respects. */
static void reconsider(struct election *e)
{
    bool still = e->params.priority == PRIORITY_OWNER ||
                 (e->params.preempt && e->master_priority < e->params.priority);

    if (e->state != VRRP_BACKUP || !e->lower_heard || still)
        return;
    e->lower_heard = false;
    e->ready = false;
    e->last_heard_at = e->last_rcvd_at;
    e->timer_at = e->last_rcvd_at + election_master_down_ns(e);
}

/* One that is being prepared for has the new time; one that need not be prepared for is claimed. */
static void change_preparation(struct election *e, uint64_t now, struct election_actions *out)
{
    if (!election_preparing(e))
        return;
    if (e->params.prepare_ns == 0)
        election_claim(e, now, out);
    else if (e->preparation == PREPARATION_RUNS)
        e->prepare_until = e->prepare_began + e->params.prepare_ns;
}

/* New parameters. A BACKUP's deadline moves relative to when its timer was last set, not to now;
 * a MASTER tells its rivals at once, so that nobody waits by the old interval. */
void election_configure(struct election *e, const struct election_params *params, uint64_t now,
                        struct election_actions *out)
{
    bool paced = e->params.advert_interval_ns != params->advert_interval_ns;
    bool other_version = e->params.version != params->version;
    bool tell = paced || other_version || e->params.priority != params->priority;
    uint64_t old_delay_ns = e->params.preempt_delay_ns;
    uint64_t waited_since = e->timer_at - backup_wait(e);

    assert(params->family == e->params.family);
    if (other_version || e->params.checksum != params->checksum)
        e->checksum_kind = election_first_checksum_kind(params);
    if (params->impaired)
        e->healthy_since = DEADLINE_NEVER;
    else if (e->params.impaired && e->held_by == 0)
        e->healthy_since = now;
    e->params = *params;
    if (e->last_heard_at == DEADLINE_NEVER)
        e->learned_interval_ns = params->advert_interval_ns;
    if (e->state == VRRP_BACKUP && !e->ready)
        e->timer_at = waited_since + backup_wait(e);
    change_preempt_delay(e, old_delay_ns);
    reconsider(e);
    if (e->state != VRRP_MASTER)
        return;
    change_preparation(e, now, out);
    if (e->offer != OFFER_NONE) {
        if (paced)
            change_offer_interval(e, now, out);
        return;
    }
    e->master_priority = election_priority(e);
    /* Counted from the last one: many changes must not put the next one off for ever. */
    if (!election_preparing(e) &&
        (e->announce_at == DEADLINE_NEVER || e->announce_done >= params->announce_repeat))
        e->announce_at = election_next_announcement(e, e->announcing_at);
    if (tell) {
        election_send(e, election_priority(e), now, out);
        e->timer_at = now + params->advert_interval_ns;
    }
}
