/* How long a take adverts the raised priority; see raised.h. */
#include "lib/election/raised.h"

#include "lib/election/steps.h"

enum {
    /* A deposed master was due to advert twice in this time. */
    SILENT_INTERVALS = 2,
    /* One that still adverts after these does not yield. */
    RAISED_INTERVALS_MAX = 10,
};

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
