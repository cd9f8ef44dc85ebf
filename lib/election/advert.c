/*
 * What a received advert does to a virtual router (RFC 9568 6.4.2 and 6.4.3, RFC 3768 for
 * version 2). The advert is valid and of this virtual router: packet_receive() has seen to that.
 */
#include "lib/election/advert.h"

#include "lib/election/handover.h"
#include "lib/election/newcomer.h"
#include "lib/election/prepare.h"
#include "lib/election/raised.h"
#include "lib/election/steps.h"
#include "lib/election/transitions.h"

#include <assert.h>

/* After so many intervals in which the lead heard nobody, a tie is settled by this family. */
enum {
    LEAD_SILENT_INTERVALS = 4,
    ANSWERS_PER_INTERVAL = 4,
    /* Answers to resignations: nobody's skew is shorter than two of these. */
    RESIGNATION_ANSWERS_PER_INTERVAL = 256,
    /* A master that missed no advert was heard within fewer. */
    PRESENT_INTERVALS = 2,
};

#define RESIGNATION_ANSWER_GAP_MIN_NS NS_PER_MS

/* Evidence of an advert that made us act. */
static struct evidence evidence_of(const struct election *e, const struct advert *advert)
{
    return (struct evidence){
        .peer = advert->ip.source,
        .peer_priority = advert->priority,
        .own_priority = e->params.priority,
    };
}

/* RFC 9568 left both checksum forms in the field: send what the master sends that we follow, and
 * nobody else, or any losing advert would turn a MASTER deaf to its own backups. */
static void follow_checksum(struct election *e, const struct advert *advert)
{
    if (e->params.checksum == CHECKSUM_MODE_AUTO && e->params.version == VRRP_V3 &&
        advert->version == VRRP_V3 && e->params.family == IP_FAMILY_IPV4)
        e->checksum_kind = advert->checksum_kind;
}

static void follow_master(struct election *e, const struct advert *advert, uint64_t now)
{
    e->master = advert->ip.source;
    e->master_priority = advert->priority;
    e->last_heard_at = now;
    e->resigned = false;
    e->lower_heard = false;
    follow_checksum(e, advert);
    /* In version 2 it is ours, but for a master that still adverts as before a reload. */
    election_learn_interval(e, advert, now);
}

/* B4: the sender is or may be master; its interval is learned and the timer starts again. */
static void respect(struct election *e, const struct advert *advert, uint64_t now)
{
    follow_master(e, advert, now);
    e->ready = false;
    e->taking = false;
    e->timer_at = now + election_master_down_ns(e);
}

/* B5: a lower priority while we preempt: the timer runs on, and we take over when it ends. It is
 * the master there is, so what it sends is what it understands. */
static void ignore_lower(struct election *e, const struct advert *advert, uint64_t now)
{
    follow_checksum(e, advert);
    election_correct_interval(e, advert, now);
    e->master = advert->ip.source;
    e->master_priority = advert->priority;
    e->lower_heard = true;
    e->resigned = false;
}

/* B3. By the letter from anybody; but the resignation of a router that is not the one we follow
 * says nothing about a living master. */
static void resignation(struct election *e, const struct advert *advert, uint64_t now)
{
    bool living = e->last_heard_at != DEADLINE_NEVER && !e->resigned &&
                  now - e->last_heard_at < election_master_down_ns(e);

    if (living && !ip_address_equal(&advert->ip.source, &e->master)) {
        e->counters.stray_priority_zero++;
        return;
    }
    e->master = advert->ip.source;
    e->master_priority = PRIORITY_RESIGN;
    e->resigned = true;
    e->lower_heard = false;
    if (now + election_skew_ns(e) < e->timer_at && !e->ready)
        e->timer_at = now + election_skew_ns(e);
}

/* Whether a lower priority may be deposed now. With a delay it may not before the lower priority
 * has been heard for that long (RFC 8347 hold-time). */
static bool may_preempt(struct election *e, uint64_t now)
{
    if (e->params.priority == PRIORITY_OWNER)
        return true;
    if (!e->params.preempt)
        return false;
    if (e->params.preempt_healthy_ns != 0 &&
        (e->healthy_since == DEADLINE_NEVER ||
         now - e->healthy_since < e->params.preempt_healthy_ns))
        return false;
    if (e->params.preempt_delay_ns == 0)
        return true;
    if (e->preempt_at == DEADLINE_NEVER)
        e->preempt_at = now + e->params.preempt_delay_ns;
    return now >= e->preempt_at;
}

/* An advert that the master we follow wins against, while that one is there: it settles the matter,
 * and stays the one whose resignation counts. */
static bool loses_to_master(const struct election *e, const struct advert *advert, uint64_t now)
{
    bool present = e->last_heard_at != DEADLINE_NEVER && !e->resigned &&
                   now - e->last_heard_at < PRESENT_INTERVALS * e->learned_interval_ns;

    if (!present || ip_address_equal(&advert->ip.source, &e->master))
        return false;
    return advert->priority < e->master_priority ||
           (advert->priority == e->master_priority &&
            ip_address_compare(&advert->ip.source, &e->master) < 0);
}

