/*
 * Desired addresses against observed ones; see reconciler.h. Owner: the agent.
 * A set of desired addresses belongs to a virtual router, which links it in while it is MASTER.
 */
#include "agent/kernel/reconciler.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/kernel/address_batch.h"
#include "agent/kernel/leftovers.h"
#include "agent/kernel/local_route.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    REFRESHES_PER_LEASE = 3,
    TIMER_ACCURACY_US = 1000,
};

#define BACKOFF_MIN_NS (1 * NS_PER_SEC)
#define BACKOFF_MAX_NS (30 * NS_PER_SEC)

struct reconciler {
    struct links *links;
    struct local_route *routes;
    struct desired_set *sets;
    struct address_batch batch;
    sd_event_source *timer;
    sd_event_source *soon;
    uint64_t repairs;
    struct leftovers leftovers;
    uint64_t removal_retry_ns; /* DEADLINE_NEVER: no removal has failed */
    uint64_t removal_backoff_ns;
    uint64_t next_ns; /* when the timer fires */
};

static uint32_t lease_seconds(const struct desired_set *set)
{
    return set->lease_ns == 0 ? UINT32_MAX
                              : (uint32_t)((set->lease_ns + NS_PER_SEC - 1) / NS_PER_SEC);
}

static bool is_ours(const struct reconciler *reconciler, const struct observed_address *address)
{
    return address_batch_is_ours(&reconciler->batch, address);
}

/* Somebody replaced what we had added. */
static bool has_lost_mark(const struct reconciler *reconciler,
                          const struct observed_address *address)
{
    return address->proto != VIPD_IFA_PROTO && is_ours(reconciler, address);
}

/* The first set that wants it, or NULL. */
static struct desired_set *who_wants(const struct reconciler *reconciler, int ifindex,
                                     const struct ip_prefix *prefix)
{
    return desired_find(reconciler->sets, ifindex, prefix);
}

/* The timer goes to the earliest refresh or retry. */
static void arm(struct reconciler *reconciler)
{
    uint64_t next_ns = reconciler->removal_retry_ns;

    for (const struct desired_set *s = reconciler->sets; s != NULL; s = s->next) {
        next_ns = s->refresh_ns < next_ns ? s->refresh_ns : next_ns;
        next_ns = s->retry_ns < next_ns ? s->retry_ns : next_ns;
        next_ns = repairs_due_ns(&s->repairs) < next_ns ? repairs_due_ns(&s->repairs) : next_ns;
    }
    reconciler->next_ns = next_ns;
    if (next_ns == DEADLINE_NEVER) {
        (void)sd_event_source_set_enabled(reconciler->timer, SD_EVENT_OFF);
        return;
    }
    (void)sd_event_source_set_time(reconciler->timer, next_ns / NS_PER_US + 1);
    (void)sd_event_source_set_enabled(reconciler->timer, SD_EVENT_ONESHOT);
}

static uint64_t longer(uint64_t backoff_ns)
{
    if (backoff_ns == 0)
        return BACKOFF_MIN_NS;
    return backoff_ns < BACKOFF_MAX_NS / 2 ? backoff_ns * 2 : BACKOFF_MAX_NS;
}

/* What could not be removed is a leftover from then on: the next run finds it. */
static void plan_removal(struct reconciler *reconciler, int result)
{
    reconciler->removal_backoff_ns = result < 0 ? longer(reconciler->removal_backoff_ns) : 0;
    reconciler->removal_retry_ns =
        result < 0 ? clock_boot_ns() + reconciler->removal_backoff_ns : DEADLINE_NEVER;
}

/* After an attempt: when to try again what failed. */
static void plan_retry(struct desired_set *set, uint64_t now_ns)
{
    if (set->failed == 0) {
        set->retry_ns = DEADLINE_NEVER;
        set->backoff_ns = 0;
        return;
    }
    set->backoff_ns = longer(set->backoff_ns);
    set->retry_ns = now_ns + set->backoff_ns;
}

