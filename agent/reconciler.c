/*
 * Desired addresses against observed ones; see reconciler.h. Owner: the agent.
 * A set of desired addresses belongs to a virtual router, which links it in while it is MASTER.
 */
#include "agent/reconciler.h"

#include "agent/address_batch.h"
#include "agent/clock.h"
#include "agent/log.h"

#include <assert.h>
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

struct wanted {
    int ifindex;
    struct ip_prefix prefix;
};

struct reconciler {
    struct links *links;
    struct desired_set *sets;
    struct address_batch batch;
    sd_event_source *timer;
    sd_event_source *soon;
    uint64_t repairs;
    struct wanted *wanted; /* scratch of a run, sorted; kept from one to the next */
    size_t wanted_count;
    size_t wanted_room;
    struct observed_address *doomed; /* scratch: what a run removes */
    size_t doomed_count;
    size_t doomed_room;
};

static uint32_t lease_seconds(const struct desired_set *set)
{
    return set->lease_ns == 0 ? UINT32_MAX
                              : (uint32_t)((set->lease_ns + NS_PER_SEC - 1) / NS_PER_SEC);
}

static bool is_ours(const struct observed_address *address)
{
    return address->proto == VIPD_IFA_PROTO;
}

static bool set_has(const struct desired_set *set, int ifindex, const struct ip_prefix *prefix)
{
    if (set->ifindex != ifindex)
        return false;
    for (size_t i = 0; i < set->count; i++)
        if (set->prefixes[i].length == prefix->length &&
            ip_address_equal(&set->prefixes[i].address, &prefix->address))
            return true;
    return false;
}

/* The first set that wants it, or NULL. */
static struct desired_set *who_wants(const struct reconciler *reconciler, int ifindex,
                                     const struct ip_prefix *prefix)
{
    for (struct desired_set *s = reconciler->sets; s != NULL; s = s->next)
        if (set_has(s, ifindex, prefix))
            return s;
    return NULL;
}

static void link_in(struct reconciler *reconciler, struct desired_set *set)
{
    if (set->linked)
        return;
    set->linked = true;
    set->prev = NULL;
    set->next = reconciler->sets;
    if (set->next != NULL)
        set->next->prev = set;
    reconciler->sets = set;
}

static void link_out(struct reconciler *reconciler, struct desired_set *set)
{
    if (!set->linked)
        return;
    set->linked = false;
    if (set->prev != NULL)
        set->prev->next = set->next;
    else
        reconciler->sets = set->next;
    if (set->next != NULL)
        set->next->prev = set->prev;
    set->next = NULL;
    set->prev = NULL;
}

/* The timer goes to the earliest refresh or retry. */
static void arm(struct reconciler *reconciler)
{
    uint64_t next_ns = DEADLINE_NEVER;

    for (const struct desired_set *s = reconciler->sets; s != NULL; s = s->next) {
        next_ns = s->refresh_ns < next_ns ? s->refresh_ns : next_ns;
        next_ns = s->retry_ns < next_ns ? s->retry_ns : next_ns;
    }
    if (next_ns == DEADLINE_NEVER) {
        (void)sd_event_source_set_enabled(reconciler->timer, SD_EVENT_OFF);
        return;
    }
    (void)sd_event_source_set_time(reconciler->timer, next_ns / NS_PER_US + 1);
    (void)sd_event_source_set_enabled(reconciler->timer, SD_EVENT_ONESHOT);
}

/* After an attempt: when to try again what failed. */
static void plan_retry(struct desired_set *set, uint64_t now_ns)
{
    if (set->failed == 0) {
        set->retry_ns = DEADLINE_NEVER;
        set->backoff_ns = 0;
        return;
    }
    set->backoff_ns = set->backoff_ns == 0 ? BACKOFF_MIN_NS : set->backoff_ns * 2;
    set->backoff_ns = set->backoff_ns < BACKOFF_MAX_NS ? set->backoff_ns : BACKOFF_MAX_NS;
    set->retry_ns = now_ns + set->backoff_ns;
}

