/* What will go wrong: planned from the seed before the run, so that faults can be left out one by
 * one without changing the others. */
#include "tests/sim/sim.h"

#include <stdlib.h>

static const char *const names[FAULT_KINDS_ALL] = {
    [FAULT_KILL] = "kill",
    [FAULT_POWER] = "power off",
    [FAULT_STOP] = "graceful stop",
    [FAULT_PAUSE] = "pause",
    [FAULT_SLOW] = "slow node",
    [FAULT_LINK] = "link down",
    [FAULT_SOURCE] = "one family without source",
    [FAULT_CHECK] = "check fails",
    [FAULT_DRAIN] = "drain",
    [FAULT_PRIORITY] = "priority",
    [FAULT_INTERVAL] = "interval",
    [FAULT_CLOCK] = "clock jump",
    [FAULT_SPLIT] = "split",
    [FAULT_ONE_WAY] = "one way",
    [FAULT_DEAF] = "deaf",
    [FAULT_LOSS] = "loss",
    [FAULT_SILENT] = "announcements lost",
    [FAULT_ECHO] = "duplicates and reordering",
    [FAULT_VERSION] = "other version",
    [FAULT_CONFLICT] = "conflict",
    [FAULT_OFFER] = "offer",
    [FAULT_TAKE] = "take",
    [FAULT_MEMBER] = "one instance without interface",
    [FAULT_BLINK] = "a source blinks",
    [FAULT_FORGED] = "forged adverts",
    [FAULT_REPLAY] = "replays",
    [FAULT_WALL] = "clock set",
    [FAULT_PACKET] = "one forged advert",
};

const char *fault_name(enum fault_kind kind)
{
    return names[kind];
}

static int by_time(const void *a, const void *b)
{
    const struct fault *x = a;
    const struct fault *y = b;

    return x->at < y->at ? -1 : x->at > y->at;
}

static uint64_t value_of(const struct world *w, const struct fault *f, struct rng *rng)
{
    switch (f->kind) {
    case FAULT_PRIORITY:
        return 1 + rng_below(rng, 254);
    case FAULT_INTERVAL:
        return (1 + rng_below(rng, 3)) * w->nodes[f->node].params.advert_interval_ns;
    case FAULT_LOSS:
        return 10 + rng_below(rng, 60);
    case FAULT_SOURCE:
        return rng_below(rng, w->family_count);
    case FAULT_SLOW:
        return rng_below(rng, w->nodes[f->node].params.advert_interval_ns);
    case FAULT_CLOCK:
        return w->version == VRRP_V2;
    default:
        return 0;
    }
}

/* From much shorter than an advert interval to minutes. */
static uint64_t duration_of(struct rng *rng, uint64_t interval_ns)
{
    switch (rng_below(rng, 4)) {
    case 0:
        return rng_below(rng, interval_ns * 2) + NS_PER_MS;
    case 1:
        return rng_below(rng, interval_ns * 6) + NS_PER_MS;
    case 2:
        return rng_below(rng, 12 * NS_PER_SEC) + NS_PER_MS;
    default:
        return rng_below(rng, 60 * NS_PER_SEC) + NS_PER_MS;
    }
}

void faults_generate(struct world *w, struct rng *rng)
{
    /* The last third of a run is calm, so that (d) has something to look at. */
    uint64_t span = w->end * 2 / 3;
    bool apart = rng_percent(rng, 60);

    w->fault_count = 1 + rng_below(rng, apart ? 4 : FAULTS_MAX);
    for (size_t i = 0; i < w->fault_count; i++) {
        struct fault *f = &w->faults[i];

        f->kind = (enum fault_kind)rng_below(rng, FAULT_VERSION);
        f->at = apart ? span * i / w->fault_count + rng_below(rng, span / w->fault_count / 4 + 1)
                      : rng_below(rng, span);
        f->node = (uint8_t)rng_below(rng, w->node_count);
        f->other = (uint8_t)rng_below(rng, w->node_count);
        f->set = (uint32_t)rng_next(rng);
        f->duration = duration_of(rng, w->interval_max_ns);
        if (f->at + f->duration > span)
            f->duration = span - f->at;
        f->value = value_of(w, f, rng);
        f->enabled = true;
        /* Wall-clock jumps change nothing at all, so this takes the place of some. */
        if (f->kind == FAULT_CLOCK && f->value != 0)
            f->kind = FAULT_VERSION;
        else if (f->kind == FAULT_CLOCK && f->set % 2 == 0)
            f->kind = FAULT_CONFLICT;
    }
    qsort(w->faults, w->fault_count, sizeof(w->faults[0]), by_time);
    for (size_t i = 0; i < w->fault_count; i++)
        if (w->faults[i].kind == FAULT_INTERVAL && w->faults[i].value > w->interval_max_ns)
            w->interval_max_ns = w->faults[i].value;
}

void faults_replace(struct world *w, struct rng *rng)
{
    bool group = w->family_count > w->instance_families;

    for (size_t i = 0; i < w->fault_count; i++) {
        struct fault *f = &w->faults[i];

        if (f->kind == FAULT_DRAIN && rng_percent(rng, 50)) {
            f->kind = FAULT_OFFER;
        } else if (f->kind == FAULT_CLOCK && rng_percent(rng, 70)) {
            f->kind = FAULT_TAKE;
        } else if (f->kind == FAULT_CLOCK && f->set % 4 == 1) {
            f->kind = FAULT_BLINK;
            f->duration = 1 + f->duration % (ELECTION_SOURCE_DOUBT_NS - NS_PER_MS);
            f->value = f->set / 4 % w->family_count;
        } else if ((f->kind == FAULT_LINK || f->kind == FAULT_SOURCE) && group &&
                   rng_percent(rng, 50)) {
            f->kind = FAULT_MEMBER;
            f->value = rng_below(rng, 2) * w->instance_families;
        }
    }
}

/* By so much that no one is a stranger to another by it, or by up to an hour. */
static uint64_t step_of(const struct world *w, struct rng *rng)
{
    uint32_t window_s = w->signatures->nodes[0].policy.rules.window_s;

    if (rng_percent(rng, 50))
        return rng_below(rng, (window_s - 2) * NS_PER_SEC / 2);
    return rng_below(rng, 3600 * NS_PER_SEC);
}

void faults_attack(struct world *w, struct rng *rng)
{
    for (size_t i = 0; w->seed >= SIM_SIGNED_SEEDS && i < w->fault_count; i++) {
        struct fault *f = &w->faults[i];
        uint64_t draw = rng_below(rng, 100);

        if (w->signatures == NULL) {
            f->kind = draw < 50 ? FAULT_PACKET : f->kind;
        } else if (draw < 40) {
            f->kind = draw < 20 ? FAULT_FORGED : FAULT_REPLAY;
            f->value = 1 + rng_below(rng, w->interval_max_ns);
            f->duration += 4 * w->interval_max_ns;
        } else if (draw < 60) {
            f->kind = FAULT_WALL;
            f->value = step_of(w, rng);
        }
    }
}