/* Not there with that prefix length. True when it can be added: somebody else's address of another
 * length is that address all the same, and IPv6 has each with one length only. What is to be taken
 * over makes room for ours. */
static bool can_add(struct reconciler *reconciler, const struct desired_set *set,
                    const struct ip_prefix *prefix)
{
    int ifindex = set->ifindex;
    const struct observed_address *other =
        links_address(reconciler->links, ifindex, &prefix->address);

    if (other == NULL)
        return true;
    bool ours = is_ours(reconciler, other);
    if (!ours && !set->adopt)
        return false;
    if (ours && prefix->address.family == IP_FAMILY_IPV4)
        return true;
    if (who_wants(reconciler, ifindex, &other->prefix) != NULL)
        return false;
    if (!ours)
        log_instance(LOG_NOTICE, set->owner,
                     "the same address with prefix length %u, put there by somebody else, makes "
                     "room (adopt)",
                     other->prefix.length);
    address_batch_remove(&reconciler->batch, other);
    return true;
}

/* After all leases were renewed. */
static void plan(struct desired_set *set, uint64_t now_ns)
{
    set->refresh_ns =
        set->lease_ns == 0 ? DEADLINE_NEVER : now_ns + set->lease_ns / REFRESHES_PER_LEASE;
    plan_retry(set, now_ns);
}

/* One address that is not as it should be. Returns how many have got the mark again (0 or 1). */
static size_t put_right(struct reconciler *reconciler, struct desired_set *set,
                        const struct ip_prefix *prefix, const struct observed_address *there)
{
    struct address_batch *batch = &reconciler->batch;

    if (there == NULL) {
        if (can_add(reconciler, set, prefix))
            address_batch_add(batch, set, set->ifindex, prefix, lease_seconds(set));
    } else if (has_lost_mark(reconciler, there)) {
        address_batch_refresh(batch, set, there, lease_seconds(set));
        return 1;
    } else {
        address_batch_adopt(batch, set, there, lease_seconds(set));
    }
    return 0;
}

/* Puts right what is not as it should be, when that may be now; with `refresh` renews the lease of
 * what is. */
static void put_set(struct reconciler *reconciler, struct desired_set *set, bool refresh,
                    uint64_t now_ns)
{
    bool retry = set->retry_ns <= now_ns;
    size_t unmarked = 0;

    set->failed = 0;
    set->added = 0;
    set->repairs.waiting = false;
    for (size_t i = 0; i < set->count; i++) {
        const struct ip_prefix *prefix = &set->prefixes[i];
        const struct observed_address *there =
            links_prefix(reconciler->links, set->ifindex, prefix);

        if (there == NULL || has_lost_mark(reconciler, there) ||
            (set->adopt && !is_ours(reconciler, there))) {
            if (retry || repairs_may(&set->repairs, now_ns))
                unmarked += put_right(reconciler, set, prefix, there);
        } else if (refresh && is_ours(reconciler, there)) {
            address_batch_refresh(&reconciler->batch, set, there, lease_seconds(set));
        }
    }
    repairs_note(&set->repairs, set->owner, 0, unmarked, now_ns);
}

/* After the batch: what was there before and had to be added again. */
static void note_repairs(struct reconciler *reconciler, struct desired_set *set, uint64_t now_ns)
{
    /* What had been refused was not there before. */
    size_t gone = set->backoff_ns == 0 ? set->added : 0;

    repairs_note(&set->repairs, set->owner, gone, 0, now_ns);
    repairs_tell(&set->repairs, set->owner, now_ns);
    reconciler->repairs += gone;
}

/* Removes what `set` wanted `before`, is ours, and nobody wants any more. The last comes first:
 * secondaries before the primary that they hang on. */
