/*
 * Flights to the kernel, one after the other, and when there has to be one; see reconciler.h. What
 * goes into a flight is difference.h's to say, what came of it outcome.h's. Owner: the agent.
 */
#include "agent/kernel/reconciler.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/source.h"
#include "agent/kernel/address_write.h"
#include "agent/kernel/difference.h"
#include "agent/kernel/outcome.h"
#include "agent/kernel/reconciler_state.h"
#include "agent/kernel/schedule.h"
#include "agent/kernel/slices.h"

#include <errno.h>
#include <stdlib.h>

static void later_turn(struct reconciler *reconciler)
{
    (void)source_set_enabled(reconciler->soon, SD_EVENT_ONESHOT);
}

/* The deadline goes to the earliest refresh or retry. */
static void arm(struct reconciler *reconciler)
{
    uint64_t next_ns = schedule_plan(&reconciler->sets, &reconciler->early_ns);

    if (reconciler->removal_retry_ns < next_ns)
        next_ns = reconciler->removal_retry_ns;
    /* A renewal that nobody has asked about by then. */
    if (reconciler->task.submitted && reconciler->quiet && reconciler->quiet_until_ns < next_ns)
        next_ns = reconciler->quiet_until_ns;
    reconciler->next_ns = next_ns;
    reconciler->due = false;
    deadline_set(reconciler->deadlines, &reconciler->deadline, next_ns);
}

/* ---- A flight's end */

static void settle(struct reconciler *reconciler, struct desired_set *set)
{
    /* What had been refused was not there before. */
    size_t gone = set->repairing && set->backoff_ns == 0 ? set->added : 0;

    if (gone + set->unmarked > 0)
        repairs_note(desired_repairs(set), set->owner, gone, set->unmarked, clock_boot_ns());
    reconciler->repairs += gone;
    set->added = 0;
    set->unmarked = 0;
    set->repairing = false;
    schedule_settled(set, reconciler->flown_ns);
    reconciler_note_loss(reconciler, set);
}

static void settle_all(struct reconciler *reconciler)
{
    for (struct desired_set *s = reconciler->sets.first; s != NULL; s = s->next)
        if (desired_settled(s))
            settle(reconciler, s);
        else
            schedule_unsettled(s);
}

/* What could not be removed is a leftover from then on: the next sweep finds it. */
static void plan_removal(struct reconciler *reconciler, int error)
{
    reconciler->removal_error = error;
    reconciler->removal_backoff_ns =
        error < 0 ? schedule_longer(reconciler->removal_backoff_ns) : 0;
    reconciler->removal_retry_ns =
        error < 0 ? clock_boot_ns() + reconciler->removal_backoff_ns : DEADLINE_NEVER;
}

/* ---- Its beginning */

/* What could not be removed has gone by itself: should it come back it is somebody else's. */
static bool is_over(void *userdata, int ifindex, const struct ip_prefix *prefix)
{
    const struct reconciler *reconciler = userdata;

    return links_prefix(reconciler->links, ifindex, prefix) == NULL &&
           desired_who(reconciler->links, &reconciler->sets, ifindex, prefix) == NULL;
}

/* What nobody wants, as far as there is room. */
static void sweep(struct reconciler *reconciler)
{
    struct leftovers *left = &reconciler->leftovers;

    if (reconciler->removal_backoff_ns != 0)
        remembered_sweep(&reconciler->remembered, is_over, reconciler);
    if (leftovers_find(left, reconciler->links, &reconciler->remembered, &reconciler->sets) < 0) {
        log_msg(LOG_ERR, "out of memory: addresses left over are not removed");
        plan_removal(reconciler, -ENOMEM);
        reconciler->sweep = false;
        return;
    }
    if (reconciler->predecessors && left->count > 0)
        log_msg(LOG_NOTICE, "%zu address%s that no instance holds removed", left->count,
                left->count == 1 ? "" : "es");
    reconciler->predecessors = false;
    reconciler->sweep = !difference_remove(&reconciler->batch, left) ||
                        !difference_lower(&reconciler->batch, &reconciler->sets);
    reconciler->swept = !reconciler->sweep;
    if (reconciler->swept && reconciler->batch.count == 0)
        plan_removal(reconciler, 0);
}

