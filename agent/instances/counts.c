/* Counts of an instance, and their way to its successor; see counts.h. */
#include "agent/instances/counts.h"

#include "agent/base/clock.h"
#include "agent/instances/state.h"
#include "agent/kernel/reconciler.h"

#include <stdlib.h>
#include <string.h>

/* What a place among the few can have; beyond it the large table counts. */
#define REASON_TIMES_MAX 0xffffffu

const struct instance_deeds *instance_deeds(const struct instance *instance)
{
    static const struct instance_deeds none = {0};

    return instance->counts.deeds != NULL ? instance->counts.deeds : &none;
}

/* To be added to. NULL: out of memory, and not counted. */
static struct instance_deeds *deeds_of(struct instance *instance)
{
    if (instance->counts.deeds == NULL)
        instance->counts.deeds = calloc(1, sizeof(*instance->counts.deeds));
    return instance->counts.deeds;
}

void instance_counts_free(struct instance *instance)
{
    free(instance->counts.transitions.more);
    free(instance->counts.deeds);
    instance->counts = (struct instance_counts){0};
}

/* Those that the few places have no room for. */
static void count_more(struct reason_counts *counts, enum reason reason, uint32_t times)
{
    if (counts->more == NULL)
        counts->more = calloc(REASONS, sizeof(*counts->more));
    if (counts->more != NULL)
        counts->more[reason] += times;
}

/* Out of memory: the fifth reason and those after it are not counted. */
static void count_reason(struct reason_counts *counts, enum reason reason, uint32_t times)
{
    if (times == 0)
        return;
    for (size_t i = 0; i < REASON_COUNTS_FEW; i++) {
        bool free_place = counts->few[i].times == 0;

        if (!free_place && counts->few[i].reason != (uint32_t)reason)
            continue;
        if (times > REASON_TIMES_MAX - counts->few[i].times)
            break;
        counts->few[i].reason = (uint32_t)reason & 0xff;
        counts->few[i].times = (counts->few[i].times + times) & REASON_TIMES_MAX;
        return;
    }
    count_more(counts, reason, times);
}

void instance_transitions(const struct instance *instance, uint32_t out[REASONS])
{
    const struct reason_counts *counts = &instance->counts.transitions;

    for (size_t i = 0; i < REASONS; i++)
        out[i] = counts->more != NULL ? counts->more[i] : 0;
    for (size_t i = 0; i < REASON_COUNTS_FEW; i++)
        out[counts->few[i].reason] += counts->few[i].times;
}

/* All that it wants is there. */
static bool is_claimed(const struct instance *instance)
{
    for (size_t i = 0; i < instance->router_count; i++) {
        const struct desired_set *set = &instance->routers[i].desired;

        if (!set->linked || !reconciler_settled(set) || set->failed > 0)
            return false;
    }
    return true;
}

void instance_count_claimed(struct instance *instance)
{
    struct instance_counts *counts = &instance->counts;

    if (counts->gap_from_ns == 0 || !is_claimed(instance))
        return;
    struct instance_deeds *deeds = deeds_of(instance);
    if (deeds != NULL)
        takeover_gap_add(&deeds->gaps, clock_boot_ns() - counts->gap_from_ns);
    counts->gap_from_ns = 0;
}

void instance_count_transition(struct instance *instance, const struct transition *last)
{
    struct instance_counts *counts = &instance->counts;

    count_reason(&counts->transitions, last->reason, 1);
    counts->gap_from_ns = 0;
    /* Where the old one is alive it answers until it hears of us: there is no gap to count. */
    if (last->to == VRRP_MASTER && last->reason == REASON_NO_RESPONSE &&
        last->evidence.silence_ns != 0)
        counts->gap_from_ns = clock_boot_ns() - last->evidence.silence_ns;
    instance_count_claimed(instance);
}

void instance_count_hook(struct instance *instance, enum hook hook, bool good)
{
    struct instance_deeds *deeds = deeds_of(instance);

    if (deeds == NULL)
        return;
    deeds->hook_runs[hook]++;
    deeds->hook_failures[hook] += good ? 0 : 1;
}

static size_t family_index(const struct router *router)
{
    return router->family == IP_FAMILY_IPV6 ? 1 : 0;
}

static uint64_t sum(const uint64_t *counters)
{
    uint64_t total = 0;

    for (size_t i = 0; counters != NULL && i < PACKET_VERDICTS; i++)
        total += counters[i];
    return total;
}

void instance_bequeath(const struct instance *instance, struct instance_legacy *out)
{
    *out = (struct instance_legacy){.deeds = *instance_deeds(instance)};
    instance_transitions(instance, out->transitions);
    for (size_t i = 0; i < instance->router_count; i++) {
        const struct router *router = &instance->routers[i];
        const uint64_t *shared = segment_counters(&router->client);
        size_t f = family_index(router);

        out->families[f].counters = router_election(router)->counters;
        out->families[f].tally = packet_tally_read(router->tally);
        for (size_t v = 0; v < PACKET_VERDICTS; v++)
            out->families[f].shared[v] = shared != NULL ? shared[v] : 0;
    }
}

static void add_counters(struct election_counters *counters, const struct election_counters *more)
{
    counters->master_transitions += more->master_transitions;
    counters->advertisement_rcvd += more->advertisement_rcvd;
    counters->advertisement_sent += more->advertisement_sent;
    counters->priority_zero_pkts_rcvd += more->priority_zero_pkts_rcvd;
    counters->priority_zero_pkts_sent += more->priority_zero_pkts_sent;
    counters->losing_adverts_rcvd += more->losing_adverts_rcvd;
    counters->answers_suppressed += more->answers_suppressed;
    counters->stray_priority_zero += more->stray_priority_zero;
    counters->oversleeps += more->oversleeps;
}

static void inherit_router(struct router *router, const struct instance_legacy *legacy)
{
    const uint64_t *shared = segment_counters(&router->client);
    size_t f = family_index(router);
    /* The segment counts on where others have kept it open. */
    bool anew = sum(shared) < sum(legacy->families[f].shared);

    add_counters(&router_election(router)->counters, &legacy->families[f].counters);
    struct packet_tally more = legacy->families[f].tally;
    for (size_t v = PACKET_OK + 1; anew && v < PACKET_VERDICTS; v++)
        more.by_verdict[v] += legacy->families[f].shared[v];
    packet_tally_add(&router->tally, &more);
}

static void inherit_deeds(struct instance *instance, const struct instance_deeds *legacy)
{
    static const struct instance_deeds none = {0};

    if (memcmp(legacy, &none, sizeof(none)) == 0)
        return;
    struct instance_deeds *deeds = deeds_of(instance);
    if (deeds == NULL)
        return;
    for (size_t i = 0; i < HOOKS; i++) {
        deeds->hook_runs[i] += legacy->hook_runs[i];
        deeds->hook_failures[i] += legacy->hook_failures[i];
    }
    takeover_gap_add_all(&deeds->gaps, &legacy->gaps);
}

void instance_inherit(struct instance *instance, const struct instance_legacy *legacy)
{
    for (size_t i = 0; i < REASONS; i++)
        count_reason(&instance->counts.transitions, (enum reason)i, legacy->transitions[i]);
    inherit_deeds(instance, &legacy->deeds);
    for (size_t i = 0; i < instance->router_count; i++)
        inherit_router(&instance->routers[i], legacy);
}
