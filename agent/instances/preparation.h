/*
 * before-master: what an instance that has become MASTER waits for until it claims its addresses.
 * The elections say when it begins and when it is over (lib/election/prepare.h), publish/ runs the
 * command and tells its end; this is what lies between: how it went, in words for the log, the
 * history and the status, and when an instance that gave up for it tries again.
 */
#ifndef AGENT_INSTANCES_PREPARATION_H
#define AGENT_INSTANCES_PREPARATION_H

#include "agent/instances/state.h"

/* True for a MASTER that does not claim its addresses yet. */
bool instance_waits(const struct instance *instance);

/* The command is to run now: nothing else is waited for. */
bool instance_may_prepare(const struct instance *instance);

/* Its command as people know it: "promote.sh", "unit: NAME". Returns buffer. */
const char *instance_preparation_name(const struct instance *instance, char *buffer, size_t size);

/* Whether the command has become due, or is not due any more, since this was asked last; then what
 * was before is told. */
bool preparation_changed(struct instance *instance);

/* The command has ended. text: how, for people. Nothing when it was not waited for. */
void instance_prepared(struct instance *instance, bool well, const char *text);

/* What was in the way may be gone: tries again at once. */
void preparation_retry(struct instance *instance);

/* Frees what it keeps with the instance. */
void preparation_free(struct instance *instance);

#endif