static void land(struct reconciler *reconciler)
{
    struct outcome outcome = outcome_conclude(&reconciler->batch, reconciler->links,
                                              &reconciler->remembered, &reconciler->sets);

    address_batch_clear(&reconciler->batch);
    links_watch_changes(reconciler->links, 0, NULL, NULL);
    reconciler->sweep = reconciler->sweep || outcome.unwanted;
    /* What else went well says nothing of what could not be removed. */
    if (outcome.removal_error < 0 || reconciler->swept)
        plan_removal(reconciler, outcome.removal_error);
    if (outcome.unexpected)
        links_read_addresses(reconciler->links);
}

static void on_change(void *userdata, const struct observed_address *address)
{
    struct reconciler *reconciler = userdata;

    address_batch_dispute(&reconciler->batch, address);
}

/* For what is there already he waits no less. */
static bool somebody_waits(const struct address_batch *batch)
{
    for (unsigned i = 0; i < batch->count; i++)
        if (batch->owners[i] != NULL && desired_awaited(batch->owners[i]) > 0)
            return true;
    return false;
}

/* One flight at a time; what is left when it is back makes the next one, at once. */
static void fly(struct reconciler *reconciler)
{
    struct address_batch *batch = &reconciler->batch;

    if (reconciler->task.submitted) {
        worker_hurry(reconciler->worker);
        return;
    }
    bequests_serve(&reconciler->bequests, &reconciler->sets);
    reconciler->flown_ns = clock_boot_ns();
    address_batch_begin(batch, reconciler->flown_ns);
    bool all = difference_add(batch, &reconciler->sets);
    reconciler->quiet = all && batch->count == 0 && !reconciler->sweep;
    bool renews_all = difference_refresh(batch, &reconciler->sets);
    reconciler->quiet = reconciler->quiet && !somebody_waits(batch);
    reconciler->swept = false;
    if (all && reconciler->sweep)
        sweep(reconciler);
    reconciler->task.unhurried = reconciler->quiet && renews_all;
    batch->losses = links_losses(reconciler->links);
    if (batch->unheard > 0)
        links_watch_changes(reconciler->links, rtnl_batch_sequence(reconciler->rtnl), on_change,
                            reconciler);
    if (batch->count > 0 && !worker_submit(reconciler->worker, &reconciler->task)) {
        for (unsigned i = 0; i < batch->count; i++)
            batch->changes[i].result = -EAGAIN;
        land(reconciler);
    }
    if (reconciler->quiet)
        reconciler->quiet_until_ns = reconciler->flown_ns + schedule_patience(&reconciler->sets);
    reconciler->untold = desired_any_untold(&reconciler->sets, reconciler->task.submitted);
    if (reconciler->untold)
        later_turn(reconciler);
}

static void write_it(struct worker_task *task)
{
    struct reconciler *reconciler = (struct reconciler *)task;
    struct address_batch *batch = &reconciler->batch;

    address_write(reconciler->rtnl, batch->changes, batch->count, reconciler->quiet);
    for (unsigned i = 0; i < batch->count; i++)
        task->unhurried = task->unhurried && batch->changes[i].result == 0;
}

/* Marks it. */
static void note_due(struct reconciler *reconciler, uint64_t now_ns)
{
    schedule_due(&reconciler->sets, now_ns);
    if (reconciler->removal_retry_ns > now_ns)
        return;
    reconciler->removal_retry_ns = DEADLINE_NEVER;
    reconciler->sweep = true;
}

