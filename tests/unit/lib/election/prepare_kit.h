/* What the tests of routers share that prepare for their addresses. */
#ifndef TEST_PREPARE_KIT_H
#define TEST_PREPARE_KIT_H

#include "election_kit.h"

#define WAIT_NS (30 * SEC)

static inline struct election_params params_of(uint8_t priority)
{
    struct election_params params = kit_params(priority);

    params.prepare_ns = WAIT_NS;
    return params;
}

static inline struct election_actions prepared(struct election *e, bool well, uint64_t now)
{
    return kit_step(e, (struct election_event){.type = ELECTION_PREPARED, .force = well}, now);
}

/* MASTER in its own right since *now, that prepared well. */
static inline struct election settled(const struct election_params *params, uint64_t *now)
{
    struct election e = kit_master(params, now);

    prepared(&e, true, *now);
    assert_true(e.holding);
    return e;
}

#endif
