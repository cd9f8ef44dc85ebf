/* What a health check counts as, by its results: it changes after `rise` good or `fall` bad ones in
 * a row. No clock and no I/O. */
#ifndef VIP_ELECTION_CHECK_STATE_H
#define VIP_ELECTION_CHECK_STATE_H

#include "lib/config/check.h"

enum check_verdict {
    CHECK_PENDING = 0, /* no result yet */
    CHECK_PASSING,
    CHECK_FAILING,
};

struct check_state {
    enum check_verdict verdict;
    bool meanwhile; /* PENDING: what it counts as */
    unsigned rise;  /* at least 1 */
    unsigned fall;
    unsigned streak; /* results in a row that speak against the verdict */
    uint64_t good_results;
    uint64_t bad_results;
};

/* "pending", "passing", "failing". Static text. */
const char *check_verdict_name(enum check_verdict verdict);

/* meanwhile: whether a pending check counts as passing (one that a reload brought must not disturb
 * a running instance). */
void check_state_init(struct check_state *state, const struct config_check *config, bool meanwhile);

/* Takes over another rise and fall; the verdict stays. */
void check_state_configure(struct check_state *state, const struct config_check *config);

/* One result. True when the verdict changed. A pending check takes its first result at once. */
bool check_state_result(struct check_state *state, bool good);

/* Whether the check does nothing to hold the node back. */
bool check_state_passes(const struct check_state *state);

/* When to look next, after `now`: once in each interval, at a phase that comes of the name. Checks
 * of one interval do not all look in the same moment, and each looks at the same one after every
 * start.
 */
uint64_t check_next_look(const struct config_check *config, uint64_t now);

#endif