/* One flight after the other need not leave the deadline a turn. */
static void written(struct worker_task *task)
{
    struct reconciler *reconciler = (struct reconciler *)task;
    uint64_t now_ns = clock_boot_ns();

    reconciler->progress += reconciler->quiet ? 0 : 1;
    land(reconciler);
    slices_note(&reconciler->sets);
    if (reconciler->next_ns <= now_ns)
        note_due(reconciler, now_ns);
    settle_all(reconciler);
    fly(reconciler);
    arm(reconciler);
    slices_tell(&reconciler->sets);
    if (reconciler->untold)
        desired_tell(&reconciler->sets);
}

/* The view has what the kernel had and it had not. */
static void on_read(void *userdata)
{
    struct reconciler *reconciler = userdata;

    for (struct desired_set *s = reconciler->sets.first; s != NULL; s = s->next)
        s->reading = false;
    fly(reconciler);
    arm(reconciler);
}

/* ---- What others ask for */

/* What has gone by itself before it could be removed. */
static void forget(struct reconciler *reconciler, const struct desired_set *before)
{
    bool lost = false;

    for (size_t i = 0; i < before->count; i++) {
        const struct claimed_address *address = &before->addresses[i];
        int ifindex = desired_ifindex(reconciler->links, before, address);

        lost = lost || ifindex == 0;
        if (is_over(reconciler, ifindex, &address->prefix))
            remembered_forget(&reconciler->remembered, ifindex, &address->prefix);
    }
    /* Of a device that is gone the index is not known any more. */
    if (lost)
        remembered_sweep(&reconciler->remembered, is_over, reconciler);
}

void reconciler_want(struct reconciler *reconciler, struct desired_set *set, int ifindex,
                     const struct claimed_address *addresses, size_t count, uint64_t lease_ns)
{
    const struct desired_set before = *set;

    address_batch_disown(&reconciler->batch, set);
    set->ifindex = ifindex;
    set->addresses = addresses;
    set->elsewhere = claimed_addresses_name_devices(addresses, count);
    set->count = count;
    set->lease_ns = lease_ns;
    set->answering = 0;
    set->added = 0;
    set->unmarked = 0;
    set->repairing = false;
    set->again = false;
    set->reading = false;
    set->looked = false;
    set->backoff_ns = 0;
    set->told = false;
    set->lost = false;
    set->landed = 0;
    set->progressed = false;
    set->shaped = 0;
    schedule_attempt(set);
    schedule_refresh(set);
    repairs_begin(set->repairs);
    if (count > 0) {
        desired_link_in(&reconciler->sets, set);
    } else {
        repairs_end(set->repairs, set->owner, clock_boot_ns());
        desired_link_out(&reconciler->sets, set);
        set->attempt = false;
        set->refresh = false;
    }
    if (before.count > 0) {
        forget(reconciler, &before);
        bequests_note(&reconciler->bequests, &reconciler->sets, &before);
        reconciler->sweep = true;
    }
    fly(reconciler);
    /* That looks at all sets: of thousands that claim together each would, and the flight's end
     * does. */
    if (!reconciler->task.submitted)
        arm(reconciler);
}

void reconciler_run(struct reconciler *reconciler)
{
    uint64_t now_ns = clock_boot_ns();

    reconciler->run = false;
    for (struct desired_set *s = reconciler->sets.first; s != NULL; s = s->next)
        schedule_repair(s, now_ns);
    reconciler->predecessors = reconciler->predecessors || !reconciler->sweep;
    reconciler->sweep = true;
    fly(reconciler);
    arm(reconciler);
}

void reconciler_run_soon(struct reconciler *reconciler)
{
    reconciler->run = true;
    later_turn(reconciler);
}

static int on_soon(sd_event_source *source, void *userdata)
{
    struct reconciler *reconciler = userdata;

    (void)source;
    settle_all(reconciler);
    arm(reconciler);
    desired_tell(&reconciler->sets);
    if (reconciler->run)
        reconciler_run(reconciler);
    return 0;
}

/* ---- What is due */

/* Adverts that are due together leave first: see reconciler_go_along(). */
static void on_deadline(void *userdata)
{
    ((struct reconciler *)userdata)->due = true;
}

