/* Results in a row to a verdict, and when to ask for the next one. */
#include "lib/election/check_state.h"

#include <assert.h>

const char *check_verdict_name(enum check_verdict verdict)
{
    switch (verdict) {
    case CHECK_PENDING:
        return "pending";
    case CHECK_PASSING:
        return "passing";
    case CHECK_FAILING:
        return "failing";
    }
    return "?";
}

void check_state_init(struct check_state *state, const struct check_rule *rule, bool meanwhile)
{
    *state = (struct check_state){.verdict = rule->initially, .meanwhile = meanwhile};
    check_state_configure(state, rule);
}

void check_state_configure(struct check_state *state, const struct check_rule *rule)
{
    assert(rule->rise > 0 && rule->fall > 0);
    state->rise = rule->rise;
    state->fall = rule->fall;
}

bool check_state_result(struct check_state *state, bool good)
{
    enum check_verdict said = good ? CHECK_PASSING : CHECK_FAILING;

    if (good)
        state->good_results++;
    else
        state->bad_results++;
    if (state->verdict == said) {
        state->streak = 0;
        return false;
    }
    state->streak++;
    if (state->verdict != CHECK_PENDING && state->streak < (good ? state->rise : state->fall))
        return false;
    state->verdict = said;
    state->streak = 0;
    return true;
}

bool check_state_passes(const struct check_state *state)
{
    return state->verdict == CHECK_PASSING || (state->verdict == CHECK_PENDING && state->meanwhile);
}

/* FNV-1a of the name, and its upper bits folded in: names that differ in their last character would
 * be neighbours otherwise. */
static uint64_t phase_of(const char *name, uint64_t interval_ns)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    hash ^= hash >> 33;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    hash ^= hash >> 33;
    return hash % interval_ns;
}

uint64_t check_next_look(const char *name, uint64_t interval_ns, uint64_t now)
{
    uint64_t phase = phase_of(name, interval_ns);
    uint64_t turn = now < phase ? 0 : (now - phase) / interval_ns + 1;

    return turn * interval_ns + phase;
}
