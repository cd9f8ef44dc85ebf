/*
 * What every verb of vipctl gets, and how it ends.
 *
 * This room has what two families of verbs share, and knows none of them: the client of the control
 * socket, the options of a verb, files of text and of configurations, fields of JSON objects,
 * tables and times for people, JSON for programs. It may use lib. What but one family needs is that
 * family's own.
 */
#ifndef TOOLS_COMMON_CONTEXT_H
#define TOOLS_COMMON_CONTEXT_H

#include <stdbool.h>

/* Exit codes; documented in vipctl(1). */
enum exit_code {
    EXIT_GOOD = 0,
    EXIT_FAILED = 1,        /* asked and refused, or problems found */
    EXIT_USAGE = 2,         /* wrong options, or an unreadable file */
    EXIT_NOT_RUNNING = 3,   /* nobody answers at the control socket */
    EXIT_NOT_PERMITTED = 4, /* the control socket or the agent refuses this user */
    EXIT_PROTOCOL = 5,      /* an answer that makes no sense, or none in time */
    EXIT_NOT_SWITCHED = 6,  /* nobody took over, or it could not be taken */
};

struct context {
    const char *verb; /* as it was called, and what may follow it */
    const char *arguments;
    const char *control_path;
    bool colour; /* stdout is a terminal that wants colours */
    bool silent; /* the client says nothing on stderr: no verb of vipctl, who asked tells it */
};

/* Says on stderr how the verb is used, then `more` (whole lines; NULL: nothing). EXIT_USAGE. */
int context_wrong_usage(const struct context *context, const char *more);

#endif