/* Not there with that prefix length. True when it can be added: somebody else's address of another
 * length is that address all the same, and IPv6 has each with one length only. */
static bool can_add(struct reconciler *reconciler, int ifindex, const struct ip_prefix *prefix)
{
    const struct observed_address *other =
        links_address(reconciler->links, ifindex, &prefix->address);

    if (other == NULL)
        return true;
    if (!is_ours(other))
        return false;
    if (prefix->address.family == IP_FAMILY_IPV4)
        return true;
    if (who_wants(reconciler, ifindex, &other->prefix) != NULL)
        return false;
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

/* Adds what is missing; with `refresh` renews the lease of what is there. */
static void put_set(struct reconciler *reconciler, struct desired_set *set, bool refresh)
{
    uint32_t lease_s = lease_seconds(set);

    set->failed = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct ip_prefix *prefix = &set->prefixes[i];
        const struct observed_address *there =
            links_prefix(reconciler->links, set->ifindex, prefix);

        if (there == NULL) {
            if (can_add(reconciler, set->ifindex, prefix))
                address_batch_add(&reconciler->batch, set, set->ifindex, prefix, lease_s);
        } else if (refresh && is_ours(there)) {
            address_batch_refresh(&reconciler->batch, set, there, lease_s);
        }
    }
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

        if (there == NULL || !is_ours(there))
            continue;
        struct desired_set *heir = who_wants(reconciler, before->ifindex, prefix);
        if (heir == NULL)
            address_batch_remove(&reconciler->batch, there);
        else if (heir != set && heir->lease_ns != before->lease_ns)
            heir->refresh_ns = 0; /* its lease, at once: ours may end before its next refresh */
    }
}

int reconciler_want(struct reconciler *reconciler, struct desired_set *set, int ifindex,
                    const struct ip_prefix *prefixes, size_t count, uint64_t lease_ns)
{
    const struct desired_set before = *set;
    int r = 0;

    set->ifindex = ifindex;
    set->prefixes = prefixes;
    set->count = count;
    set->lease_ns = lease_ns;
    set->failed = 0;
    if (count > 0) {
        link_in(reconciler, set);
        put_set(reconciler, set, true);
        r = address_batch_flush(&reconciler->batch);
        plan(set, clock_boot_ns());
    } else {
        link_out(reconciler, set);
    }
    remove_unwanted(reconciler, set, &before);
    int removal = address_batch_flush(&reconciler->batch);
    arm(reconciler);
    return r != 0 ? r : removal;
}

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *x = a;
    const struct wanted *y = b;

    if (x->ifindex != y->ifindex)
        return x->ifindex < y->ifindex ? -1 : 1;
    if (x->prefix.length != y->prefix.length)
        return x->prefix.length < y->prefix.length ? -1 : 1;
    return ip_address_compare(&x->prefix.address, &y->prefix.address);
}

/* Everything desired, sorted, so that each observed address is looked up once. */
static int collect_wanted(struct reconciler *reconciler)
{
    size_t count = 0;

    for (const struct desired_set *s = reconciler->sets; s != NULL; s = s->next)
        count += s->count;
    if (count > reconciler->wanted_room) {
        struct wanted *room = realloc(reconciler->wanted, count * sizeof(*room));
        if (room == NULL)
            return -ENOMEM;
        reconciler->wanted = room;
        reconciler->wanted_room = count;
    }
    reconciler->wanted_count = 0;
    for (const struct desired_set *s = reconciler->sets; s != NULL; s = s->next)
        for (size_t i = 0; i < s->count; i++)
            reconciler->wanted[reconciler->wanted_count++] =
                (struct wanted){.ifindex = s->ifindex, .prefix = s->prefixes[i]};
    if (count > 0)
        qsort(reconciler->wanted, count, sizeof(*reconciler->wanted), compare_wanted);
    return 0;
}

static bool count_ours(void *userdata, const struct observed_address *address)
{
    size_t *count = userdata;

    *count += is_ours(address) ? 1 : 0;
    return true;
}

