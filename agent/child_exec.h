/* The other side of the fork; for child.c only. */
#ifndef AGENT_CHILD_EXEC_H
#define AGENT_CHILD_EXEC_H

#include "agent/check_child.h"
#include "agent/child.h"

/* Who the program runs as. All zero: as we do. */
struct child_identity {
    const char *name;
    int error; /* negative errno: there is no such user */
    struct check_child_user user;
};

/* Before the fork: another thread may hold a lock of the user database just then. name: borrowed,
 * NULL or empty for ourselves. */
void child_identify(const char *name, struct child_identity *out);

/* In the new process: becomes the program, with its output going to `output`. Never returns. */
_Noreturn void child_exec(const struct child_spec *spec, const struct child_identity *identity,
                          int output);

#endif
