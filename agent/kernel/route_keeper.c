/* Flights of routes and rules, and when there has to be one; see route_keeper.h. Owner: the agent.
 */
#include "agent/kernel/route_keeper.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/source.h"
#include "agent/kernel/mending.h"
#include "agent/kernel/route_flight.h"
#include "agent/kernel/route_news.h"
#include "agent/kernel/route_sets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    TIMER_ACCURACY_US = 1000,
    /* Looking takes one part in so many of the time at most: a full table is a long walk. */
    LOOK_SHARE = 200,
};

/* What no notification tells is found so soon. */
#define LOOK_EVERY_NS (5 * NS_PER_SEC)
/* Longer than that to look, and a claim does not wait for it. */
#define LOOK_QUICK_NS (5 * NS_PER_MS)
/* After a change by others what is missing is tried again quickly at first: an address that it
 * needs may follow its link. */
#define RETRY_MIN_NS (100 * NS_PER_MS)
#define RETRY_MAX_NS (30 * NS_PER_SEC)

struct route_keeper {
    struct worker_task task;    /* first: the flight */
    struct route_flight flight; /* the thread's while it is submitted, but for the wishes' sets */

    struct worker *worker;
    struct links *links;
    struct route_sets sets;
    struct netlink_news *news;
    sd_event_source *timer;
    sd_event_source *soon;
    bool dirty;          /* something is wanted, or not any more */
    bool look;           /* the kernel's are to be read, */
    bool mending;        /* for somebody may have changed them; */
    bool mends;          /* the flight is about that */
    bool known;          /* they were, once */
    uint64_t looked_ns;  /* when */
    uint64_t look_ns;    /* not before that; a claim may */
    uint64_t retry_ns;   /* of what was refused; DEADLINE_NEVER: nothing was */
    uint64_t backoff_ns; /* of that */
    uint64_t walk_ns;    /* how long the last look took */
    int removal_error;
    struct mending mended;
    uint64_t repairs;
};

static void later_turn(struct route_keeper *keeper)
{
    (void)source_set_enabled(keeper->soon, SD_EVENT_ONESHOT);
}

static void arm(struct route_keeper *keeper)
{
    uint64_t next_ns = keeper->retry_ns;

    if ((keeper->look || keeper->sets.first != NULL) && keeper->look_ns < next_ns)
        next_ns = keeper->look_ns;
    /* The end of a flight arms it anew. */
    if (next_ns == DEADLINE_NEVER || keeper->task.submitted) {
        (void)source_set_enabled(keeper->timer, SD_EVENT_OFF);
        return;
    }
    (void)source_set_time(keeper->timer, next_ns / NS_PER_US + 1);
    (void)source_set_enabled(keeper->timer, SD_EVENT_ONESHOT);
}

/* ---- A flight's end */

static void note_repairs(struct route_keeper *keeper, size_t repaired)
{
    uint64_t now_ns = clock_boot_ns();

    if (repaired == 0)
        return;
    keeper->repairs += repaired;
    keeper->look_ns = mending_next(&keeper->mended, now_ns);
    if (mending_tell(&keeper->mended, now_ns))
        log_msg(LOG_WARNING, "%zu route%s or rule%s of ours had gone: added again", repaired,
                repaired == 1 ? "" : "s", repaired == 1 ? "" : "s");
}

static void plan(struct route_keeper *keeper, bool failed)
{
    const struct route_flight *flight = &keeper->flight;
    uint64_t now_ns = clock_boot_ns();

    if (flight->look) {
        keeper->known = keeper->known || flight->look_result == 0;
        keeper->walk_ns = flight->look_ns;
        keeper->looked_ns = now_ns;
        uint64_t share_ns = flight->look_ns * LOOK_SHARE;
        uint64_t next_ns = now_ns + (share_ns > LOOK_EVERY_NS ? share_ns : LOOK_EVERY_NS);
        keeper->look_ns = next_ns;
    }
    if (flight->unsure && !flight->look)
        keeper->look = true;
    keeper->removal_error = flight->removal_error;
    failed = failed || flight->removal_error < 0 || flight->look_result < 0;
    keeper->backoff_ns = !failed                                 ? 0
                         : keeper->backoff_ns == 0               ? RETRY_MIN_NS
                         : keeper->backoff_ns < RETRY_MAX_NS / 2 ? keeper->backoff_ns * 2
                                                                 : RETRY_MAX_NS;
    keeper->retry_ns = failed ? now_ns + keeper->backoff_ns : DEADLINE_NEVER;
}

