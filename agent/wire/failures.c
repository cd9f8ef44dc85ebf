/* Counts what was said already; see failures.h. */
#include "agent/wire/failures.h"

#include <stdio.h>
#include <string.h>

/* The kind's place; of a new one a free place, or that of the one said longest ago. */
static struct failure_kind *find(struct failures *failures, const char *text)
{
    struct failure_kind *oldest = &failures->list[0];

    for (size_t i = 0; i < FAILURE_KINDS; i++) {
        struct failure_kind *kind = &failures->list[i];

        if (strcmp(kind->problem.text, text) == 0)
            return kind;
        if (kind->problem.text[0] == '\0' || kind->said_at < oldest->said_at)
            oldest = kind;
    }
    *oldest = (struct failure_kind){0};
    return oldest;
}

bool failures_note(struct failures *failures, const char *text, uint64_t now, unsigned *more)
{
    struct wire_problem problem;

    snprintf(problem.text, sizeof(problem.text), "%s", text);
    struct failure_kind *kind = find(failures, problem.text);
    *more = kind->more;
    if (kind->problem.text[0] != '\0' && now - kind->said_at < FAILURES_QUIET_NS) {
        kind->more++;
        return false;
    }
    *kind = (struct failure_kind){.problem = problem, .said_at = now};
    return true;
}
