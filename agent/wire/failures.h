/*
 * Failures of one kind are said once: with hundreds of interfaces that lack the same thing (a
 * descriptor, a permission), and a try every few seconds, one line is as good as thousands. The
 * kind is the text, without whose it is. Pure; time is passed in.
 */
#ifndef AGENT_WIRE_FAILURES_H
#define AGENT_WIRE_FAILURES_H

#include "agent/wire/problem.h"
#include "lib/limits.h"

#include <stdbool.h>
#include <stdint.h>

enum { FAILURE_KINDS = 8 };

/* For how long a kind that was said is only counted. */
#define FAILURES_QUIET_NS (600 * NS_PER_SEC)

struct failures {
    struct failure_kind {
        struct wire_problem problem; /* "": free */
        uint64_t said_at;
        unsigned more; /* since then */
    } list[FAILURE_KINDS];
};

/* True: to be said now; *more is how many of its kind were not said since the last one that was. */
bool failures_note(struct failures *failures, const char *text, uint64_t now, unsigned *more);

#endif