static bool collect_one(void *userdata, const struct observed_address *address)
{
    struct reconciler *reconciler = userdata;
    const struct wanted key = {.ifindex = address->ifindex, .prefix = address->prefix};

    if (!is_ours(address))
        return true;
    if (reconciler->wanted_count > 0 && bsearch(&key, reconciler->wanted, reconciler->wanted_count,
                                                sizeof(key), compare_wanted) != NULL)
        return true;
    assert(reconciler->doomed_count < reconciler->doomed_room);
    reconciler->doomed[reconciler->doomed_count++] = *address;
    return true;
}

static int collect_doomed(struct reconciler *reconciler)
{
    size_t count = 0;

    links_each_address(reconciler->links, 0, count_ours, &count);
    if (count > reconciler->doomed_room) {
        struct observed_address *room = realloc(reconciler->doomed, count * sizeof(*room));
        if (room == NULL)
            return -ENOMEM;
        reconciler->doomed = room;
        reconciler->doomed_room = count;
    }
    reconciler->doomed_count = 0;
    links_each_address(reconciler->links, 0, collect_one, reconciler);
    return 0;
}

static int remove_doomed(struct reconciler *reconciler)
{
    int r = collect_wanted(reconciler);

    if (r == 0)
        r = collect_doomed(reconciler);
    if (r < 0) {
        log_msg(LOG_ERR, "out of memory: addresses left over are not removed");
        return r;
    }
    if (reconciler->doomed_count > 0)
        log_msg(LOG_NOTICE, "%zu address%s that no instance holds removed",
                reconciler->doomed_count, reconciler->doomed_count == 1 ? "" : "es");
    for (size_t i = reconciler->doomed_count; i-- > 0;)
        address_batch_remove(&reconciler->batch, &reconciler->doomed[i]);
    return address_batch_flush(&reconciler->batch);
}

int reconciler_run(struct reconciler *reconciler)
{
    uint64_t now_ns = clock_boot_ns();
    int r = 0;

    for (struct desired_set *s = reconciler->sets; s != NULL; s = s->next) {
        reconciler->batch.added = 0;
        put_set(reconciler, s, false);
        int error = address_batch_flush(&reconciler->batch);
        size_t added = reconciler->batch.added;

        if (added > 0)
            log_instance(LOG_WARNING, s->owner, "%zu address%s had gone: added again", added,
                         added == 1 ? "" : "es");
        if (s->failed > 0)
            plan_retry(s, now_ns);
        reconciler->repairs += added;
        r = r != 0 ? r : error;
    }
    int removal = remove_doomed(reconciler);
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

    return set->retry_ns <= now_ns ||
           (set->refresh_ns != DEADLINE_NEVER && set->refresh_ns <= now_ns + nearly_ns);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct reconciler *reconciler = userdata;
    uint64_t now_ns = clock_boot_ns();

    (void)source;
    (void)usec;
    for (struct desired_set *s = reconciler->sets; s != NULL; s = s->next)
        if (is_due(s, now_ns))
            put_set(reconciler, s, true);
    (void)address_batch_flush(&reconciler->batch);
    /* Only now is known what failed. */
    for (struct desired_set *s = reconciler->sets; s != NULL; s = s->next)
        if (is_due(s, now_ns))
            plan(s, now_ns);
    arm(reconciler);
    return 0;
}

int reconciler_open(sd_event *event, int64_t priority, struct links *links, struct reconciler **out)
{
    struct reconciler *reconciler = calloc(1, sizeof(*reconciler));

    *out = NULL;
    if (reconciler == NULL)
        return -ENOMEM;
    reconciler->links = links;
    reconciler->batch.links = links;
    int r = rtnl_batch_open(&reconciler->batch.rtnl);
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
    free(reconciler->wanted);
    free(reconciler->doomed);
    free(reconciler);
}

bool reconciler_held(const struct reconciler *reconciler, const struct desired_set *set,
                     const struct ip_prefix *prefix)
{
    return links_address(reconciler->links, set->ifindex, &prefix->address) != NULL;
}

uint64_t reconciler_repairs(const struct reconciler *reconciler)
{
    return reconciler->repairs;
}