/* What is on its way looks at what is due when it is back. */
static void serve(struct reconciler *reconciler, bool due, uint64_t now_ns)
{
    if (reconciler->task.submitted) {
        if (due && reconciler->quiet)
            worker_hurry(reconciler->worker);
        return;
    }
    if (due)
        note_due(reconciler, now_ns);
    else if (reconciler->early_ns <= now_ns)
        schedule_due_early(&reconciler->sets, now_ns);
    else
        return;
    fly(reconciler);
    arm(reconciler);
}

void reconciler_fire_due(struct reconciler *reconciler)
{
    (void)worker_wait(reconciler->worker, 0);
    uint64_t now_ns = clock_boot_ns();
    if (reconciler->next_ns <= now_ns)
        serve(reconciler, true, now_ns);
}

void reconciler_go_along(struct reconciler *reconciler)
{
    if (reconciler->task.submitted && reconciler->quiet)
        (void)worker_wait(reconciler->worker, 0);
    serve(reconciler, reconciler->due && !deadlines_behind(reconciler->deadlines), clock_boot_ns());
}

int reconciler_finish(struct reconciler *reconciler, uint64_t limit_ns)
{
    fly(reconciler);
    if (!worker_wait(reconciler->worker, limit_ns))
        return -ETIMEDOUT;
    return reconciler->removal_error;
}

/* ---- Opening and closing */

static int open_sources(sd_event *event, int64_t priority, struct reconciler *reconciler)
{
    int r = deadlines_add(reconciler->deadlines, &reconciler->deadline);

    if (r >= 0)
        r = source_add_defer(event, &reconciler->soon, on_soon, reconciler);
    if (r >= 0)
        r = source_set_enabled(reconciler->soon, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_source_set_priority(reconciler->soon, priority);
    return r;
}

int reconciler_open(sd_event *event, int64_t priority, struct deadlines *deadlines,
                    struct links *links, struct worker *worker, struct reconciler **out)
{
    struct reconciler *reconciler = calloc(1, sizeof(*reconciler));

    *out = NULL;
    if (reconciler == NULL)
        return -ENOMEM;
    reconciler->task = (struct worker_task){.run = write_it, .done = written};
    reconciler->deadline = (struct deadline){.fn = on_deadline, .userdata = reconciler};
    reconciler->deadlines = deadlines;
    reconciler->worker = worker;
    reconciler->links = links;
    reconciler->batch.links = links;
    reconciler->batch.remembered = &reconciler->remembered;
    reconciler->removal_retry_ns = DEADLINE_NEVER;
    reconciler->next_ns = DEADLINE_NEVER;
    reconciler->early_ns = DEADLINE_NEVER;
    int r = rtnl_batch_open(&reconciler->rtnl);
    /* Where that fails they are heard of, which only costs more. */
    if (r >= 0)
        (void)links_ignore_quiet(links, rtnl_batch_port(reconciler->rtnl));
    if (r >= 0)
        r = local_route_open(&reconciler->routes);
    if (r >= 0)
        r = open_sources(event, priority, reconciler);
    if (r < 0) {
        reconciler_close(reconciler);
        return r;
    }
    links_on_read(links, on_read, reconciler);
    *out = reconciler;
    return 0;
}

void reconciler_close(struct reconciler *reconciler)
{
    if (reconciler == NULL)
        return;
    links_on_read(reconciler->links, NULL, NULL);
    links_watch_changes(reconciler->links, 0, NULL, NULL);
    deadlines_remove(reconciler->deadlines, &reconciler->deadline);
    sd_event_source_disable_unref(reconciler->soon);
    local_route_close(reconciler->routes);
    desired_forget(&reconciler->sets);
    leftovers_free(&reconciler->leftovers);
    remembered_free(&reconciler->remembered);
    /* A thread that hangs keeps what it hangs in. */
    if (reconciler->task.submitted)
        return;
    rtnl_batch_close(reconciler->rtnl);
    free(reconciler);
}