static void land(struct route_keeper *keeper)
{
    struct route_flight *flight = &keeper->flight;
    struct route_outcome outcome = route_sets_take_in(&keeper->sets, flight, keeper->mends);

    if (!keeper->known && flight->removed > 0)
        log_msg(LOG_NOTICE, "%zu route%s or rule%s that no instance holds removed", flight->removed,
                flight->removed == 1 ? "" : "s", flight->removed == 1 ? "" : "s");
    plan(keeper, outcome.failed);
    note_repairs(keeper, outcome.repaired);
    flight->count = 0;
}

/* ---- Its beginning */

static void fly(struct route_keeper *keeper)
{
    struct route_flight *flight = &keeper->flight;

    if (keeper->task.submitted || (!keeper->dirty && !keeper->look))
        return;
    /* What a claim waits for is not to wait for a walk through a full table. */
    flight->look = keeper->look || !keeper->known || keeper->walk_ns <= LOOK_QUICK_NS;
    if (!route_sets_wish(&keeper->sets, flight, keeper->links)) {
        log_msg(LOG_ERR, "out of memory: routes and rules are not compared");
        flight->count = 0;
        keeper->retry_ns = clock_boot_ns() + RETRY_MIN_NS;
        arm(keeper);
        return;
    }
    keeper->dirty = false;
    keeper->look = false;
    keeper->mends = keeper->mending;
    keeper->mending = false;
    if (!worker_submit(keeper->worker, &keeper->task)) {
        keeper->dirty = true;
        keeper->retry_ns = clock_boot_ns() + RETRY_MIN_NS;
        route_sets_ground(&keeper->sets);
        flight->count = 0;
    }
    arm(keeper);
}

static void run(struct worker_task *task)
{
    route_flight_run(&((struct route_keeper *)task)->flight);
}

static void done(struct worker_task *task)
{
    struct route_keeper *keeper = (struct route_keeper *)task;

    land(keeper);
    fly(keeper);
    arm(keeper);
    route_sets_tell(&keeper->sets);
}

static int on_soon(sd_event_source *source, void *userdata)
{
    struct route_keeper *keeper = userdata;

    (void)source;
    route_sets_tell(&keeper->sets);
    return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct route_keeper *keeper = userdata;
    uint64_t now_ns = clock_boot_ns();

    (void)source;
    (void)usec;
    if (keeper->retry_ns <= now_ns) {
        keeper->retry_ns = DEADLINE_NEVER;
        keeper->dirty = true;
    }
    if (keeper->look_ns <= now_ns) {
        keeper->look = true;
        keeper->mending = true;
    }
    fly(keeper);
    arm(keeper);
    return 0;
}

/* ---- What others ask for */

void route_keeper_want(struct route_keeper *keeper, struct route_set *set,
                       const struct route_lists *lists)
{
    bool before = set->linked;
    bool some = lists != NULL && route_sets_concern(set, lists);

    route_sets_disown(&keeper->flight, set);
    set->lists = some ? *lists : (struct route_lists){0};
    set->told = false;
    set->flying = false;
    set->asked = some;
    set->failed = 0;
    if (some)
        route_sets_link_in(&keeper->sets, set);
    else
        route_sets_link_out(&keeper->sets, set);
    if (!some && !before)
        return;
    keeper->dirty = true;
    fly(keeper);
    later_turn(keeper);
}

void route_keeper_expect(struct route_set *set, const struct route_lists *lists)
{
    set->asked = route_sets_concern(set, lists);
}

void route_keeper_rebase(struct route_keeper *keeper, struct route_set *set,
                         const struct route_lists *lists)
{
    if (!set->linked)
        return;
    if (route_sets_equal(&set->lists, lists))
        set->lists = *lists;
    else
        route_keeper_want(keeper, set, lists);
}

