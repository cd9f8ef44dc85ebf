/*
 * What came of a claim. An instance that gets none of its addresses serves nobody: it is held in
 * INIT (HOLD_CANNOT_CLAIM), so that a healthy peer takes over, and tries again after a while that
 * grows from 1 s to 30 s. One that gets some of them stays, and says what is missing.
 */
#ifndef AGENT_INSTANCES_CLAIM_H
#define AGENT_INSTANCES_CLAIM_H

#include "agent/instances/router.h"

/* The outcome of this router's claims goes to its instance from now on. */
void claim_prepare(struct router *router);

/* What was in the way may be gone: tries again at once. */
void claim_retry(struct instance *instance);

/* Frees what it keeps with the instance. */
void claim_free(struct instance *instance);

#endif
