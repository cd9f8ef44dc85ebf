/* Refreshes and retries; see schedule.h. */
#include "agent/kernel/schedule.h"

#include "agent/base/clock.h"

/* A lease is renewed when a third of it is over: at 4/15 of it, while the loop is awake anyway, and
 * at 6/15 in any case. */
enum {
    REFRESH_PARTS = 15,
    REFRESH_LATEST = 6,
    REFRESH_EARLY = 2, /* before that */
};

#define BACKOFF_MIN_NS (1 * NS_PER_SEC)
#define BACKOFF_MAX_NS (30 * NS_PER_SEC)

void schedule_attempt(struct desired_set *set)
{
    set->attempt = true;
    set->attempted = 0;
    set->failed = 0;
    set->error = 0;
    set->retry_ns = DEADLINE_NEVER;
    set->unplanned = true;
}

/* Each of its addresses has been asked for since it was settled last. What has gone again by now
 * was taken away before the kernel's answer was here: asked for at once, that would go on for ever,
 * for only what is settled has a back-off. */
static bool is_contested(const struct desired_set *set)
{
    return !desired_settled(set) && set->added + desired_awaited(set) >= set->count;
}

void schedule_repair(struct desired_set *set, uint64_t now_ns)
{
    if (is_contested(set)) {
        set->again = true;
        return;
    }
    if (!repairs_may(set->repairs, now_ns))
        return;
    set->repairing = set->repairing || set->told;
    schedule_attempt(set);
}

void schedule_refresh(struct desired_set *set)
{
    set->refresh = true;
    set->refreshed = 0;
    set->on_time = false;
    set->since_ns = 0;
    set->refresh_ns = DEADLINE_NEVER;
    set->unplanned = true;
}

uint64_t schedule_longer(uint64_t backoff_ns)
{
    if (backoff_ns == 0)
        return BACKOFF_MIN_NS;
    return backoff_ns < BACKOFF_MAX_NS / 2 ? backoff_ns * 2 : BACKOFF_MAX_NS;
}

/* From when the first of it was sent. */
static void plan_refresh(struct desired_set *set, uint64_t since_ns)
{
    if (set->refresh_ns == DEADLINE_NEVER && set->lease_ns != 0)
        set->refresh_ns = since_ns + set->lease_ns * REFRESH_LATEST / REFRESH_PARTS;
}

void schedule_unsettled(struct desired_set *set)
{
    if (!set->refresh && set->since_ns != 0)
        plan_refresh(set, set->since_ns);
}

void schedule_settled(struct desired_set *set, uint64_t flown_ns)
{
    if (set->again && desired_repairs(set) != NULL) {
        set->repairs->waiting = true;
        set->again = false;
    }
    if (!set->unplanned || set->refresh)
        return;
    set->unplanned = false;
    plan_refresh(set, set->since_ns != 0 ? set->since_ns : flown_ns);
    if (set->failed == 0) {
        set->looked = false;
        set->backoff_ns = 0;
    } else {
        set->backoff_ns = schedule_longer(set->backoff_ns);
        set->retry_ns = clock_boot_ns() + set->backoff_ns;
    }
}

static uint64_t shortest_lease(const struct desired_sets *sets)
{
    uint64_t shortest_ns = DEADLINE_NEVER;

    for (const struct desired_set *s = sets->first; s != NULL; s = s->next)
        if (s->lease_ns != 0 && s->lease_ns < shortest_ns)
            shortest_ns = s->lease_ns;
    return shortest_ns;
}

static bool any_refresh_due(const struct desired_sets *sets, uint64_t now_ns)
{
    for (const struct desired_set *s = sets->first; s != NULL; s = s->next)
        if (s->refresh_ns <= now_ns)
            return true;
    return false;
}

/* What cannot wait for the next batch either. */
static void refresh_due(const struct desired_sets *sets, uint64_t now_ns)
{
    uint64_t before_next_ns = now_ns + shortest_lease(sets) * REFRESH_LATEST / REFRESH_PARTS;

    for (struct desired_set *s = sets->first; s != NULL; s = s->next)
        if (s->refresh_ns != DEADLINE_NEVER && s->refresh_ns <= before_next_ns) {
            schedule_refresh(s);
            s->on_time = true;
        }
}

static uint64_t early_of(const struct desired_set *set)
{
    return set->refresh_ns != DEADLINE_NEVER
               ? set->refresh_ns - set->lease_ns * REFRESH_EARLY / REFRESH_PARTS
               : DEADLINE_NEVER;
}

uint64_t schedule_early(const struct desired_sets *sets)
{
    uint64_t early_ns = DEADLINE_NEVER;

    (void)schedule_plan(sets, &early_ns);
    return early_ns;
}

uint64_t schedule_patience(const struct desired_sets *sets)
{
    return shortest_lease(sets) * (REFRESH_LATEST - REFRESH_EARLY) / REFRESH_PARTS;
}

void schedule_due_early(const struct desired_sets *sets, uint64_t now_ns)
{
    if (schedule_early(sets) <= now_ns)
        refresh_due(sets, now_ns);
}

void schedule_due(const struct desired_sets *sets, uint64_t now_ns)
{
    if (any_refresh_due(sets, now_ns))
        refresh_due(sets, now_ns);
    for (struct desired_set *s = sets->first; s != NULL; s = s->next) {
        if (s->retry_ns <= now_ns)
            schedule_attempt(s);
        repairs_tell(s->repairs, s->owner, now_ns);
        if (s->repairs != NULL && s->repairs->waiting)
            schedule_repair(s, now_ns);
    }
}

uint64_t schedule_plan(const struct desired_sets *sets, uint64_t *early_ns)
{
    uint64_t next_ns = DEADLINE_NEVER;

    *early_ns = DEADLINE_NEVER;
    for (const struct desired_set *s = sets->first; s != NULL; s = s->next) {
        uint64_t from_ns = early_of(s);
        uint64_t repair_ns = repairs_due_ns(s->repairs);

        *early_ns = from_ns < *early_ns ? from_ns : *early_ns;
        next_ns = s->refresh_ns < next_ns ? s->refresh_ns : next_ns;
        next_ns = s->retry_ns < next_ns ? s->retry_ns : next_ns;
        next_ns = repair_ns < next_ns ? repair_ns : next_ns;
    }
    return next_ns;
}

uint64_t schedule_next(const struct desired_sets *sets)
{
    uint64_t early_ns;

    return schedule_plan(sets, &early_ns);
}