void route_keeper_free_set(struct route_set *set)
{
    free(set->verdicts);
    set->verdicts = NULL;
    set->verdict_count = 0;
}

/* Others have changed something, or may have. */
static void look_soon(void *userdata)
{
    struct route_keeper *keeper = userdata;
    uint64_t now_ns = clock_boot_ns();
    uint64_t after_ns = keeper->mended.last_ns + keeper->mended.backoff_ns;

    keeper->mending = true;
    keeper->backoff_ns = 0;
    if (after_ns > now_ns)
        keeper->look_ns = after_ns < keeper->look_ns ? after_ns : keeper->look_ns;
    else if (keeper->walk_ns <= LOOK_QUICK_NS ||
             now_ns - keeper->looked_ns > keeper->walk_ns * LOOK_SHARE)
        keeper->look = true;
    else
        keeper->dirty = true; /* trying to add what is wanted finds what has gone */
    fly(keeper);
    arm(keeper);
}

void route_keeper_run(struct route_keeper *keeper)
{
    if (keeper->known && keeper->sets.first == NULL)
        return;
    look_soon(keeper);
}

int route_keeper_finish(struct route_keeper *keeper, uint64_t limit_ns)
{
    fly(keeper);
    if (!worker_wait(keeper->worker, limit_ns))
        return -ETIMEDOUT;
    return keeper->removal_error;
}

/* ---- Opening, closing, looking */

static int open_sources(sd_event *event, int64_t priority, struct route_keeper *keeper)
{
    int r = source_add_time(event, &keeper->timer, CLOCK_BOOTTIME, UINT64_MAX, TIMER_ACCURACY_US,
                            on_timer, keeper);

    if (r >= 0)
        r = source_set_enabled(keeper->timer, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_source_set_priority(keeper->timer, priority);
    if (r >= 0)
        r = source_add_defer(event, &keeper->soon, on_soon, keeper);
    if (r >= 0)
        r = source_set_enabled(keeper->soon, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_source_set_priority(keeper->soon, priority);
    return r;
}

int route_keeper_open(sd_event *event, int64_t priority, struct links *links, struct worker *worker,
                      struct route_keeper **out)
{
    struct route_keeper *keeper = calloc(1, sizeof(*keeper));

    *out = NULL;
    if (keeper == NULL)
        return -ENOMEM;
    keeper->task = (struct worker_task){.run = run, .done = done};
    keeper->links = links;
    keeper->worker = worker;
    keeper->retry_ns = DEADLINE_NEVER;
    keeper->look_ns = DEADLINE_NEVER;
    int r = route_flight_open(&keeper->flight);
    if (r >= 0)
        r = open_sources(event, priority, keeper);
    if (r >= 0) {
        const struct netlink_listener listener = {.priority = priority,
                                                  .own_port = rtnl_batch_port(keeper->flight.rtnl),
                                                  .on_news = look_soon,
                                                  .userdata = keeper};
        r = route_news_open(event, &listener, &keeper->news);
    }
    if (r < 0) {
        route_keeper_close(keeper);
        return r;
    }
    *out = keeper;
    return 0;
}

void route_keeper_close(struct route_keeper *keeper)
{
    if (keeper == NULL)
        return;
    netlink_news_close(keeper->news);
    sd_event_source_disable_unref(keeper->timer);
    sd_event_source_disable_unref(keeper->soon);
    /* A thread that hangs keeps what it hangs in. */
    if (keeper->task.submitted)
        return;
    route_flight_close(&keeper->flight);
    free(keeper);
}

bool route_keeper_settled(const struct route_set *set)
{
    return !set->asked && (set->told || !set->flying);
}

static struct route_verdict verdict(const struct route_set *set, size_t index)
{
    if (!set->linked || index >= set->verdict_count)
        return (struct route_verdict){0};
    return set->verdicts[index];
}

struct route_verdict route_keeper_route(const struct route_set *set, size_t index)
{
    return verdict(set, index);
}

struct route_verdict route_keeper_rule(const struct route_set *set, size_t index)
{
    return verdict(set, set->lists.route_count + index);
}

uint64_t route_keeper_repairs(const struct route_keeper *keeper)
{
    return keeper->repairs;
}