static void remove_unwanted(struct reconciler *reconciler, const struct desired_set *set,
                            const struct desired_set *before)
{
    for (size_t i = before->count; i-- > 0;) {
        const struct ip_prefix *prefix = &before->prefixes[i];
        const struct observed_address *there =
            links_prefix(reconciler->links, before->ifindex, prefix);

        if (there != NULL && !is_ours(reconciler, there))
            continue;
        struct desired_set *heir = who_wants(reconciler, before->ifindex, prefix);
        if (there == NULL && heir == NULL)
            remembered_forget(&reconciler->batch.remembered, before->ifindex, prefix);
        else if (there == NULL)
            continue;
        else if (heir == NULL)
            address_batch_remove(&reconciler->batch, there);
        else if (heir != set && heir->lease_ns != before->lease_ns)
            heir->refresh_ns = 0; /* its lease, at once: ours may end before its next refresh */
    }
}

int reconciler_want(struct reconciler *reconciler, struct desired_set *set, int ifindex,
                    const struct ip_prefix *prefixes, size_t count, uint64_t lease_ns)
{
    const struct desired_set before = *set;
    uint64_t now_ns = clock_boot_ns();
    int r = 0;

    set->ifindex = ifindex;
    set->prefixes = prefixes;
    set->count = count;
    set->lease_ns = lease_ns;
    set->failed = 0;
    set->answering = 0;
    if (count > 0) {
        desired_link(&reconciler->sets, set);
        set->repairs.next_ns = 0;
        put_set(reconciler, set, true, now_ns);
        r = address_batch_flush(&reconciler->batch);
        plan(set, clock_boot_ns());
    } else {
        desired_unlink(&reconciler->sets, set);
        repairs_end(&set->repairs, set->owner, now_ns);
    }
    remove_unwanted(reconciler, set, &before);
    int removal = address_batch_flush(&reconciler->batch);
    if (removal < 0)
        plan_removal(reconciler, removal);
    arm(reconciler);
    return r != 0 ? r : removal;
}

static int remove_leftovers(struct reconciler *reconciler)
{
    struct leftovers *left = &reconciler->leftovers;
    int r =
        leftovers_find(left, reconciler->links, &reconciler->batch.remembered, reconciler->sets);

    if (r < 0) {
        log_msg(LOG_ERR, "out of memory: addresses left over are not removed");
        return r;
    }
    if (left->count > 0)
        log_msg(LOG_NOTICE, "%zu address%s that no instance holds removed", left->count,
                left->count == 1 ? "" : "es");
    for (size_t i = left->count; i-- > 0;)
        address_batch_remove(&reconciler->batch, &left->list[i]);
    return address_batch_flush(&reconciler->batch);
}

/* What could not be removed has gone by itself: should it come back it is somebody else's. */
static bool is_over(void *userdata, int ifindex, const struct ip_prefix *prefix)
{
    const struct reconciler *reconciler = userdata;

    return links_prefix(reconciler->links, ifindex, prefix) == NULL &&
           who_wants(reconciler, ifindex, prefix) == NULL;
}

int reconciler_run(struct reconciler *reconciler)
{
    uint64_t now_ns = clock_boot_ns();
    int r = 0;

    for (struct desired_set *s = reconciler->sets; s != NULL; s = s->next) {
        put_set(reconciler, s, false, now_ns);
        int error = address_batch_flush(&reconciler->batch);

        note_repairs(reconciler, s, now_ns);
        if (s->failed > 0)
            plan_retry(s, now_ns);
        r = r != 0 ? r : error;
    }
    int removal = remove_leftovers(reconciler);
    if (reconciler->removal_backoff_ns != 0)
        remembered_sweep(&reconciler->batch.remembered, is_over, reconciler);
    plan_removal(reconciler, removal);
    arm(reconciler);
    return r != 0 ? r : removal;
}

void reconciler_run_soon(struct reconciler *reconciler)
{
    (void)sd_event_source_set_enabled(reconciler->soon, SD_EVENT_ONESHOT);
}

static int on_soon(sd_event_source *source, void *userdata)
{
    (void)source;
    (void)reconciler_run(userdata);
    return 0;
}

/* Whether a set is served in this turn: it is due, or nearly (then it goes in the same batch). */
static bool is_due(const struct desired_set *set, uint64_t now_ns)
{
    uint64_t nearly_ns = set->lease_ns / (REFRESHES_PER_LEASE * 4);

    return set->retry_ns <= now_ns || repairs_due_ns(&set->repairs) <= now_ns ||
           (set->refresh_ns != DEADLINE_NEVER && set->refresh_ns <= now_ns + nearly_ns);
}

