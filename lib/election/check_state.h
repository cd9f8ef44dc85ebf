/* What a health check counts as, by its results, and when it looks next. No clock and no I/O. */
#ifndef VIP_ELECTION_CHECK_STATE_H
#define VIP_ELECTION_CHECK_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum check_verdict {
    CHECK_PENDING = 0, /* no result yet: a node that starts waits; the first one counts at once */
    CHECK_PASSING,
    CHECK_FAILING,
};

/* How results become a verdict. */
struct check_rule {
    enum check_verdict initially; /* until the first results are in */
    unsigned rise;                /* good results in a row that change it, at least 1 */
    unsigned fall;                /* bad ones */
};

struct check_state {
    enum check_verdict verdict;
    bool meanwhile; /* PENDING: what it counts as */
    unsigned rise;
    unsigned fall;
    unsigned streak; /* results in a row that speak against the verdict */
    uint64_t good_results;
    uint64_t bad_results;
};

/* "pending", "passing", "failing". Static text. */
const char *check_verdict_name(enum check_verdict verdict);

/* meanwhile: whether a pending check counts as passing (one that a reload brought must not disturb
 * a running instance). */
void check_state_init(struct check_state *state, const struct check_rule *rule, bool meanwhile);

/* Takes over another rise and fall; the verdict stays. */
void check_state_configure(struct check_state *state, const struct check_rule *rule);

/* One result. True when the verdict changed. A pending check takes its first result at once. */
bool check_state_result(struct check_state *state, bool good);

/* Whether the check does nothing to hold the node back. */
bool check_state_passes(const struct check_state *state);

/* When the check of that name looks next, after `now`: once in each interval, at a phase that comes
 * of the name. Checks of one interval do not all look in the same moment, and each looks at the
 * same one after every start.
 */
uint64_t check_next_look(const char *name, uint64_t interval_ns, uint64_t now);

#endif