static void backup_advert(struct election *e, const struct advert *advert, uint64_t now)
{
    if (advert->priority == PRIORITY_RESIGN) {
        resignation(e, advert, now);
    } else if (loses_to_master(e, advert, now)) {
        return;
    } else if (advert->priority >= e->params.priority) {
        e->preempt_at = DEADLINE_NEVER;
        respect(e, advert, now);
    } else if (!may_preempt(e, now)) {
        respect(e, advert, now);
    } else {
        ignore_lower(e, advert, now);
    }
}

/* A3 and A4: tell the sender who is master, and mend the caches it may have poisoned. Bounded: two
 * routers that each believe to win would otherwise answer each other at wire speed. */
static void answer(struct election *e, uint64_t now, struct election_actions *out)
{
    uint64_t gap = e->params.advert_interval_ns / ANSWERS_PER_INTERVAL;

    if (e->last_answer_at != DEADLINE_NEVER && now - e->last_answer_at < gap) {
        e->counters.answers_suppressed++;
        return;
    }
    e->last_answer_at = now;
    election_announce(e, now, out);
    election_schedule_announcements(e, now);
    /* RFC 3768 6.4.3 discards in silence; only 9568 answers. */
    if (e->params.version == VRRP_V3)
        election_send(e, election_priority(e), now, out);
}

/* A3: whoever else was master is not any more. The others have shortened their timers: only an
 * advert within their skew keeps them BACKUP, so this one is never left out (in version 2 neither:
 * RFC 3768 6.4.3). A flood of resignations has it put off a little, for less than any skew. */
static void answer_resignation(struct election *e, uint64_t now, struct election_actions *out)
{
    uint64_t gap = e->params.advert_interval_ns / RESIGNATION_ANSWERS_PER_INTERVAL;
    bool announce = e->last_answer_at == DEADLINE_NEVER ||
                    now - e->last_answer_at >= e->params.advert_interval_ns / ANSWERS_PER_INTERVAL;

    if (gap < RESIGNATION_ANSWER_GAP_MIN_NS)
        gap = RESIGNATION_ANSWER_GAP_MIN_NS;
    if (announce) {
        e->last_answer_at = now;
        election_announce(e, now, out);
        election_schedule_announcements(e, now);
    }
    if (e->last_resignation_at == DEADLINE_NEVER || now - e->last_resignation_at >= gap) {
        e->last_resignation_at = now;
        election_send(e, election_priority(e), now, out);
        e->timer_at = now + e->params.advert_interval_ns;
    } else if (e->last_resignation_at + gap < e->timer_at) {
        e->timer_at = e->last_resignation_at + gap;
    }
}

/* Of equal priorities the group's lead decides for all its members, as long as it hears anybody. */
static bool tie_is_the_leads(struct election *e, const struct election_event *event, uint64_t now)
{
    uint64_t patience = LEAD_SILENT_INTERVALS * e->params.advert_interval_ns;

    if (!event->has_lead)
        return false;
    if (e->tie_since == DEADLINE_NEVER)
        e->tie_since = now;
    if (now - e->tie_since < patience)
        return true;
    return event->lead_rcvd_at != DEADLINE_NEVER && now - event->lead_rcvd_at < patience;
}

static void yield_to(struct election *e, const struct advert *advert, enum reason reason,
                     uint64_t now, struct election_actions *out)
{
    const struct evidence evidence = evidence_of(e, advert);

    election_yield(e, reason, &evidence, now, out);
    respect(e, advert, now);
}

static void master_advert(struct election *e, const struct election_event *event, uint64_t now,
                          struct election_actions *out)
{
    const struct advert *advert = event->advert;
    uint8_t own = election_priority(e);

    if (e->offer != OFFER_NONE) {
        election_offer_advert(e, advert, now, out);
        return;
    }
    election_raised_advert(e, advert->priority, now);
    election_prepare_advert(e, advert->priority, now);
    if (advert->priority == PRIORITY_RESIGN) {
        answer_resignation(e, now, out);
        return;
    }
    if (advert->priority > own) {
        yield_to(e, advert, REASON_HIGHER_PRIORITY, now, out);
        return;
    }
    if (advert->priority == own) {
        if (tie_is_the_leads(e, event, now))
            return;
        if (ip_address_compare(&advert->ip.source, &e->source) > 0) {
            yield_to(e, advert, REASON_HIGHER_ADDRESS, now, out);
            return;
        }
    }
    e->counters.losing_adverts_rcvd++;
    answer(e, now, out);
}

void election_advert(struct election *e, const struct election_event *event, uint64_t now,
                     struct election_actions *out)
{
    const struct advert *advert = event->advert;

    assert(advert != NULL && advert->vrid == e->params.vrid);
    e->counters.advertisement_rcvd++;
    e->last_rcvd_at = now;
    if (advert->priority == PRIORITY_RESIGN)
        e->counters.priority_zero_pkts_rcvd++;
    else
        election_successor_heard(e, now);
    if (e->state == VRRP_BACKUP)
        backup_advert(e, advert, now);
    else if (e->state == VRRP_MASTER)
        master_advert(e, event, now, out);
}