static void serve_due(struct reconciler *reconciler)
{
    uint64_t now_ns = clock_boot_ns();

    for (struct desired_set *s = reconciler->sets; s != NULL; s = s->next) {
        s->served = is_due(s, now_ns);
        if (s->served)
            put_set(reconciler, s, true, now_ns);
    }
    (void)address_batch_flush(&reconciler->batch);
    /* Only now is known what failed. */
    for (struct desired_set *s = reconciler->sets; s != NULL; s = s->next) {
        if (!s->served)
            continue;
        note_repairs(reconciler, s, now_ns);
        plan(s, now_ns);
    }
    if (reconciler->removal_retry_ns <= now_ns)
        (void)reconciler_run(reconciler);
    arm(reconciler);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    serve_due(userdata);
    return 0;
}

void reconciler_fire_due(struct reconciler *reconciler)
{
    if (reconciler->next_ns <= clock_boot_ns())
        serve_due(reconciler);
}

int reconciler_open(sd_event *event, int64_t priority, struct links *links, struct reconciler **out)
{
    struct reconciler *reconciler = calloc(1, sizeof(*reconciler));

    *out = NULL;
    if (reconciler == NULL)
        return -ENOMEM;
    reconciler->links = links;
    reconciler->batch.links = links;
    reconciler->removal_retry_ns = DEADLINE_NEVER;
    reconciler->next_ns = DEADLINE_NEVER;
    int r = rtnl_batch_open(&reconciler->batch.rtnl);
    if (r >= 0)
        r = local_route_open(&reconciler->routes);
    if (r >= 0)
        r = sd_event_add_time(event, &reconciler->timer, CLOCK_BOOTTIME, UINT64_MAX,
                              TIMER_ACCURACY_US, on_timer, reconciler);
    if (r >= 0)
        r = sd_event_source_set_enabled(reconciler->timer, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_source_set_priority(reconciler->timer, priority);
    if (r >= 0)
        r = sd_event_add_defer(event, &reconciler->soon, on_soon, reconciler);
    if (r >= 0)
        r = sd_event_source_set_enabled(reconciler->soon, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_source_set_priority(reconciler->soon, priority);
    if (r < 0) {
        reconciler_close(reconciler);
        return r;
    }
    *out = reconciler;
    return 0;
}

void reconciler_close(struct reconciler *reconciler)
{
    if (reconciler == NULL)
        return;
    sd_event_source_disable_unref(reconciler->timer);
    sd_event_source_disable_unref(reconciler->soon);
    rtnl_batch_close(reconciler->batch.rtnl);
    local_route_close(reconciler->routes);
    leftovers_free(&reconciler->leftovers);
    remembered_free(&reconciler->batch.remembered);
    free(reconciler);
}

bool reconciler_held(const struct reconciler *reconciler, const struct desired_set *set,
                     const struct ip_prefix *prefix)
{
    return links_address(reconciler->links, set->ifindex, &prefix->address) != NULL;
}

bool reconciler_answers(const struct reconciler *reconciler, struct desired_set *set)
{
    for (; set->answering < set->count; set->answering++) {
        const struct ip_address *address = &set->prefixes[set->answering].address;

        if (address->family == IP_FAMILY_IPV6 && !local_route_has(reconciler->routes, address))
            return false;
    }
    return true;
}

enum address_owner reconciler_owner(const struct reconciler *reconciler, int ifindex,
                                    const struct ip_address *address)
{
    const struct observed_address *there = links_address(reconciler->links, ifindex, address);

    if (there == NULL)
        return ADDRESS_NOBODYS;
    return is_ours(reconciler, there) ? ADDRESS_OURS : ADDRESS_OTHERS;
}

uint64_t reconciler_repairs(const struct reconciler *reconciler)
{
    return reconciler->repairs;
}
