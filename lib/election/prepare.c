/* MASTER, and the addresses are not held yet; see prepare.h. */
#include "lib/election/prepare.h"

#include "lib/election/steps.h"

enum {
    /* A deposed master was due to advert twice in this time. */
    SILENT_INTERVALS = 2,
    /* One that still adverts after these does not yield. */
    AWAITED_INTERVALS_MAX = 10,
};

static void begin(struct election *e, uint64_t now)
{
    e->preparation = PREPARATION_RUNS;
    e->prepare_began = now;
    e->prepare_until = now + e->params.prepare_ns;
}

void election_prepare(struct election *e, bool deposes, uint64_t deposed_ns, uint64_t now)
{
    uint64_t interval = e->params.advert_interval_ns;

    e->announce_at = DEADLINE_NEVER;
    if (!e->params.release_first || !deposes) {
        begin(e, now);
        return;
    }
    if (interval < deposed_ns)
        interval = deposed_ns;
    e->preparation = PREPARATION_AWAITED;
    e->prepare_began = now;
    e->prepare_span = SILENT_INTERVALS * interval + ELECTION_SETTLE_NS;
    e->prepare_until = now + e->prepare_span;
    e->prepare_limit = now + AWAITED_INTERVALS_MAX * interval;
}

void election_claim(struct election *e, uint64_t now, struct election_actions *out)
{
    election_forget_preparation(e);
    e->holding = true;
    election_emit(out, ACTION_CLAIM);
    election_announce(e, now, out);
    election_schedule_announcements(e, now);
}

void election_forget_preparation(struct election *e)
{
    e->preparation = PREPARATION_NONE;
    e->prepare_until = DEADLINE_NEVER;
}

void election_prepare_advert(struct election *e, uint8_t priority, uint64_t now)
{
    if (e->preparation != PREPARATION_AWAITED)
        return;
    if (priority == PRIORITY_RESIGN) {
        begin(e, now);
        return;
    }
    e->prepare_until = now + e->prepare_span;
    if (e->prepare_until > e->prepare_limit)
        e->prepare_until = e->prepare_limit;
}

bool election_prepare_due(struct election *e, uint64_t now)
{
    if (now < e->prepare_until)
        return false;
    if (e->preparation == PREPARATION_RUNS)
        return true;
    begin(e, now);
    return false;
}
